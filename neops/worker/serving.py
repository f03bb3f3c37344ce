"""One membership: from the first ping to leaving, or to being forgotten."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from neops.protocol import Extension, HeldJob, WorkerActionResult
from neops.settings import WorkerSettings
from neops.worker.backoff import Backoff
from neops.worker.cancelling import CancelChannel
from neops.worker.client import EngineClient, Polled
from neops.worker.delivery import Delivery
from neops.worker.events import JobEventStream
from neops.worker.heartbeat import Heartbeat
from neops.worker.jobs import RunningJobs
from neops.worker.membership import Membership, leave
from neops.worker.meters import Meters
from neops.worker.polling import Poller
from neops.worker.shutdown import Shutdown

logger = logging.getLogger(__name__)

T = TypeVar("T")

BUSY_PING_S = 3.0
"""While jobs run, an engine that holds no question about cancellations is pinged this often: its answers carry them."""

CONFIRM_S = 1.0
"""The next ping when one failed that should have confirmed jobs: their first lease is short."""

GATHER_S = 0.005
"""How long a busy worker waits for other places to become free, to ask for several jobs at once."""

LAST_PUSH_S = 10.0
"""How long a leaving worker tries to hand over its last results; what is left stays on disk."""


@dataclass(frozen=True, kw_only=True)
class Crew:
    """What lives from the worker's start to its end, whatever the engine forgets."""

    client: EngineClient
    events: JobEventStream
    delivery: Delivery
    jobs: RunningJobs
    meters: Meters


class Service:
    """Pings, polls and runs jobs under one registration."""

    def __init__(
        self, crew: Crew, membership: Membership, settings: WorkerSettings, *, backoff: Backoff, grace_s: float
    ) -> None:
        self._crew, self._membership, self._settings, self._grace_s = crew, membership, settings, grace_s
        self._heartbeat = Heartbeat(
            crew.client,
            membership.worker_id,
            interval_s=self._ping_interval_s,
            held=self._held if membership.has(Extension.HELD_JOBS) else _unlisted,
            on_answer=self._pinged,
        )
        self._poller = Poller(
            crew.client,
            membership,
            settings,
            free_places=self._free_places,
            on_jobs=self._take,
            on_refusal=self._heartbeat.nudge,
            backoff=backoff,
        )
        self._cancels = CancelChannel(
            crew.client,
            membership.worker_id,
            busy=crew.jobs.some,
            on_cancel=self._cancel,
            backoff=backoff,
        )

    async def run(self, shutdown: Shutdown) -> int:
        """Serve until somebody asks for the end; then drain and leave. The worker's exit code.

        Raises:
            WorkerForgotten: the engine does not know the worker any more.
        """
        duties = [asyncio.create_task(self._heartbeat.run()), asyncio.create_task(self._poll())]
        if self._membership.has(Extension.HELD_CANCEL):
            duties.append(asyncio.create_task(self._cancels.run()))
        try:
            with self._crew.meters.serving():
                await unless(shutdown.requested(), _first_to_fail(duties))
            logger.info("the worker stops", extra={"running_jobs": self._crew.jobs.count})
            drained = await unless(shutdown.insisted(), self._drain())
        finally:
            await end(*duties)
        if drained is None:
            logger.warning("the worker leaves at once", extra={"running_jobs": self._crew.jobs.count})
            return 1
        if not self._crew.delivery.waiting:  # or the engine would give up jobs whose results the next start brings
            await leave(self._crew.client, self._membership.worker_id)
        return 0 if drained else 1

    async def _poll(self) -> None:
        await self._crew.delivery.deliver_kept()
        await self._poller.run()

    async def _free_places(self) -> int:
        await self._crew.jobs.free_places()
        await self._crew.delivery.room()
        if self._crew.jobs.count:
            await asyncio.sleep(GATHER_S)
        return await self._crew.jobs.free_places()

    def _take(self, polled: Polled) -> None:
        self._crew.jobs.start(polled, self._membership)
        self._heartbeat.nudge()

    def _held(self) -> list[HeldJob]:
        return [*self._crew.jobs.held(), *self._crew.delivery.held()]

    def _pinged(self, answer: WorkerActionResult, listed: list[HeldJob] | None) -> None:
        jobs = self._crew.jobs
        jobs.lose(answer.lost or (), "the engine gave it up: another worker may be at the same device")
        jobs.confirm(listed or ())
        self._cancel(answer.cancel or ())
        self._crew.delivery.engine_answered()
        self._poller.engine_answered()

    def _cancel(self, job_ids: Iterable[str]) -> None:
        self._crew.jobs.cancel(frozenset(job_ids), "cancelled by the engine")

    def _ping_interval_s(self) -> float:
        jobs, has = self._crew.jobs, self._membership.has
        if jobs.unconfirmed:
            return min(self._settings.heartbeat_interval_s, CONFIRM_S)
        asks = jobs.count and has(Extension.CANCEL) and not has(Extension.HELD_CANCEL)
        return min(self._settings.heartbeat_interval_s, BUSY_PING_S if asks else math.inf)

    async def _drain(self) -> bool:
        """End the jobs, politely first; True when all ended by themselves and the engine has every result."""
        await self._poller.stop()
        in_time = await self._crew.jobs.settle(self._settings.shutdown_timeout_s)
        if not in_time:
            logger.warning("jobs are cancelled", extra={"running_jobs": self._crew.jobs.count})
            self._crew.jobs.cancel_all("the worker was shut down")
            await self._crew.jobs.settle(2 * self._grace_s)
        delivered = await self._crew.delivery.settle(min(LAST_PUSH_S, self._settings.push_timeout_s))
        if not delivered:
            logger.warning("not all results were delivered; they stay on disk for the next start")
        return in_time and delivered


def _unlisted() -> None:
    """The engine does not ask which jobs we hold."""


async def unless(stop: Coroutine[Any, Any, None], work: Coroutine[Any, Any, T]) -> T | None:
    """Do the work, or drop it and give None when the stop comes first."""
    stopping, working = asyncio.create_task(stop), asyncio.create_task(work)
    try:
        await asyncio.wait({stopping, working}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        await end(stopping, working)


async def _first_to_fail(duties: Iterable[asyncio.Task[None]]) -> None:
    """Duties have no end of their own: the first that ends says why."""
    done, _ = await asyncio.wait(duties, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they are over."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
