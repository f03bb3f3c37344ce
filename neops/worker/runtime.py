"""Puts the worker together and walks it from joining the engine to leaving it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager

from neops.blocks import BlockRegistry, JobPorts
from neops.devices import Connector, LoginStatistics, PoolStatistics
from neops.errors import NeopsError
from neops.logs import Redactor
from neops.settings import WorkerSettings, without_userinfo
from neops.worker.backoff import Backoff
from neops.worker.client import EngineClient
from neops.worker.delivery import Delivery
from neops.worker.errors import WorkerForgotten
from neops.worker.events import JobEventStream, JobLogHandler
from neops.worker.execution import JobLimits, JobThread, abort_nothing, tell_nobody
from neops.worker.jobs import RunningJobs
from neops.worker.membership import Membership, join
from neops.worker.meters import Meters, Standing
from neops.worker.outbox import Outbox
from neops.worker.serving import Crew, Service, end, unless
from neops.worker.shutdown import Shutdown
from neops.worker.standing import tell_standing

logger = logging.getLogger(__name__)

LASTED_S = 60.0
"""A registration that the engine forgot sooner is followed by a pause before the next."""


class WorkerRuntime:
    """One worker, from joining an engine to leaving it.

    Runs in any event loop of any thread, several in one process. It installs no signal handlers (`on_signals` does)
    and, while it runs, one handler on the root logger that takes the lines of its own jobs.

    `abort_devices` closes the device sessions that a job is using; `device_statistics` and
    `login_statistics` are what metrics tell about them.
    `job_ended` hears of the end of each job.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        registry: BlockRegistry,
        connector: Connector,
        *,
        redactor: Redactor,
        abort_devices: Callable[[str], object] = abort_nothing,
        job_ended: Callable[[str], object] = tell_nobody,
        device_statistics: Callable[[], PoolStatistics] | None = None,
        login_statistics: Callable[[], LoginStatistics] | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._settings, self._registry, self._redactor = settings, registry, redactor
        self._ports = JobPorts(connector=connector, blocking_threshold_s=settings.blocking_threshold_s)
        self._limits = JobLimits(
            threads=settings.threads_per_job,
            grace_s=settings.cancel_grace_s,
            abort_devices=abort_devices,
            ended=job_ended,
        )
        self._backoff = backoff or Backoff()
        self._device_statistics, self._login_statistics = device_statistics, login_statistics
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
                self.metrics_port = await also_open.enter_async_context(self._operations(crew, settings.metrics_port))
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
                await end(sending)

    def _crew(self, client: EngineClient, outbox: Outbox) -> Crew:
        settings = self._settings
        events = JobEventStream(client, self._redactor)
        delivery = Delivery(
            client,
            outbox,
            places=settings.concurrency,
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
            mask_data=settings.mask_data,
            meters=self._meters,
        )
        return Crew(client=client, events=events, delivery=delivery, jobs=jobs, meters=self._meters)

    async def _work(self, crew: Crew) -> int:
        """Join and serve, again after each time that the engine forgot us."""
        delays = self._backoff.delays()
        while (membership := await unless(self.shutdown.requested(), self._join(crew))) is not None:
            joined_at = time.monotonic()
            try:
                service = Service(crew, membership, self._settings, backoff=self._backoff, grace_s=self._limits.grace_s)
                return await service.run(self.shutdown)
            except WorkerForgotten as forgotten:
                crew.jobs.lose_all("the engine does not know this worker any more")
                await crew.jobs.settle(2 * self._limits.grace_s)
                if not self._settings.register_again:
                    raise
                logger.warning("registering again", extra={"reason": str(forgotten)})
            if time.monotonic() - joined_at > LASTED_S:
                delays = self._backoff.delays()
            else:  # an engine that forgets at once is not to be flooded
                await unless(self.shutdown.requested(), asyncio.sleep(next(delays)))
        return 0

    async def _join(self, crew: Crew) -> Membership:
        membership = await join(crew.client, self._settings, self._registry, self._backoff)
        crew.events.use(membership)
        return membership

    def _operations(self, crew: Crew, port: int) -> AbstractAsyncContextManager[int]:
        from neops.worker.operations import Operations  # a worker that nobody asks carries no web server

        operations = Operations(self._meters, lambda: self._standing(crew))
        return operations.serving(self._settings.metrics_host, port)

    def _standing(self, crew: Crew) -> Standing:
        return Standing(
            slots=self._settings.concurrency,
            jobs=crew.jobs.count,
            undelivered=crew.delivery.waiting,
            ping_every_s=self._settings.heartbeat_interval_s,
            devices=None if self._device_statistics is None else self._device_statistics(),
            logins=None if self._login_statistics is None else self._login_statistics(),
        )


@contextmanager
def _job_logs(events: JobEventStream, redactor: Redactor) -> Iterator[None]:
    handler = JobLogHandler(events, redactor)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
