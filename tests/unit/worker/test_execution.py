from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from neops.blocks import (
    BlockClass,
    BlockJob,
    FunctionBlock,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockResultData,
    JobInfo,
    JobPorts,
    Registration,
    WorkflowContext,
    register_function_block,
)
from neops.concurrency import Deadline
from neops.errors import SessionLost
from neops.worker.execution import JobLimits, JobThread

Run = Callable[[WorkflowContext], Any]
Result = FunctionBlockResult[FunctionBlockResultData]


class NoDevices:
    def connect(self, device: object, capability: object, *, job: str | None = None) -> Any:
        raise AssertionError("no block of these tests connects")

    connect_blocking = connect

    def served_by(self, device: object) -> tuple[str, ...]:
        return ()


def block_of(run_: Run) -> BlockClass:
    @register_function_block(
        Registration(
            name="probe",
            package="fb.demo.example",
            version=(1, 0, 0),
            description="probe",
            run_on="global",
            fb_type="execute",
            param_cls=FunctionBlockParams,
            result_cls=FunctionBlockResultData,
        )
    )
    class Probe(FunctionBlock[FunctionBlockParams, FunctionBlockResultData]):
        async def run(self, params: FunctionBlockParams, context: WorkflowContext) -> Result:
            await run_(context)
            return FunctionBlockResult(success=True)

    return Probe


def thread_of(run_: Run, *, deadline: Deadline = Deadline.never, **limits: Any) -> JobThread:
    job = BlockJob(info=JobInfo(id="j1", deadline=deadline), block=block_of(run_))
    return JobThread(job, JobPorts(connector=NoDevices()), JobLimits(**({"grace_s": 5.0} | limits)))


class Latch:
    """Something that a block waits for, blocking, until the test lets it go."""

    def __init__(self) -> None:
        self.home = asyncio.get_running_loop()
        self.entered, self.released = asyncio.Event(), threading.Event()

    def wait(self) -> None:
        self.home.call_soon_threadsafe(self.entered.set)
        self.released.wait(20)


@pytest.fixture
async def latch() -> Any:
    latch = Latch()
    yield latch
    latch.released.set()


@pytest.fixture(autouse=True)
def no_thread_outlives_its_test() -> Iterator[None]:
    yield
    limit = time.monotonic() + 20
    while any(thread.name.startswith("neops-job") for thread in threading.enumerate()):
        assert time.monotonic() < limit
        time.sleep(0.005)


async def test_a_job_has_a_loop_and_a_thread_of_its_own() -> None:
    seen: list[Any] = []

    async def look(context: WorkflowContext) -> None:
        seen.extend([asyncio.get_running_loop(), threading.current_thread().name])

    outcome = await thread_of(look).run()

    assert outcome.success
    assert seen[0] is not asyncio.get_running_loop()
    assert seen[1] == "neops-job-j1"


async def test_a_block_that_blocks_its_loop_does_not_hold_the_worker(
    latch: Latch, caplog: pytest.LogCaptureFixture
) -> None:
    async def block(context: WorkflowContext) -> None:
        latch.wait()

    thread = thread_of(block, grace_s=0.05)
    running = asyncio.create_task(thread.run())
    await latch.entered.wait()
    thread.cancel("cancelled by the engine")
    outcome = await running

    assert outcome.error is not None
    assert (outcome.success, outcome.error.type, outcome.retryable) == (False, "JobStuck", False)
    assert outcome.message == "cancelled by the engine; the block still runs in its thread"
    assert "its thread is left behind" in caplog.text


async def test_a_deadline_ends_a_job_whose_loop_is_blocked(latch: Latch) -> None:
    async def block(context: WorkflowContext) -> None:
        latch.wait()

    outcome = await thread_of(block, deadline=Deadline.after(0.05), grace_s=0.05).run()

    assert outcome.message == "the job did not end before its deadline; the block still runs in its thread"


async def test_a_hung_thread_of_a_block_does_not_hold_the_end_of_the_job(latch: Latch) -> None:
    async def start_and_leave(context: WorkflowContext) -> None:
        asyncio.get_running_loop().run_in_executor(None, latch.wait)
        await asyncio.sleep(0)

    outcome = await thread_of(start_and_leave).run()

    assert outcome.success


async def test_cancelling_closes_the_device_sessions_of_the_job(latch: Latch) -> None:
    aborted: list[str] = []

    async def read_a_hung_device(context: WorkflowContext) -> None:
        await asyncio.to_thread(latch.wait)

    def abort(job_id: str) -> None:
        aborted.append(job_id)
        latch.released.set()

    thread = thread_of(read_a_hung_device, abort_devices=abort)
    running = asyncio.create_task(thread.run())
    await latch.entered.wait()
    thread.cancel("cancelled by the engine")
    outcome = await running

    assert set(aborted) == {"j1"}
    assert outcome.message == "cancelled by the engine"


async def test_a_job_that_ends_because_its_sessions_were_closed_says_why_they_were(latch: Latch) -> None:
    async def read_a_hung_device(context: WorkflowContext) -> None:
        latch.home.call_soon_threadsafe(latch.entered.set)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise SessionLost("r1", "send_command was aborted") from None

    thread = thread_of(read_a_hung_device)
    running = asyncio.create_task(thread.run())
    await latch.entered.wait()
    thread.cancel("the worker was shut down")
    outcome = await running

    assert outcome.message == "the worker was shut down"
    assert outcome.error is not None
    assert outcome.error.type == "JobCancelled"


async def test_a_device_layer_that_fails_to_abort_does_not_stop_the_cancellation(latch: Latch) -> None:
    async def wait(context: WorkflowContext) -> None:
        latch.home.call_soon_threadsafe(latch.entered.set)
        await asyncio.Event().wait()

    def abort(job_id: str) -> None:
        raise OSError("no socket")

    thread = thread_of(wait, abort_devices=abort)
    running = asyncio.create_task(thread.run())
    await latch.entered.wait()
    thread.cancel("cancelled by the engine")

    assert (await running).message == "cancelled by the engine"


async def test_a_job_cancelled_before_its_turn_never_starts() -> None:
    ran: list[str] = []

    async def run(context: WorkflowContext) -> None:
        ran.append("ran")

    thread = thread_of(run)
    thread.cancel("the worker was shut down")
    outcome = await thread.run()

    assert outcome.message == "the worker was shut down"
    assert ran == []


async def test_a_block_that_exits_the_interpreter_ends_its_job_only() -> None:
    async def leave(context: WorkflowContext) -> None:
        raise SystemExit(3)

    outcome = await thread_of(leave).run()

    assert not outcome.success
