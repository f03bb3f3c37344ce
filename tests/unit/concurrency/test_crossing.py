from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from neops.concurrency import Crossing
from neops.concurrency.crossing import AT_A_TIME


async def test_calls_arrive_in_the_order_of_asking() -> None:
    crossing = Crossing(asyncio.get_running_loop())
    arrived: list[object] = []
    for number in range(5):
        crossing.call(arrived.append, number)
    await asyncio.sleep(0)

    assert arrived == [0, 1, 2, 3, 4]


async def test_calls_of_many_threads_all_arrive() -> None:
    crossing, all_here = Crossing(asyncio.get_running_loop()), asyncio.Event()
    arrived: list[int] = []

    def arrive(number: int) -> None:
        arrived.append(number)
        if len(arrived) == 4000:
            all_here.set()

    def ask(first: int) -> None:
        for number in range(first, first + 1000):
            crossing.call(arrive, number)

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(0, 4000, 1000)]
    for thread in threads:
        thread.start()
    async with asyncio.timeout(10):
        await all_here.wait()
    for thread in threads:
        thread.join()

    assert sorted(arrived) == list(range(4000))


async def test_calls_that_come_before_the_loop_looks_wake_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    call_soon_threadsafe, wakes = loop.call_soon_threadsafe, 0

    def wake(call: Callable[[], None]) -> None:
        nonlocal wakes
        wakes += 1
        call_soon_threadsafe(call)

    monkeypatch.setattr(loop, "call_soon_threadsafe", wake)
    crossing = Crossing(loop)
    arrived: list[object] = []
    for number in range(AT_A_TIME):
        crossing.call(arrived.append, number)
    await asyncio.sleep(0)

    assert (len(arrived), wakes) == (AT_A_TIME, 1)


async def test_what_many_calls_start_goes_on_before_the_last_of_them() -> None:
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    crossing = Crossing(loop)
    told: list[object] = []
    crossing.call(loop.call_soon, told.append, "started by the first")
    for number in range(AT_A_TIME * 3):
        crossing.call(told.append, number)
    crossing.call(over.set)
    await over.wait()

    assert told.index("started by the first") < AT_A_TIME * 2
    told.remove("started by the first")
    assert told == list(range(AT_A_TIME * 3))


async def test_what_is_added_waits_for_the_next_wake() -> None:
    crossing = Crossing(asyncio.get_running_loop())
    arrived: list[object] = []
    crossing.add(arrived.append, "added")
    await asyncio.sleep(0)
    before = list(arrived)
    crossing.wake()
    await asyncio.sleep(0)

    assert (before, arrived) == ([], ["added"])


def test_a_closed_loop_takes_no_calls() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    crossing = Crossing(loop)

    with pytest.raises(RuntimeError, match="closed"):
        crossing.call(print)
    with pytest.raises(RuntimeError, match="closed"):
        crossing.call(print)


async def test_a_function_that_raises_holds_no_other_back() -> None:
    loop = asyncio.get_running_loop()
    problems: list[object] = []
    loop.set_exception_handler(lambda _, context: problems.append(context["exception"]))
    crossing = Crossing(loop)
    arrived: list[object] = []
    crossing.call(arrived.index, "missing")
    crossing.call(arrived.append, "next")
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert (arrived, len(problems)) == (["next"], 1)
