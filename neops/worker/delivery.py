"""Brings results to the engine, however long that takes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from neops.concurrency import Deadline
from neops.protocol import JobResult
from neops.worker.backoff import Backoff
from neops.worker.client import EngineClient
from neops.worker.errors import EngineRefused, EngineUnavailable
from neops.worker.outbox import Kept, Outbox

logger = logging.getLogger(__name__)

AT_ONCE = 8
"""Results on their way at the same time."""


class Delivery:
    """Pushes each result until the engine took it, for `push_timeout_s` in a row.

    Then the result rests on disk: it is tried again when the engine answers (`engine_answered`), and after a restart.
    `before_push` runs before each first try, to send what the job said before its result.
    """

    def __init__(
        self,
        client: EngineClient,
        outbox: Outbox,
        *,
        push_timeout_s: float,
        backoff: Backoff,
        before_push: Callable[[], Awaitable[object]],
    ) -> None:
        self._client, self._outbox, self._backoff = client, outbox, backoff
        self._push_timeout_s, self._before_push = push_timeout_s, before_push
        self._on_the_way: dict[Path, asyncio.Task[None]] = {}
        self._resting: list[Kept] = []
        self._places = asyncio.Semaphore(AT_ONCE)

    @property
    def waiting(self) -> int:
        """Results that the engine has not taken: on the way, or resting on disk."""
        return len(self._on_the_way) + len(self._resting)

    async def deliver(self, result: JobResult) -> None:
        """Returns once the result is safe on disk; it travels in the background."""
        self._send(await asyncio.to_thread(self._outbox.keep, result))

    async def deliver_kept(self) -> None:
        """Push what an earlier worker left; returns when all of it was taken or rests."""
        known = self._on_the_way.keys() | {kept.path for kept in self._resting}
        for kept in await asyncio.to_thread(self._outbox.waiting):
            if kept.path not in known:
                logger.info("delivering a result of an earlier run", extra={"job": kept.job_id})
                self._send(kept)
        await self.settle(self._push_timeout_s)

    def engine_answered(self) -> None:
        """Try again what rests: the engine is back."""
        resting, self._resting = self._resting, []
        for kept in resting:
            self._send(kept)

    async def settle(self, timeout_s: float) -> bool:
        """Wait until nothing is on the way. False when the time was too short or a result rests on disk."""
        if self._on_the_way:
            await asyncio.wait(self._on_the_way.values(), timeout=timeout_s)
        return not self._on_the_way and not self._resting

    async def close(self) -> None:
        """Stop pushing; what was not taken stays on disk."""
        tasks = list(self._on_the_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _send(self, kept: Kept) -> None:
        def ended(task: asyncio.Task[None]) -> None:
            self._on_the_way.pop(kept.path, None)
            if not task.cancelled() and (error := task.exception()) is not None:
                logger.critical("a result cannot be delivered", exc_info=error, extra={"job": kept.job_id})

        task = self._on_the_way[kept.path] = asyncio.create_task(self._push(kept))
        task.add_done_callback(ended)

    async def _push(self, kept: Kept) -> None:
        async with self._places:
            await self._before_push()
            try:
                body = await asyncio.to_thread(kept.read)
            except FileNotFoundError:  # a worker that shares the outbox was quicker
                return
            limit = Deadline.after(self._push_timeout_s)
            for delay in self._backoff.delays():
                if await self._try(kept, body):
                    return
                if limit.remaining() < delay:
                    break
                await asyncio.sleep(delay)
        logger.error("a result could not be delivered and stays on disk", extra={"job": kept.job_id})
        self._resting.append(kept)

    async def _try(self, kept: Kept, body: bytes) -> bool:
        """Whether the matter is closed."""
        fields = {"job": kept.job_id}
        try:
            await self._client.push(body)
        except EngineUnavailable as error:
            logger.warning("a result waits for the engine", extra=fields | {"reason": str(error)})
            return False
        except EngineRefused as error:
            if error.status != 409:
                aside = self._outbox.set_aside(kept)
                reason = {"reason": str(error), "kept_in": str(aside)}
                logger.error("the engine refuses a result", extra=fields | reason)
                return True
            logger.warning("the engine has another result for a job; ours is dropped", extra=fields)
        self._outbox.drop(kept)
        return True
