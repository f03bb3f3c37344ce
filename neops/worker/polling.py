"""Asks for as many jobs as there are free places, again at once while there is work."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from neops.concurrency import Clock
from neops.errors import NeopsError
from neops.protocol import Extension, JobPoll
from neops.settings import WorkerSettings
from neops.worker.backoff import Backoff, pause
from neops.worker.client import EngineClient, Polled
from neops.worker.errors import EngineRefused
from neops.worker.membership import Membership

logger = logging.getLogger(__name__)

EARLY_S = 1.0
"""The pause after a held poll that came back early and empty: an engine that stops or restarts may do so once."""


class Poller:
    """Polls until stopped. `free_places` waits until a job may start and says how many may.

    A refused poll (`on_refusal`) may mean that the engine forgot the worker: only a ping tells.

    An engine that holds polls is asked again at once; another one, or one that says so and does not, every
    `poll_interval_s` while it has no work.
    """

    def __init__(
        self,
        client: EngineClient,
        membership: Membership,
        settings: WorkerSettings,
        *,
        free_places: Callable[[], Awaitable[int]],
        on_jobs: Callable[[Polled], None],
        on_refusal: Callable[[], None],
        backoff: Backoff,
        clock: Clock = time.monotonic,
    ) -> None:
        self._client, self._membership, self._settings = client, membership, settings
        self._free_places, self._on_jobs, self._on_refusal = free_places, on_jobs, on_refusal
        self._backoff, self._clock = backoff, clock
        self._delays = backoff.delays()
        self._wait_s = settings.held_poll_s if membership.has(Extension.HELD_POLL) else None
        self._task: asyncio.Task[None] | None = None
        self._asking = self._stopping = self._early = self._away = False
        self._back = asyncio.Event()

    async def run(self) -> None:
        """Poll until `stop`, or until cancelled."""
        self._task = asyncio.current_task()
        while not self._stopping:
            pause_s = await self._ask(await self._free_places())
            if pause_s and not self._stopping:
                await pause(pause_s, until=self._back if self._away else None)

    def engine_answered(self) -> None:
        """Ask at once if the engine was away: it is back."""
        self._back.set()

    async def stop(self) -> None:
        """Ask no more. A held poll is dropped: the engine leases nothing to a connection that is gone.

        A poll that is not held is waited for, because what its answer brings is ours already.
        """
        self._stopping = True
        if self._task is None:
            return
        if self._wait_s or not self._asking:
            self._task.cancel()
        await asyncio.wait({self._task})

    async def _ask(self, free: int) -> float:
        """One poll; the pause in seconds until the next."""
        asked_at, self._asking = self._clock(), True
        try:
            polled = await self._client.poll(self._question(free))
        except NeopsError as error:
            return self._failed(error)
        finally:
            self._asking = False
        self._delays, self._away = self._backoff.delays(), False
        if polled.jobs:
            self._on_jobs(polled)
            return 0
        return self._pause_s(held_s=self._clock() - asked_at)

    def _pause_s(self, *, held_s: float) -> float:
        """How long to wait after an empty answer that took so long."""
        interval_s = self._settings.poll_interval_s
        if not self._wait_s:
            return interval_s
        again, self._early = self._early, held_s < self._wait_s / 2
        if not self._early:
            return 0
        return interval_s if again else min(EARLY_S, interval_s)

    def _question(self, free: int) -> JobPoll:
        return JobPoll(
            function_block_ids=list(self._membership.offers),
            worker_id=self._membership.worker_id,
            limit=free,
            wait_seconds=self._wait_s,
        )

    def _failed(self, error: NeopsError) -> float:
        pause_s = next(self._delays)
        refused = isinstance(error, EngineRefused)
        self._away = not refused
        fields = {"reason": str(error), "again_in_s": round(pause_s, 1)}
        logger.log(logging.ERROR if refused else logging.WARNING, "a poll failed", extra=fields)
        if refused:
            self._on_refusal()
        return pause_s
