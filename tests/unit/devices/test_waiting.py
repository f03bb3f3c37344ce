"""Waiting lines: order, cancellation, and nothing lost between the two."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neops.devices.waiting import Places, WaitingLine


class Room:
    def __init__(self, size: int) -> None:
        self.free, self.line = size, WaitingLine()
        self.entered: list[int] = []

    def take(self) -> bool:
        if not self.free:
            return False
        self.free -= 1
        return True

    def give_back(self) -> None:
        self.free += 1
        self.line.move()

    async def enter(self, who: int) -> None:
        await self.line.enter(self.take, self.give_back)
        self.entered.append(who)


async def test_who_came_first_is_let_in_first() -> None:
    room = Room(0)
    waiting = [asyncio.create_task(room.enter(who)) for who in range(5)]
    await asyncio.sleep(0)
    for _ in range(5):
        room.give_back()
    await asyncio.gather(*waiting)

    assert room.entered == [0, 1, 2, 3, 4]


async def test_room_of_one_who_is_let_in_and_cancelled_in_the_same_moment_is_given_back() -> None:
    room = Room(0)
    waiting = asyncio.create_task(room.enter(1))
    await asyncio.sleep(0)

    room.give_back()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert (room.entered, room.free) == ([], 1)


async def test_nobody_is_passed_by_who_came_later_and_needs_less() -> None:
    line, free, entered = WaitingLine(), 1, list[str]()

    async def enter(who: str, size: int) -> None:
        await line.enter(lambda: free >= size, lambda: None)
        entered.append(who)

    big = asyncio.create_task(enter("big", 2))
    await asyncio.sleep(0)
    small = asyncio.create_task(enter("small", 1))
    await asyncio.sleep(0)
    assert entered == []

    free = 2
    line.move()
    await asyncio.gather(big, small)

    assert entered == ["big", "small"]


@given(st.lists(st.tuples(st.sampled_from(["enter", "leave", "cancel"]), st.integers(0, 20)), max_size=40))
@settings(deadline=None)
def test_room_is_never_lost_and_never_given_twice(steps: list[tuple[str, int]]) -> None:
    async def play() -> None:
        room, size = Room(2), 2
        tasks: list[asyncio.Task[None]] = []
        left = 0
        for step, number in steps:
            if step == "enter":
                tasks.append(asyncio.create_task(room.enter(len(tasks))))
            elif step == "leave" and left < len(room.entered):
                left += 1
                room.give_back()
            elif step == "cancel" and tasks:
                tasks[number % len(tasks)].cancel()
            if number % 2:
                await asyncio.sleep(0)
            assert room.free >= 0
        for _ in range(5):
            await asyncio.sleep(0)
        inside = len(room.entered) - left
        assert room.free + inside == size
        assert not (room.free and len(room.line))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(play())


async def test_who_stays_too_long_no_longer_counts() -> None:
    places = Places(lambda: 1, patience_s=0.2)
    left: list[str] = []

    async def stay(who: str, how_long_s: float) -> None:
        async with places.place():
            await asyncio.sleep(how_long_s)
        left.append(who)

    await asyncio.gather(stay("slow", 0.6), stay("quick", 0), stay("quick too", 0))

    assert left == ["quick", "quick too", "slow"]
    async with places.place():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), places.place():
                pass


async def test_with_lots_the_order_of_coming_does_not_matter() -> None:
    room = Room(0)
    room.line = WaitingLine(Random(1))
    waiting = [asyncio.create_task(room.enter(who)) for who in range(20)]
    await asyncio.sleep(0)
    for _ in range(20):
        room.give_back()
    await asyncio.gather(*waiting)

    assert sorted(room.entered) == list(range(20))
    assert room.entered != list(range(20))
