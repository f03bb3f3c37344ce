"""The jobs that this worker holds."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from pydantic import JsonValue, ValidationError

from neops.blocks import BlockOutcome, BlockRegistry, JobPorts
from neops.entities import Device
from neops.logs import Redactor
from neops.protocol import JobDefinition, JobResult, UndecodableJob
from neops.worker.client import Polled
from neops.worker.delivery import Delivery
from neops.worker.events import JobEventStream
from neops.worker.execution import JobLimits, JobThread
from neops.worker.membership import Membership
from neops.worker.meters import Meters
from neops.worker.translation import failed, read_job, redacted, undecodable_result, write_result

logger = logging.getLogger(__name__)


class RunningJobs:
    """Runs leased jobs, `size` at a time, and sees to it that each of them is answered."""

    def __init__(
        self,
        registry: BlockRegistry,
        ports: JobPorts,
        limits: JobLimits,
        *,
        size: int,
        events: JobEventStream,
        delivery: Delivery,
        redactor: Redactor,
        meters: Meters,
    ) -> None:
        self._registry, self._ports, self._limits = registry, ports, limits
        self._size, self._places = size, asyncio.Semaphore(size)
        self._events, self._delivery, self._redactor, self._meters = events, delivery, redactor, meters
        self._tasks: set[asyncio.Task[None]] = set()
        self._threads: dict[str, JobThread] = {}

    @property
    def count(self) -> int:
        """Jobs that run, wait for a place, or are not yet safe on disk."""
        return len(self._tasks)

    def running(self) -> list[JobThread]:
        """The jobs that are here now; from any thread."""
        return list(self._threads.values())

    async def free_places(self) -> int:
        """Wait until another job may start; how many may."""
        while (free := self._size - self.count) < 1:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        return free

    async def settle(self, timeout_s: float | None) -> bool:
        """Wait until no job is left; False when the time was too short."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
        return not self._tasks

    def start(self, polled: Polled, membership: Membership) -> None:
        """Take over what a poll brought; more jobs than places wait for their turn."""
        for job in polled.jobs:
            task = asyncio.create_task(self._handle(job, polled.answered_at, membership))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def cancel(self, job_ids: Iterable[str], reason: str) -> None:
        """Stop these jobs; ids of jobs that are not here are passed over."""
        for job_id in job_ids:
            if (thread := self._threads.get(job_id)) is not None:
                logger.info("stopping a job", extra={"job": job_id, "reason": reason})
                thread.cancel(reason)

    def cancel_all(self, reason: str) -> None:
        """Stop every job."""
        self.cancel(list(self._threads), reason)

    async def close(self) -> None:
        """Let go of what still runs: it is cancelled, and nobody waits for it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.critical("a job could not be answered", exc_info=error)

    async def _handle(self, job: JobDefinition | UndecodableJob, answered_at: datetime, membership: Membership) -> None:
        if isinstance(job, UndecodableJob):
            logger.error("a job cannot be read", extra={"job": job.job_id, "reason": job.problem})
            result = undecodable_result(job)
        else:
            result = self._result(job, await self._run(job, answered_at), membership)
        if result is not None:
            await self._delivery.deliver(result)

    async def _run(self, job: JobDefinition, answered_at: datetime) -> BlockOutcome:
        try:
            block_job = read_job(job, self._registry, answered_at)
        except KeyError:
            logger.error(
                "a job for a block that is not here", extra={"job": job.job_id, "block": job.function_block_id}
            )
            return failed("UnknownBlock", f"this worker has no block {job.function_block_id}")
        self._redactor.learn([_secret_fields(device) for device in job.context.devices])
        ports = replace(self._ports, progress=self._events.progress_of(job))
        thread = JobThread(block_job, ports, self._limits)
        self._threads[job.job_id] = thread
        try:
            async with self._places:
                with self._events.listening(job):
                    return await thread.run()
        finally:
            if self._threads.get(job.job_id) is thread:
                del self._threads[job.job_id]

    def _result(self, job: JobDefinition, outcome: BlockOutcome, membership: Membership) -> JobResult:
        fields: dict[str, object] = {"job": job.job_id, "step": job.step_label, "block": job.function_block_id}
        ending = {"success": outcome.success, "seconds": round(outcome.duration_s, 3), "answer": outcome.message}
        logger.info("a job ended", extra=fields | ending)
        self._meters.job_ended(job.function_block_id, outcome)
        try:
            return write_result(job, redacted(outcome, self._redactor), membership)
        except ValidationError as error:
            return write_result(job, failed("BadResult", f"the result cannot be sent: {error}"), membership)


def _secret_fields(device: Device) -> JsonValue:
    options = device.connection_options
    try:
        extras = json.loads(options.reveal()) if options else None
    except ValueError:  # whoever connects says so
        extras = None
    return {"password": device.password, "connection_options": extras}
