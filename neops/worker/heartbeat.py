"""Tells the engine that the worker lives, whatever its jobs are doing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from neops.errors import NeopsError
from neops.protocol import WorkerActionResult
from neops.worker.client import EngineClient
from neops.worker.errors import WorkerForgotten

logger = logging.getLogger(__name__)

PING_TIMEOUT_S = 10.0
"""A ping that is not answered by then is given up, to be in time with the next."""


class Heartbeat:
    """Pings at once, then every `interval_s()` seconds, and whenever it is nudged.

    Jobs have threads and event loops of their own, so that a job that blocks does not delay a ping.
    """

    def __init__(
        self,
        client: EngineClient,
        worker_id: str,
        *,
        interval_s: Callable[[], float],
        on_answer: Callable[[WorkerActionResult], None],
    ) -> None:
        self._client, self._worker_id, self._interval_s = client, worker_id, interval_s
        self._on_answer = on_answer
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
        try:
            self._on_answer(await self._client.ping(self._worker_id, timeout_s=PING_TIMEOUT_S))
        except WorkerForgotten:
            raise
        except NeopsError as error:
            logger.warning("a ping failed", extra={"worker": self._worker_id, "reason": str(error)})
