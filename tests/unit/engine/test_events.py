from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from neops.engine.events import EventLog
from neops.engine.store.changes import NewEvent
from neops.engine.store.port import Store
from neops.engine.store.records import Event, EventKind
from neops.protocol import RunStatus

SAID = NewEvent(kind=EventKind.LOG, data={"message": "hello"})


@pytest.fixture
def log(store: Store) -> EventLog:
    return EventLog(store)


async def collected(events: AsyncIterator[Event | None]) -> list[int | None]:
    return [None if event is None else event.seq async for event in events]


async def test_a_follower_gets_what_was_there_and_what_comes_until_the_run_is_over(
    log: EventLog, store: Store, world: Any
) -> None:
    run = await world.run()
    following = asyncio.create_task(collected(log.follow(run.id, idle_s=20)))
    await store.events.append(run.id, [SAID])
    await store.events.append(run.id, [SAID])
    await world.change(run, status=RunStatus.COMPLETED_ACK, events=(SAID,))

    assert await asyncio.wait_for(following, 5) == [1, 2, 3, 4]


async def test_a_follower_goes_on_behind_any_number(log: EventLog, store: Store, world: Any) -> None:
    run = await world.run()
    await store.events.append(run.id, [SAID] * 3)
    await world.change(run, status=RunStatus.COMPLETED_ACK)

    assert await collected(log.follow(run.id, 2, idle_s=20)) == [3, 4]


async def test_silence_is_told(log: EventLog, world: Any) -> None:
    run = await world.run()
    following = log.follow(run.id, 1, idle_s=0.001)

    assert await asyncio.wait_for(anext(following), 5) is None


async def test_closing_ends_all_followers(log: EventLog, world: Any) -> None:
    run = await world.run()
    following = [asyncio.create_task(collected(log.follow(run.id, idle_s=20))) for _ in range(2)]
    await asyncio.sleep(0)

    log.close()

    assert await asyncio.wait_for(asyncio.gather(*following), 5) == [[1], [1]]


async def test_long_logs_come_in_full(log: EventLog, store: Store, world: Any) -> None:
    run = await world.run()
    await store.events.append(run.id, [SAID] * 1200)

    assert [event.seq async for event in log.read(run.id)] == list(range(1, 1202))
