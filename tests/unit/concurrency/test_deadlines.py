from __future__ import annotations

import asyncio
import math

import pytest

from neops.concurrency import Deadline, current_deadline, deadline, run_in_thread


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
