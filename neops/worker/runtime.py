"""Puts the worker together and walks it from joining the engine to leaving it."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from neops.blocks import BlockRegistry, JobPorts
from neops.devices import Connector, PoolStatistics
from neops.errors import NeopsError
from neops.logs import Redactor
from neops.protocol import Extension, WorkerActionResult
from neops.settings import WorkerSettings, without_userinfo
from neops.worker.backoff import Backoff
from neops.worker.client import EngineClient, Polled
from neops.worker.delivery import Delivery
from neops.worker.errors import WorkerForgotten
from neops.worker.events import JobEventStream, JobLogHandler
from neops.worker.execution import JobLimits, JobThread, abort_nothing
from neops.worker.heartbeat import Heartbeat
from neops.worker.jobs import RunningJobs
from neops.worker.membership import Membership, join, leave
from neops.worker.meters import Meters
from neops.worker.operations import Operations, Standing
from neops.worker.outbox import Outbox
from neops.worker.polling import Poller
from neops.worker.shutdown import Shutdown
from neops.worker.standing import tell_standing

logger = logging.getLogger(__name__)

T = TypeVar("T")

BUSY_PING_S = 3.0
"""While jobs run, pings come this often, because their answers carry the jobs that the engine wants stopped."""

LAST_PUSH_S = 10.0
"""How long a leaving worker tries to hand over its last results; what is left stays on disk."""


class WorkerRuntime:
    """One worker, from joining an engine to leaving it.

    Runs in any event loop of any thread, several in one process. It installs no signal handlers (`on_signals` does)
    and, while it runs, one handler on the root logger that takes the lines of its own jobs.

    `abort_devices` closes the device sessions that a job is using; `device_statistics` is what metrics tell about them.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        registry: BlockRegistry,
        connector: Connector,
        *,
        redactor: Redactor,
        abort_devices: Callable[[str], object] = abort_nothing,
        device_statistics: Callable[[], PoolStatistics] | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._settings, self._registry, self._redactor = settings, registry, redactor
        self._ports = JobPorts(connector=connector, blocking_threshold_s=settings.blocking_threshold_s)
        self._limits = JobLimits(
            threads=settings.threads_per_job, grace_s=settings.cancel_grace_s, abort_devices=abort_devices
        )
        self._backoff = backoff or Backoff()
        self._device_statistics = device_statistics
        self._meters = Meters()
        self._running: Callable[[], Sequence[JobThread]] = tuple
        self.metrics_port: int | None = None
        """Where probes and metrics are served, once they are."""
        self.shutdown = Shutdown()

    def stop(self) -> None:
        """Ask the worker to finish its jobs and leave; asked again, it leaves at once. From any thread."""
        self.shutdown.request()

    def tell_standing(self) -> None:
        """Log where every job stands, with the stacks of its tasks and threads. From any thread; disturbs no job."""
        tell_standing(self._running())

    async def run(self) -> int:
        """Work until stopped. The exit code: 0 after a stop in order, 1 otherwise, with the reason in the log.

        Raises:
            SettingsInvalid: results cannot be kept on disk.
        """
        self.shutdown.bind()
        settings = self._settings
        outbox = Outbox.for_engine(settings.engine_url, settings.state_dir)
        logger.info("the worker starts", extra={"engine": without_userinfo(settings.engine_url)})
        tracing = [self._meters.tracing()]
        async with (
            EngineClient.open(settings.engine_url, timeout_s=settings.request_timeout_s, tracing=tracing) as client,
            AsyncExitStack() as also_open,
        ):
            crew = self._crew(client, outbox)
            self._running = crew.jobs.running
            if settings.metrics_port is not None:
                operations = Operations(self._meters, lambda: self._standing(crew))
                serving = operations.serving(settings.metrics_host, settings.metrics_port)
                self.metrics_port = await also_open.enter_async_context(serving)
            sending = asyncio.create_task(crew.events.run())
            try:
                with _job_logs(crew.events, self._redactor):
                    return await self._work(crew)
            except NeopsError as error:
                logger.critical("the worker cannot go on", extra={"reason": str(error)})
                return 1
            finally:
                await crew.jobs.close()
                await crew.delivery.close()
                await _end(sending)

    def _crew(self, client: EngineClient, outbox: Outbox) -> _Crew:
        settings = self._settings
        events = JobEventStream(client)
        delivery = Delivery(
            client,
            outbox,
            push_timeout_s=settings.push_timeout_s,
            backoff=self._backoff,
            before_push=events.flush,
        )
        jobs = RunningJobs(
            self._registry,
            self._ports,
            self._limits,
            size=settings.concurrency,
            events=events,
            delivery=delivery,
            redactor=self._redactor,
            meters=self._meters,
        )
        return _Crew(client=client, events=events, delivery=delivery, jobs=jobs)

    async def _work(self, crew: _Crew) -> int:
        """Join and serve, again after each time that the engine forgot us."""
        joining = join(crew.client, self._settings, self._registry, self._backoff)
        while (membership := await _unless(self.shutdown.requested(), joining)) is not None:
            crew.events.use(membership)
            await _unless(self.shutdown.requested(), crew.delivery.deliver_kept())
            try:
                return await self._serve(crew, membership)
            except WorkerForgotten as forgotten:
                crew.jobs.cancel_all("the engine does not know this worker any more")
                await crew.jobs.settle(2 * self._limits.grace_s)
                if not self._settings.register_again:
                    raise
                logger.warning("registering again", extra={"reason": str(forgotten)})
            joining = join(crew.client, self._settings, self._registry, self._backoff)
        return 0

    async def _serve(self, crew: _Crew, membership: Membership) -> int:
        """Ping, poll and run jobs until somebody asks for the end; then drain and leave.

        Raises:
            WorkerForgotten: the engine does not know the worker any more.
        """

        def pinged(answer: WorkerActionResult) -> None:
            crew.jobs.cancel(answer.cancel or (), "cancelled by the engine")
            crew.delivery.engine_answered()

        def take(polled: Polled) -> None:
            crew.jobs.start(polled, membership)
            heartbeat.nudge()

        def interval_s() -> float:
            busy = crew.jobs.count and membership.has(Extension.CANCEL)
            return min(self._settings.heartbeat_interval_s, BUSY_PING_S if busy else math.inf)

        heartbeat = Heartbeat(crew.client, membership.worker_id, interval_s=interval_s, on_answer=pinged)
        poller = Poller(
            crew.client,
            membership,
            self._settings,
            free_places=crew.jobs.free_places,
            on_jobs=take,
            on_refusal=heartbeat.nudge,
            backoff=self._backoff,
        )
        duties = [asyncio.create_task(heartbeat.run()), asyncio.create_task(poller.run())]
        try:
            with self._meters.serving():
                await _unless(self.shutdown.requested(), _first_to_fail(duties))
            logger.info("the worker stops", extra={"running_jobs": crew.jobs.count})
            drained = await _unless(self.shutdown.insisted(), self._drain(crew, poller))
        finally:
            await _end(*duties)
        if drained is None:
            logger.warning("the worker leaves at once", extra={"running_jobs": crew.jobs.count})
            return 1
        if not drained:
            logger.warning("not all results were delivered; they stay on disk for the next start")
        await leave(crew.client, membership.worker_id)
        return 0

    def _standing(self, crew: _Crew) -> Standing:
        return Standing(
            slots=self._settings.concurrency,
            jobs=crew.jobs.count,
            undelivered=crew.delivery.waiting,
            ping_every_s=self._settings.heartbeat_interval_s,
            devices=None if self._device_statistics is None else self._device_statistics(),
        )

    async def _drain(self, crew: _Crew, poller: Poller) -> bool:
        """End the jobs, politely first; True when every result is with the engine."""
        await poller.stop()
        if not await crew.jobs.settle(self._settings.shutdown_timeout_s):
            crew.jobs.cancel_all("the worker was shut down")
            await crew.jobs.settle(2 * self._limits.grace_s)
        return await crew.delivery.settle(LAST_PUSH_S)


@dataclass(frozen=True, kw_only=True)
class _Crew:
    """What lives from the worker's start to its end, whatever the engine forgets."""

    client: EngineClient
    events: JobEventStream
    delivery: Delivery
    jobs: RunningJobs


@contextmanager
def _job_logs(events: JobEventStream, redactor: Redactor) -> Iterator[None]:
    handler = JobLogHandler(events, redactor)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


async def _unless(stop: Coroutine[Any, Any, None], work: Coroutine[Any, Any, T]) -> T | None:
    """Do the work, or drop it and give None when the stop comes first."""
    stopping, working = asyncio.create_task(stop), asyncio.create_task(work)
    try:
        await asyncio.wait({stopping, working}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        await _end(stopping, working)


async def _first_to_fail(duties: Iterable[asyncio.Task[None]]) -> None:
    """Duties have no end of their own: the first that ends says why."""
    done, _ = await asyncio.wait(duties, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


async def _end(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
