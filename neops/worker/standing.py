"""Where every job stands, for people who wonder: which step, on which device, since when, at which line."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import CoroutineType, FrameType, GeneratorType
from typing import Any

from neops.concurrency.frames import current_frames
from neops.worker.execution import JobThread

logger = logging.getLogger(__name__)

DEEPEST = 30
"""Lines of one stack."""


def tell_standing(jobs: Sequence[JobThread], *, now: float | None = None) -> None:
    """Log a line about each job, with its stacks. It looks and touches nothing: no job notices."""
    logger.info("where the jobs stand", extra={"jobs": len(jobs)})
    for job in jobs:
        logger.info("a job stands here", extra=_about(job, time.monotonic() if now is None else now))
        for stack in _stacks(job):
            logger.info("a stack of the job: %s", stack, extra={"job": job.job.info.id})


@contextmanager
def on_standing_signal(tell: Callable[[], None]) -> Iterator[None]:
    """Let SIGUSR1 call `tell`, where there is such a signal. Only in a process's main thread."""
    number = getattr(signal, "SIGUSR1", None)
    if number is None:  # Windows
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # the signal module's signature
        # a thread, because the interrupted code may hold a lock of the log
        threading.Thread(target=tell, name="neops-standing", daemon=True).start()

    before = signal.signal(number, handle)
    try:
        yield
    finally:
        signal.signal(number, before)


def _about(job: JobThread, now: float) -> dict[str, object]:
    info, block_job = job.job.info, job.job
    return {
        "job": info.id,
        "run": info.workflow_execution_id,
        "block": block_job.block.registration.id,
        "step": info.step,
        "device": ", ".join(device.name for device in block_job.devices) or None,
        "age_s": "waits for its turn" if job.started_at is None else round(now - job.started_at, 1),
    }


def _stacks(job: JobThread) -> Iterator[str]:
    if job.started_at is not None:
        yield from _tasks(job)
        yield from _threads(job)


def _tasks(job: JobThread) -> Iterator[str]:
    """The tasks of the job's event loop that wait; the one that runs shows in its thread."""
    if job.loop is None:
        return
    for task in sorted(asyncio.all_tasks(job.loop), key=lambda one: one.get_name()):
        lines = list(_awaiting(task.get_coro()))
        if lines:
            yield _shown(f"task {task.get_name()}", lines)


def _threads(job: JobThread) -> Iterator[str]:
    frames = current_frames()
    for thread in threading.enumerate():
        if thread.name.startswith(job.threads_named) and (frame := frames.get(thread.ident or 0)) is not None:
            yield _shown(f"thread {thread.name}", list(_called(frame)))


def _awaiting(waiting: Any) -> Iterator[str]:
    """What a coroutine waits for, outermost first: asyncio's own Task.get_stack() ends at its first await."""
    while True:
        match waiting:
            case CoroutineType():
                frame, waiting = waiting.cr_frame, waiting.cr_await
            case GeneratorType():
                frame, waiting = waiting.gi_frame, waiting.gi_yieldfrom
            case _:
                return
        if frame is not None:
            yield _line(frame)


def _called(frame: FrameType | None) -> Iterator[str]:
    """The frames of a thread, outermost first."""
    return reversed([_line(one) for one, _ in traceback.walk_stack(frame)])


def _line(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_qualname}"


def _shown(name: str, lines: Sequence[str]) -> str:
    """The innermost lines, which say where it stands."""
    return "\n".join([name, *(f"    {line}" for line in lines[-DEEPEST:])])
