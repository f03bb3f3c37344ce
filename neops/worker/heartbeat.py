"""Tells the engine that the worker lives, and which jobs it holds, whatever those are doing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from neops.errors import NeopsError
from neops.protocol import HeldJob, Ping, WorkerActionResult
from neops.worker.client import EngineClient
from neops.worker.errors import WorkerForgotten

logger = logging.getLogger(__name__)

PING_TIMEOUT_S = 10.0
"""A ping that is not answered by then is given up, to be in time with the next."""


class PingAnswered(Protocol):
    """Hears what the engine answers to a ping that listed these jobs (None: it listed none, in the published way)."""

    def __call__(self, answer: WorkerActionResult, listed: list[HeldJob] | None) -> None: ...


class Heartbeat:
    """Pings at once, then every `interval_s()` seconds, and whenever it is nudged. `held` gives the jobs to list.

    Jobs have threads and event loops of their own, so that a job that blocks does not delay a ping.
    """

    def __init__(
        self,
        client: EngineClient,
        worker_id: str,
        *,
        interval_s: Callable[[], float],
        held: Callable[[], list[HeldJob] | None],
        on_answer: PingAnswered,
    ) -> None:
        self._client, self._worker_id, self._interval_s = client, worker_id, interval_s
        self._held, self._on_answer = held, on_answer
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        """Ping now: jobs have just arrived, and their first lease is short."""
        self._nudged.set()

    async def run(self) -> None:
        """Ping until cancelled.

        Raises:
            WorkerForgotten: the engine does not know the worker any more.
        """
        while True:
            self._nudged.clear()
            await self._ping()
            try:
                async with asyncio.timeout(self._interval_s()):
                    await self._nudged.wait()
            except TimeoutError:
                continue

    async def _ping(self) -> None:
        listed = self._held()
        ping = None if listed is None else Ping(jobs=listed)
        try:
            answer = await self._client.ping(self._worker_id, ping, timeout_s=PING_TIMEOUT_S)
        except WorkerForgotten:
            raise
        except NeopsError as error:
            logger.warning("a ping failed", extra={"worker": self._worker_id, "reason": str(error)})
        else:
            self._on_answer(answer, listed)
