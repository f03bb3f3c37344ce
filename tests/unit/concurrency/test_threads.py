from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from neops.concurrency import BlockingExecutor, current_executor, in_thread, run_in_thread, use_executor

site: ContextVar[str] = ContextVar("site", default="nowhere")
WAIT_S = 20.0


@pytest.fixture
def executor() -> Iterator[BlockingExecutor]:
    pool = BlockingExecutor(2)
    with use_executor(pool):
        yield pool
    pool.shutdown()


class Login:
    def __init__(self, banner: str) -> None:
        self.banner = banner

    @run_in_thread
    def banner_in(self, language: str, *, loud: bool = False) -> str:
        """What the device says."""
        text = f"{language}: {self.banner} {threading.current_thread().name}"
        return text.upper() if loud else text

    @staticmethod
    @run_in_thread
    def add(a: int, b: int) -> int:
        return a + b

    @classmethod
    @run_in_thread
    def kind(cls) -> str:
        return cls.__name__


class Hang:
    """A blocking call that ends only when it is let go."""

    def __init__(self) -> None:
        self.entered, self.released = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.entered.set()
        self.released.wait(WAIT_S)


async def until(event: threading.Event) -> None:
    await asyncio.get_running_loop().run_in_executor(None, event.wait, WAIT_S)


async def test_a_decorated_method_runs_in_a_thread_of_the_bound_executor(executor: BlockingExecutor) -> None:
    text = await Login("welcome").banner_in("en", loud=True)

    assert text.startswith("EN: WELCOME NEOPS-BLOCKING")
    assert Login.banner_in.__doc__ == "What the device says."


async def test_static_methods_class_methods_and_plain_functions_can_be_awaited(executor: BlockingExecutor) -> None:
    assert await Login.add(1, b=2) == 3
    assert await Login.kind() == "Login"
    assert await run_in_thread(sorted)([2, 1]) == [1, 2]


def test_an_async_function_is_refused_where_it_is_decorated() -> None:
    with pytest.raises(TypeError, match=r"fetch is async: await it directly"):

        @run_in_thread
        async def fetch() -> None: ...


async def test_context_variables_travel_into_the_thread_but_not_back(executor: BlockingExecutor) -> None:
    def move() -> str:
        before = site.get()
        site.set("zurich")
        return before

    site.set("basel")

    assert await run_in_thread(move)() == "basel"
    assert site.get() == "basel"


async def test_exceptions_reach_the_caller_with_their_type(executor: BlockingExecutor) -> None:
    def fail() -> None:
        raise ConnectionRefusedError("r1")

    with pytest.raises(ConnectionRefusedError, match="r1"):
        await run_in_thread(fail)()


async def test_a_stop_iteration_does_not_leave_the_caller_waiting(executor: BlockingExecutor) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await run_in_thread(next)(iter(()))


async def test_cancelling_returns_at_once_while_the_thread_is_counted_as_still_running(
    executor: BlockingExecutor,
) -> None:
    hang = Hang()
    call = asyncio.create_task(in_thread(hang))
    await until(hang.entered)

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert executor.abandoned == 1
    hang.released.set()
    await in_thread(lambda: None)
    while executor.abandoned:
        await asyncio.sleep(0)


async def test_the_way_out_is_taken_when_a_busy_call_is_cancelled(executor: BlockingExecutor) -> None:
    hang = Hang()
    call = asyncio.create_task(in_thread(hang, on_cancel=hang.released.set))
    await until(hang.entered)

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert hang.released.is_set()


async def test_a_way_out_that_fails_does_not_hide_the_cancellation(
    executor: BlockingExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    hang = Hang()

    def broken() -> None:
        hang.released.set()
        raise OSError("no socket")

    call = asyncio.create_task(in_thread(hang, on_cancel=broken))
    await until(hang.entered)

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert "the way out of a blocking call failed" in caplog.text


async def test_a_call_cancelled_before_its_turn_never_runs(executor: BlockingExecutor) -> None:
    hangs = [Hang(), Hang()]
    busy = [asyncio.create_task(in_thread(hang)) for hang in hangs]
    for hang in hangs:
        await until(hang.entered)
    ran: list[str] = []
    queued = asyncio.create_task(in_thread(lambda: ran.append("queued")))
    await asyncio.sleep(0)

    queued.cancel()
    with pytest.raises(asyncio.CancelledError):
        await queued

    assert executor.abandoned == 0
    for hang in hangs:
        hang.released.set()
    await asyncio.gather(*busy)
    await in_thread(lambda: None)
    assert ran == []


async def test_no_more_threads_than_its_size_run_at_once(executor: BlockingExecutor) -> None:
    lock, running, most = threading.Lock(), 0, 0

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.001)
        with lock:
            running -= 1

    await asyncio.gather(*(run_in_thread(work)() for _ in range(20)))

    assert most == 2
    assert executor.threads == 2


async def test_abandoned_calls_do_not_take_the_places_of_new_ones(executor: BlockingExecutor) -> None:
    hangs = [Hang(), Hang()]
    calls = [asyncio.create_task(in_thread(hang)) for hang in hangs]
    for hang, call in zip(hangs, calls, strict=True):
        await until(hang.entered)
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)

    assert await run_in_thread(sorted)([2, 1]) == [1, 2]

    for hang in hangs:
        hang.released.set()


async def test_after_a_shutdown_calls_are_refused() -> None:
    pool = BlockingExecutor(1)
    pool.shutdown()

    with pytest.raises(RuntimeError, match="was shut down"):
        await in_thread(lambda: None, executor=pool)


async def test_without_a_job_the_process_shares_one_executor() -> None:
    assert current_executor() is current_executor()


def test_a_hung_call_holds_neither_the_loop_nor_the_exit_of_the_process() -> None:
    program = """
import asyncio, threading
from neops.concurrency import BlockingExecutor, run_in_thread

async def main():
    asyncio.get_running_loop().set_default_executor(BlockingExecutor(2))
    hang = threading.Event()
    entered = threading.Event()
    def forever():
        entered.set()
        hang.wait()
    calls = [asyncio.create_task(asyncio.to_thread(forever)), asyncio.create_task(run_in_thread(forever)())]
    while not entered.is_set():
        await asyncio.sleep(0.001)
    print("leaving")

asyncio.run(main())
print("left")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.split() == ["leaving", "left"]
    assert done.stderr == ""
