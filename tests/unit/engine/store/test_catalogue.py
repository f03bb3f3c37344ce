"""Workers, blocks and definitions: what every store must do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from neops.engine.store.changes import NewDefinition, NewWorker
from neops.engine.store.errors import DefinitionExists
from neops.engine.store.port import Store
from neops.engine.store.records import Version, WorkerId
from neops.protocol import WorkerState


def new_definition(*version: int) -> NewDefinition:
    major, minor, patch = version
    return NewDefinition(
        package="wf.example.io",
        name="w",
        version=Version(major=major, minor=minor, patch=patch),
        document={"patch": patch},
    )


async def test_a_worker_is_online_from_its_registration_and_fades_with_silence(store: Store, clock: Any) -> None:
    worker = await store.workers.register(
        NewWorker(version="1", name="w1", extensions=frozenset({"leaseToken"}), lease=timedelta(seconds=60))
    )

    async def state() -> WorkerState:
        known = await store.workers.get(worker.id)
        assert known is not None
        return known.state

    seen = [worker.state]
    for minutes in (2, 4):
        clock.turn(minutes=minutes)
        seen.append(await state())
    await store.workers.touch(worker.id)
    seen.append(await state())

    assert seen == [WorkerState.ONLINE, WorkerState.UNREACHABLE, WorkerState.OFFLINE, WorkerState.ONLINE]
    assert worker.extensions == {"leaseToken"}


async def test_a_heartbeat_brings_an_unregistered_worker_back_but_not_a_deleted_one(store: Store, world: Any) -> None:
    left, deleted = await world.worker(), await world.worker()
    await store.workers.unregister(left.id)
    await store.workers.delete([deleted.id])
    offline = await store.workers.find(state=WorkerState.OFFLINE)

    assert [worker.id for worker in offline] == [left.id]
    assert await store.workers.touch(left.id) is not None
    assert await store.workers.touch(deleted.id) is None
    assert await store.workers.touch(WorkerId("unknown")) is None
    assert [worker.id for worker in await store.workers.find(state=WorkerState.ONLINE)] == [left.id]


async def test_deleted_workers_are_shown_only_when_asked_for(store: Store, world: Any) -> None:
    worker = await world.worker()
    await store.workers.delete([worker.id])

    assert await store.workers.find() == []
    assert await store.workers.get(worker.id) is None
    (shown,) = await store.workers.find(deleted=True)
    assert shown.deleted_at is not None


async def test_a_worker_silent_for_a_day_is_forgotten(store: Store, world: Any, clock: Any) -> None:
    silent = await world.worker()
    clock.turn(hours=23)
    await world.worker()
    clock.turn(hours=2)

    assert await store.workers.forgotten() == [silent.id]


async def test_registering_a_block_again_renews_it_and_brings_a_deleted_one_back(store: Store, world: Any) -> None:
    first = await store.blocks.register(world.new_block("facts"), None)
    await store.blocks.delete(first.id)
    gone = await store.blocks.get(first.id)
    worker = await world.worker()
    again = await store.blocks.register(world.new_block("facts", description="better", pure=True), worker.id)

    assert gone is None
    assert (again.description, again.pure, again.deleted_at, again.created_at) == (
        "better",
        True,
        None,
        first.created_at,
    )
    assert [one.id for one in await store.blocks.workers(first.id)] == [worker.id]
    assert await store.workers.blocks(worker.id) == [first.id]


async def test_versions_are_ordered_by_their_numbers(store: Store, world: Any) -> None:
    for minor in (10, 9, 2):
        await store.blocks.register(world.new_block(version=Version(major=1, minor=minor, patch=0)), None)

    assert [block.version.minor for block in await store.blocks.find(package="fb.example.io")] == [2, 9, 10]
    assert await store.blocks.find(name="other") == []


async def test_a_published_document_never_changes(store: Store) -> None:
    saved = await store.definitions.save(new_definition(1, 0, 0))

    with pytest.raises(DefinitionExists):
        await store.definitions.save(replace(new_definition(1, 0, 0), document={"other": True}))

    assert await store.definitions.get(saved.id) == saved


async def test_a_deleted_definition_can_be_restored_and_its_version_is_not_given_again(store: Store) -> None:
    saved = await store.definitions.save(new_definition(1, 0, 0))
    deleted = await store.definitions.delete(saved.id), await store.definitions.delete(saved.id)

    with pytest.raises(DefinitionExists):
        await store.definitions.save(new_definition(1, 0, 0))
    assert deleted == (True, False)
    assert await store.definitions.get(saved.id) is None
    assert await store.definitions.get(saved.id, deleted=True) is not None
    assert await store.definitions.restore(saved.id)
    assert await store.definitions.get(saved.id) is not None
