from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import AsyncIterator, Sequence
from contextvars import ContextVar
from typing import Any, assert_type

import pytest

from neops.concurrency import ParallelFailed, run_parallel


class Network:
    """Devices that answer when they are released, and that count who asks at the same time."""

    def __init__(self, down: Sequence[str] = (), silent: Sequence[str] = ()) -> None:
        self.down, self.silent = down, silent
        self.asking = self.most = 0
        self.cancelled: list[str] = []

    async def version(self, device: str) -> str:
        self.asking += 1
        self.most = max(self.most, self.asking)
        try:
            if device in self.silent:
                await asyncio.Event().wait()
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled.append(device)
            raise
        finally:
            self.asking -= 1
        if device in self.down:
            raise ConnectionRefusedError(device)
        return f"{device} 1.0"


async def test_results_come_in_the_order_of_the_calls_in_each_form() -> None:
    network, devices = Network(), ["r1", "r2", "r3"]
    expected = ["r1 1.0", "r2 1.0", "r3 1.0"]

    assert await run_parallel(network.version, devices) == expected
    assert await run_parallel([network.version(device) for device in devices]) == expected
    assert await run_parallel(network.version(device) for device in devices) == expected
    assert await run_parallel(*[network.version(device) for device in devices]) == expected
    assert await run_parallel(network.version("r1")) == ["r1 1.0"]
    assert await run_parallel([]) == []
    assert await run_parallel() == []
    assert_type(await run_parallel(network.version, devices), list[str])


async def test_no_more_than_the_limit_run_at_once() -> None:
    network = Network()

    await run_parallel(network.version, [f"r{n}" for n in range(20)], limit=3)

    assert network.most == 3


async def test_as_many_run_at_once_as_the_limit_allows() -> None:
    together = asyncio.Barrier(20)

    async with asyncio.timeout(5):
        await run_parallel(lambda _: together.wait(), range(20), limit=20)


async def test_nothing_ticks_once_all_have_begun() -> None:
    loop: Any = asyncio.get_running_loop()
    together = asyncio.Barrier(21)
    running = asyncio.create_task(run_parallel(lambda _: together.wait(), range(20), limit=1_000_000))
    async with asyncio.timeout(5):
        while together.n_waiting < 20:
            await asyncio.sleep(0)

        assert [timer for timer in loop._scheduled if not timer.cancelled()][1:] == []  # the first is this timeout
        await together.wait()
        await running


async def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1, not 0"):
        await run_parallel([], limit=0)


async def test_one_failure_loses_no_result() -> None:
    network = Network(down=["r2"])

    with pytest.raises(ParallelFailed, match="1 of 3 parallel calls failed") as failed:
        await run_parallel(network.version, ["r1", "r2", "r3"], limit=1)

    first, second, third = failed.value.outcomes
    assert (first, third) == ("r1 1.0", "r3 1.0")
    assert isinstance(second, ConnectionRefusedError)
    assert failed.value.exceptions == (second,)


async def test_failures_can_be_handled_by_their_type() -> None:
    network = Network(down=["r2"])
    down: list[str] = []

    try:
        await run_parallel(network.version, ["r1", "r2"])
    except* ConnectionRefusedError as group:
        down += [str(error) for error in group.exceptions]

    assert down == ["r2"]


async def test_failures_can_be_asked_for_in_place() -> None:
    network = Network(down=["r1"])

    outcomes = await run_parallel(network.version, ["r1", "r2"], return_exceptions=True)

    assert_type(outcomes, list[str | Exception])
    assert isinstance(outcomes[0], ConnectionRefusedError)
    assert outcomes[1] == "r2 1.0"


async def test_the_timeout_ends_the_late_ones_and_keeps_the_others() -> None:
    network = Network(silent=["r2"])

    late, done, waiting = await run_parallel(
        [network.version("r2"), network.version("r1"), network.version("r3")],
        limit=2,
        timeout=0.3,
        return_exceptions=True,
    )

    assert isinstance(late, TimeoutError)
    assert (done, waiting) == ("r1 1.0", "r3 1.0")
    assert network.cancelled == ["r2"]


async def test_those_that_never_had_a_turn_end_without_a_warning() -> None:
    network = Network(silent=["r1"])

    outcomes = await run_parallel(
        [network.version("r1"), network.version("r2")], limit=1, timeout=0.01, return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes] == [TimeoutError, TimeoutError]


async def test_cancelling_the_caller_leaves_nothing_running() -> None:
    network = Network(silent=["r1", "r2"])
    caller = asyncio.create_task(run_parallel(network.version, ["r1", "r2"]))
    while network.asking < 2:
        await asyncio.sleep(0)

    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller

    assert network.asking == 0
    assert sorted(network.cancelled) == ["r1", "r2"]


async def test_a_call_that_somebody_else_cancelled_counts_as_failed() -> None:
    async def give_up() -> None:
        raise asyncio.CancelledError

    (outcome,) = await run_parallel([give_up()], return_exceptions=True)

    assert isinstance(outcome, concurrent.futures.CancelledError)


async def test_context_variables_of_one_call_do_not_reach_the_next() -> None:
    device: ContextVar[str] = ContextVar("device", default="none")

    async def visit(name: str) -> str:
        before = device.get()
        device.set(name)
        return before

    assert await run_parallel(visit, ["r1", "r2"], limit=1) == ["none", "none"]


async def test_a_blocking_function_is_refused_with_the_remedy() -> None:
    with pytest.raises(ParallelFailed) as failed:
        await run_parallel(len, ["r1"])  # type: ignore[arg-type]  # what the test is about

    assert "decorate a blocking function with @run_in_thread" in str(failed.value.exceptions[0])


@pytest.fixture(autouse=True)
async def nothing_left_running() -> AsyncIterator[None]:
    before = len(asyncio.all_tasks())
    yield
    assert len(asyncio.all_tasks()) == before
