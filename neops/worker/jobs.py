"""The jobs that this worker holds."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TypeVar

from pydantic import JsonValue, ValidationError

from neops.blocks import BlockOutcome, BlockRegistry, JobPorts
from neops.entities import Device
from neops.logs import Redactor, log_context
from neops.protocol import Extension, HeldJob, JobDefinition, JobResult, UndecodableJob
from neops.worker.client import Polled
from neops.worker.delivery import Delivery
from neops.worker.events import JobEventStream
from neops.worker.execution import JobLimits, JobThread
from neops.worker.line import Line
from neops.worker.membership import Membership
from neops.worker.meters import Meters
from neops.worker.translation import devices_at_hand, failed, read_job, redacted, undecodable_result, write_result

logger = logging.getLogger(__name__)

T = TypeVar("T")


class RunningJobs:
    """Runs leased jobs, `size` at a time and one at a device, and sees to it that each of them is answered."""

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
        mask_data: bool,
        meters: Meters,
    ) -> None:
        self._registry, self._ports, self._limits = registry, ports, limits
        self._size, self._line = size, Line(size)
        self._events, self._delivery, self._meters = events, delivery, meters
        self._redactor, self._mask_data = redactor, mask_data
        self._tasks: dict[asyncio.Task[None], _Leased] = {}
        self._some = asyncio.Event()

    @property
    def count(self) -> int:
        """Jobs that run, wait for their turn, or are not yet safe on disk."""
        return len(self._tasks)

    @property
    def unconfirmed(self) -> bool:
        """Whether a job waits for a ping that lists it."""
        return any(not leased.confirmed.done() for leased in self._tasks.values())

    def running(self) -> list[JobThread]:
        """The jobs, also those that wait for their turn."""
        return [leased.thread for leased in tuple(self._tasks.values()) if leased.thread is not None]

    def held(self) -> list[HeldJob]:
        """What to list in a ping."""
        return [leased.name for leased in self._tasks.values() if leased.name is not None]

    async def free_places(self) -> int:
        """Wait until another job may start; how many may."""
        while (free := self._size - self.count) < 1:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        return free

    async def some(self) -> None:
        """Wait until there is a job."""
        await self._some.wait()

    async def settle(self, timeout_s: float | None) -> bool:
        """Wait until no job is left; False when the time was too short."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
        return not self._tasks

    def start(self, polled: Polled, membership: Membership) -> None:
        """Take over what a poll brought; more jobs than places wait for their turn.

        Where the engine wants to be told (`heldJobs`), a job begins once a ping that listed it was answered.
        """
        self.lose([job.job_id for job in polled.jobs if job.job_id], "the engine has lent it anew")
        for job in polled.jobs:
            leased = self._read(job, polled)
            if not membership.has(Extension.HELD_JOBS):
                leased.confirmed.set_result(True)
            task = asyncio.create_task(self._handle(leased, membership))
            self._tasks[task] = leased
            self._some.set()
            task.add_done_callback(self._ended)

    def confirm(self, listed: Iterable[HeldJob]) -> None:
        """The engine has answered a ping that listed these: those it did not call lost may begin."""
        names = {(one.job_id, one.lease_token) for one in listed}
        for leased in self._tasks.values():
            if leased.name and (leased.name.job_id, leased.name.lease_token) in names:
                _settle(leased.confirmed, value=True)

    def cancel(self, job_ids: Collection[str], reason: str) -> None:
        """Stop these jobs; ids of jobs that are not here are passed over."""
        for leased in self._tasks.values():
            if leased.name and leased.name.job_id in job_ids and leased.cancel(reason):
                logger.info("stopping a job", extra={"job": leased.name.job_id, "reason": reason})

    def cancel_all(self, reason: str) -> bool:
        """Stop every job. False when there is none."""
        self.cancel({held.job_id for held in self.held()}, reason)
        return bool(self._tasks)

    def lose(self, job_ids: Collection[str], reason: str) -> None:
        """These jobs are not ours any more: stop them at once; what has not begun is forgotten."""
        for leased in self._tasks.values():
            if leased.name and leased.name.job_id in job_ids:
                logger.warning("the lease of a job is lost", extra={"job": leased.name.job_id, "reason": reason})
                _settle(leased.confirmed, value=False)
                leased.cancel(reason)

    def lose_all(self, reason: str) -> None:
        """The engine does not know us any more: no job is ours."""
        self.lose({held.job_id for held in self.held()}, reason)

    async def close(self) -> None:
        """Let go of what still runs: it is cancelled, and nobody waits for it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        if not self._tasks:
            self._some.clear()
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.critical("a job could not be answered", exc_info=error)

    def _read(self, job: JobDefinition | UndecodableJob, polled: Polled) -> _Leased:
        if isinstance(job, UndecodableJob):
            logger.error("a job cannot be read", extra={"job": job.job_id, "reason": job.problem})
            return _Leased(job, None)
        try:
            block_job = read_job(job, self._registry, polled.answered_at)
        except KeyError:
            logger.error(
                "a job for a block that is not here", extra={"job": job.job_id, "block": job.function_block_id}
            )
            return _Leased(job, None)
        self._redactor.learn([dict(job.parameters), *(_secret_fields(device) for device in job.context.devices)])
        ports = replace(self._ports, progress=self._events.progress_of(job))
        return _Leased(job, JobThread(block_job, ports, self._limits))

    async def _handle(self, leased: _Leased, membership: Membership) -> None:
        result = await self._answer(leased, membership)
        if result is not None:
            await self._delivery.deliver(result)

    async def _answer(self, leased: _Leased, membership: Membership) -> JobResult | None:
        job = leased.job
        if isinstance(job, UndecodableJob):
            return undecodable_result(job)
        if leased.thread is None:
            problem = f"this worker has no block {job.function_block_id}"
            return self._result(job, failed("UnknownBlock", problem, retryable=False), membership)
        if not await leased.confirmed:
            return None
        with log_context(**leased.thread.about()):
            return self._result(job, await self._run(job, leased.thread), membership)

    async def _run(self, job: JobDefinition, thread: JobThread) -> BlockOutcome:
        ticket = self._line.join(devices_at_hand(job))
        try:
            await thread.until_stopped_or(ticket.called)
            with self._events.listening(job):
                return await thread.run()
        finally:
            self._line.leave(ticket)
            self._limits.ended(job.job_id)

    def _result(self, job: JobDefinition, outcome: BlockOutcome, membership: Membership) -> JobResult:
        fields: dict[str, object] = {"job": job.job_id, "step": job.step_label, "block": job.function_block_id}
        ending = {"success": outcome.success, "seconds": round(outcome.duration_s, 3), "answer": outcome.message}
        logger.info("a job ended", extra=fields | ending)
        self._meters.job_ended(job.function_block_id, outcome)
        try:
            return write_result(job, redacted(outcome, self._redactor, data=self._mask_data), membership)
        except ValidationError as error:
            return write_result(job, failed("BadResult", f"the result cannot be sent: {error}"), membership)


class _Leased:
    """A job from the poll that brought it until its result is on disk. `confirmed`: True begin, False forget it."""

    def __init__(self, job: JobDefinition | UndecodableJob, thread: JobThread | None) -> None:
        self.job, self.thread = job, thread
        self.name = None if job.job_id is None else HeldJob(job_id=job.job_id, lease_token=job.lease_token)
        self.confirmed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def cancel(self, reason: str) -> bool:
        return self.thread is not None and self.thread.cancel(reason)


def _settle(future: asyncio.Future[T], *, value: T) -> None:
    if not future.done():
        future.set_result(value)


def _secret_fields(device: Device) -> JsonValue:
    options = device.connection_options
    try:
        extras = json.loads(options.reveal()) if options else None
    except ValueError:  # whoever connects says so
        extras = None
    return {"password": device.password, "connection_options": extras}
