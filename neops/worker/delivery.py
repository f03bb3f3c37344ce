"""Brings results to the engine, in their order, however long that takes."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from neops.concurrency import Deadline
from neops.protocol import HeldJob, JobExecutionResult, JobResult, JobResultStatus
from neops.worker.backoff import Backoff, pause
from neops.worker.client import EngineClient
from neops.worker.errors import EngineFailed, EngineRefused, EngineUnavailable
from neops.worker.outbox import Kept, Outbox

logger = logging.getLogger(__name__)

ENOUGH = 4
"""A worker with this many waiting results for each of its places takes no more jobs."""


@dataclass(order=True)
class _Parcel:
    """A result on its way; `number` is its place in the order. The engine failed over it until `limit`, if it did."""

    number: int
    kept: Kept = field(compare=False)
    delays: Iterator[float] = field(compare=False)
    said: bool = field(compare=False, default=False)
    limit: Deadline | None = field(compare=False, default=None)


class Delivery:
    """Pushes results, `places` at a time, in the order in which they were given.

    While the engine is away all of them wait, for as long as that takes. One that the engine itself cannot take (500,
    401, 403) lets the others pass, is tried again for `push_timeout_s`, and then stays on disk for the next start.
    `before_push` runs before each first try, to send what the job said before its result.
    """

    def __init__(
        self,
        client: EngineClient,
        outbox: Outbox,
        *,
        places: int,
        push_timeout_s: float,
        backoff: Backoff,
        before_push: Callable[[], Awaitable[object]],
    ) -> None:
        self._client, self._outbox, self._backoff = client, outbox, backoff
        self._places, self._push_timeout_s, self._before_push = places, push_timeout_s, before_push
        self._numbers, self._left = itertools.count(), 0
        self._queue: list[_Parcel] = []
        self._waiting: dict[Path, _Parcel] = {}
        self._resting: dict[Path, asyncio.TimerHandle] = {}
        self._lanes: set[asyncio.Task[None]] = set()
        self._outage = backoff.delays()
        self._answered, self._fewer = asyncio.Event(), asyncio.Event()
        self._kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._kept.set_result(None)

    @property
    def waiting(self) -> int:
        """Results that the engine has not taken, as far as this worker is trying."""
        return len(self._waiting)

    def held(self) -> list[HeldJob]:
        """The jobs of these results, to list in a ping: their leases must not end on the way."""
        return [parcel.kept.job for parcel in self._waiting.values()]

    async def deliver(self, result: JobResult) -> None:
        """Returns once the result is safe on disk; it travels in the background."""
        earlier, self._kept = self._kept, asyncio.get_running_loop().create_future()
        kept_now, number = self._kept, next(self._numbers)
        try:
            kept = await asyncio.to_thread(self._outbox.keep, result)
            await asyncio.wait({earlier})  # disks finish in any order
            self._send(self._parcel(kept, number))
        finally:
            kept_now.set_result(None)

    async def deliver_kept(self) -> None:
        """Push what an earlier worker left; returns when the engine has had each of it."""
        await asyncio.to_thread(self._outbox.tidy)
        for kept in await asyncio.to_thread(self._outbox.waiting):
            if kept.path not in self._waiting:
                logger.info("delivering a result of an earlier run", extra={"job": kept.job_id})
                self._send(self._parcel(kept, next(self._numbers)))
        while self.waiting > len(self._resting):
            await self._change()

    def engine_answered(self) -> None:
        """Try again at once: the engine is back."""
        self._answered.set()

    async def room(self) -> None:
        """Wait while so much is waiting that more would be reckless."""
        while self.waiting >= ENOUGH * self._places:
            await self._change()

    async def settle(self, timeout_s: float) -> bool:
        """Wait until no result is on the way. False when the time was too short, or one was left on disk."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._waiting:
                    await self._change()
        return not self._waiting and not self._left

    async def close(self) -> None:
        """Stop pushing; what was not taken stays on disk."""
        for timer in self._resting.values():
            timer.cancel()
        lanes = list(self._lanes)
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)

    def _parcel(self, kept: Kept, number: int) -> _Parcel:
        return _Parcel(number=number, kept=kept, delays=self._backoff.delays())

    def _send(self, parcel: _Parcel) -> None:
        self._resting.pop(parcel.kept.path, None)
        self._waiting[parcel.kept.path] = parcel
        heapq.heappush(self._queue, parcel)
        if len(self._lanes) < self._places:
            lane = asyncio.create_task(self._work())
            self._lanes.add(lane)
            lane.add_done_callback(self._lane_ended)

    def _lane_ended(self, lane: asyncio.Task[None]) -> None:
        self._lanes.discard(lane)  # one that was cancelled before it began
        if not lane.cancelled() and (error := lane.exception()) is not None:
            logger.critical("results cannot be delivered", exc_info=error)

    async def _work(self) -> None:
        try:
            while self._queue:
                await self._bring(heapq.heappop(self._queue))
        finally:  # at once: a result that came before the loop calls back would count on this lane
            self._lanes -= {asyncio.current_task()}

    async def _bring(self, parcel: _Parcel) -> None:
        try:
            await self._push(parcel)
        except (EngineFailed, EngineRefused) as error:
            await self._not_taken(parcel, error)
        except EngineUnavailable as error:
            heapq.heappush(self._queue, parcel)
            await self._pause(parcel, error)
        else:
            self._outage = self._backoff.delays()
            self._done(parcel)

    async def _push(self, parcel: _Parcel) -> None:
        if not parcel.said:
            await self._before_push()
            parcel.said = True
        with suppress(FileNotFoundError):  # a worker that shares the outbox was quicker
            body = parcel.kept.body
            await self._client.push(await asyncio.to_thread(parcel.kept.read) if body is None else body)

    async def _pause(self, parcel: _Parcel, error: EngineUnavailable) -> None:
        delay_s = next(self._outage)
        fields = {"job": parcel.kept.job_id, "reason": str(error), "again_in_s": round(delay_s, 1)}
        logger.warning("results wait for the engine", extra=fields | {"results": self.waiting})
        await pause(delay_s, until=self._answered)

    async def _not_taken(self, parcel: _Parcel, error: EngineFailed | EngineRefused) -> None:
        fields = {"job": parcel.kept.job_id, "reason": str(error)}
        if isinstance(error, EngineFailed) or error.status in (401, 403):
            self._rest(parcel, fields)
        elif error.status == 409:
            logger.warning("the engine has another result for a job; ours is dropped", extra=fields)
            self._done(parcel)
        else:
            await self._refused(parcel, error, fields)

    def _rest(self, parcel: _Parcel, fields: dict[str, str]) -> None:
        parcel.limit = parcel.limit or Deadline.after(self._push_timeout_s)
        delay_s = next(parcel.delays)
        if parcel.limit.remaining() < delay_s:
            logger.error("the engine cannot take a result; it stays on disk for the next start", extra=fields)
            self._left += 1
            self._leave(parcel)
            return
        logger.warning("the engine cannot take a result", extra=fields | {"again_in_s": round(delay_s, 1)})
        self._resting[parcel.kept.path] = asyncio.get_running_loop().call_later(delay_s, self._send, parcel)
        self._changed()

    async def _refused(self, parcel: _Parcel, error: EngineRefused, fields: dict[str, str]) -> None:
        """Keep the result for people, and end the job all the same, or it stays leased for as long as we live."""
        if parcel.kept.substitute:
            logger.error("the engine refuses also to hear that a job failed", extra=fields)
            self._done(parcel)
            return
        aside = await asyncio.to_thread(self._outbox.set_aside, parcel.kept.path)
        await asyncio.to_thread(self._outbox.tidy)
        logger.error("the engine refuses a result", extra=fields | {"kept_in": str(aside)})
        if error.status == 404:  # it does not know the job
            self._leave(parcel)
            return
        instead = _substitute(parcel.kept.job, error)
        kept = await asyncio.to_thread(lambda: self._outbox.keep(instead, substitute=True))
        self._send(self._parcel(kept, parcel.number))

    def _done(self, parcel: _Parcel) -> None:
        self._outbox.drop(parcel.kept)
        self._leave(parcel)

    def _leave(self, parcel: _Parcel) -> None:
        del self._waiting[parcel.kept.path]
        self._changed()

    def _changed(self) -> None:
        self._fewer.set()
        self._fewer = asyncio.Event()

    async def _change(self) -> None:
        await self._fewer.wait()


def _substitute(job: HeldJob, error: EngineRefused) -> JobResult:
    return JobResult(
        job_execution_id=job.job_id,
        status=JobResultStatus.FAILED,
        result=JobExecutionResult(success=False, message=f"the job ended, but its result was refused: {error}"),
        lease_token=job.lease_token,
    )
