"""One job on a thread and an event loop of its own, so that no job can hold up the worker or another job."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from neops.blocks import BlockError, BlockJob, BlockOutcome, JobPorts, execute_block
from neops.concurrency import BlockingExecutor, use_executor
from neops.entities import EntityType
from neops.logs import log_context
from neops.worker.translation import failed

logger = logging.getLogger(__name__)


def abort_nothing(job_id: str) -> None:
    """There are no device sessions to close."""


def tell_nobody(job_id: str) -> None:
    """Nobody wants to hear that a job ended."""


@dataclass(frozen=True, kw_only=True)
class JobLimits:
    """What one job gets: threads for blocking calls, and seconds to clean up when it is cancelled or out of time.

    `abort_devices` closes the device sessions that a job is using, from any thread, so that whoever waits for an
    answer of a hung device gets an error. `ended` hears of the end of each job.
    """

    threads: int = 32
    grace_s: float = 7.0
    abort_devices: Callable[[str], object] = abort_nothing
    ended: Callable[[str], object] = tell_nobody


class JobThread:
    """Runs one job. Make it on the worker's own event loop, await `run` there, call `cancel` there."""

    def __init__(self, job: BlockJob, ports: JobPorts, limits: JobLimits) -> None:
        self._job, self._ports, self._limits = job, ports, limits
        self._home = asyncio.get_running_loop()
        self._ended: asyncio.Future[BlockOutcome] = self._home.create_future()
        self._told: asyncio.Future[str] = self._home.create_future()
        self._inside: tuple[asyncio.AbstractEventLoop, asyncio.Task[BlockOutcome]] | None = None
        self.started_at: float | None = None
        """By the monotonic clock; None while the job waits for its turn."""

    @property
    def job(self) -> BlockJob:
        return self._job

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The job's own event loop, once it runs."""
        return None if self._inside is None else self._inside[0]

    @property
    def threads_named(self) -> str:
        """How the names of the job's threads begin: its own, and those of its blocking calls."""
        return f"neops-job-{self._job.info.id}"

    def about(self) -> dict[str, object]:
        """What each log line of the job carries."""
        info, block = self._job.info, self._job.block.registration.id
        return {
            "run": info.workflow_execution_id,
            "job": info.id,
            "step": info.step,
            "device": self._device(),
            "block": block,
        }

    def cancel(self, reason: str) -> bool:
        """Stop the job: its device sessions are closed and its block is cancelled. `reason` is for people.

        False when it is being stopped already.
        """
        if self._told.done():
            return False
        self._told.set_result(reason)
        return True

    async def until_stopped_or(self, called: asyncio.Future[None]) -> None:
        """Wait for the job's turn; no longer than to its deadline, or to its cancellation."""
        limit_s = self._job.info.deadline.timeout()
        signs: set[asyncio.Future[Any]] = {called, self._told}
        await asyncio.wait(signs, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)

    async def run(self) -> BlockOutcome:
        """Run the job to its end, or to the end of its grace. Never raises because of what the block does.

        A thread that does not end is left behind and reported as still running.
        """
        if self._told.done():
            return failed("JobCancelled", self._reason())
        self.started_at = time.monotonic()
        threading.Thread(target=self._thread, name=self.threads_named, daemon=True).start()
        limit = self._job.info.deadline.timeout()
        timeout_s = None if limit is None else limit + self._limits.grace_s
        signs: set[asyncio.Future[Any]] = {self._ended, self._told}
        try:
            await asyncio.wait(signs, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not self._ended.done():
                self._stop()
        await asyncio.wait({self._ended}, timeout=self._limits.grace_s)
        return self._outcome()

    def _outcome(self) -> BlockOutcome:
        if not self._ended.done():
            logger.error("a job does not end; its thread is left behind", extra={"job": self._job.info.id})
            return failed("JobStuck", f"{self._reason()}; the block still runs in its thread", retryable=False)
        if self._ended.cancelled():
            return failed("JobCancelled", self._reason())
        outcome = self._ended.result()
        return self._stopped(outcome, outcome.error) if self._told.done() and outcome.error else outcome

    def _stopped(self, outcome: BlockOutcome, error: BlockError) -> BlockOutcome:
        """The block was told to stop, and that its device sessions were closed came first: why is what counts."""
        cancelled = replace(error, type="JobCancelled", message=f"{self._reason()}; it ended with: {error.message}")
        return replace(outcome, message=self._reason(), error=cancelled)

    def _reason(self) -> str:
        return self._told.result() if self._told.done() else "the job did not end before its deadline"

    def _stop(self) -> None:
        try:
            self._limits.abort_devices(self._job.info.id)
        except Exception:  # the device layer calls vendors' libraries
            logger.exception("cannot close the device sessions of a job", extra={"job": self._job.info.id})
        if self._inside is not None:
            loop, task = self._inside
            with suppress(RuntimeError):  # its loop was closed: it has just ended
                loop.call_soon_threadsafe(task.cancel)

    def _thread(self) -> None:
        try:
            _run(self._main())
        except BaseException as error:  # a thread has nobody above it
            self._settle(failed(type(error).__name__, f"the worker broke while it ran the job: {error}"))
            logger.exception("a job's thread broke", extra={"job": self._job.info.id})

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        executor = BlockingExecutor(self._limits.threads, name=self.threads_named)
        loop.set_default_executor(executor)  # asyncio.to_thread in a block must not hold up the end of the job either
        with use_executor(executor), log_context(**self.about()):
            task = asyncio.create_task(execute_block(self._job, self._ports))
            self._home.call_soon_threadsafe(self._entered, loop, task)
            await asyncio.wait({task})
            self._settle(None if task.cancelled() else task.result())
            if executor.abandoned:
                logger.warning("blocking calls of the job still run", extra={"threads": executor.abandoned})

    def _device(self) -> str | None:
        """The name of the device at hand."""
        if self._job.run_on is not EntityType.DEVICE:
            return None
        return next((device.name for device in self._job.devices if device.id == self._job.entity_id), None)

    def _entered(self, loop: asyncio.AbstractEventLoop, task: asyncio.Task[BlockOutcome]) -> None:
        self._inside = (loop, task)
        if self._told.done():
            self._stop()

    def _settle(self, outcome: BlockOutcome | None) -> None:
        """Tell the worker's loop how the job ended, before this thread cleans up; None when it was cancelled."""

        def tell() -> None:
            if self._ended.done():
                return
            if outcome is None:
                self._ended.cancel()
            else:
                self._ended.set_result(outcome)

        with suppress(RuntimeError):  # the worker has gone
            self._home.call_soon_threadsafe(tell)


def _run(main: Coroutine[Any, Any, None]) -> None:
    """As `asyncio.run`, which starts a thread to wait for the loop's executor: ours waits for nobody."""
    loop = asyncio.new_event_loop()
    try:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(main)
    finally:
        try:
            loop.run_until_complete(_clean_up())
        finally:
            asyncio.set_event_loop(None)
            loop.close()


async def _clean_up() -> None:
    """End what the block left running, however it ends."""
    loop = asyncio.get_running_loop()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await loop.shutdown_asyncgens()
