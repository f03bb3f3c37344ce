from __future__ import annotations

import asyncio
import math

import pytest

from neops.concurrency import Deadline, current_deadline, deadline, run_in_thread, wait_at_most


class Turned:
    """A clock that stands until somebody turns it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Turned:
    return Turned()


def test_a_deadline_expires_when_its_moment_comes(clock: Turned) -> None:
    limit = Deadline.after(5, clock)

    clock.now += 4.5

    assert limit.remaining() == pytest.approx(0.5)
    assert not limit.expired
    clock.now += 0.5
    assert limit.expired
    assert limit.remaining() == limit.timeout() == 0.0


def test_never_is_later_than_everything_and_waits_forever(clock: Turned) -> None:
    soon = Deadline.after(1, clock)

    assert min(soon, Deadline.never) is soon
    assert Deadline.never.timeout() is None
    assert math.isinf(Deadline.after(None).remaining())
    assert not Deadline.never.expired


def test_an_inner_deadline_can_only_come_earlier(clock: Turned) -> None:
    outer, later = Deadline.after(5, clock), Deadline.after(50, clock)

    with deadline(outer), deadline(later) as nearest:
        assert nearest == outer
        assert current_deadline() == outer

    assert current_deadline() is Deadline.never


async def test_a_deadline_travels_into_tasks_and_threads(clock: Turned) -> None:
    async def ask() -> Deadline:
        return current_deadline()

    with deadline(Deadline.after(5, clock)) as limit:
        in_task = await asyncio.create_task(ask())
        in_a_thread = await run_in_thread(current_deadline)()

    assert in_task == in_a_thread == limit


async def test_what_ends_in_time_gives_its_result_whether_it_waits_or_not() -> None:
    async def after(turns: int) -> str:
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(None):
            await asyncio.sleep(0.001 * turns)
        return f"after {turns}"

    assert [await wait_at_most(5, after(turns)) for turns in range(3)] == ["after 0", "after 1", "after 2"]


async def test_what_takes_too_long_is_cancelled() -> None:
    ended: list[str] = []

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with pytest.raises(TimeoutError):
        await wait_at_most(0.01, hang())
    assert ended == ["cancelled"]


@pytest.mark.parametrize("turns", [0, 2])
async def test_what_fails_fails_at_who_waits(turns: int) -> None:
    async def fail() -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await wait_at_most(5, fail())


async def test_what_tidies_up_when_it_is_cancelled_is_waited_for() -> None:
    async def tidy() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
        return "tidy"

    waiting = asyncio.create_task(wait_at_most(5, tidy()))
    await asyncio.sleep(0)
    waiting.cancel()

    assert await waiting == "tidy"
