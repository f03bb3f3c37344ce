"""Runs, their one change, locks and logs: what every store must do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from neops.engine.store.changes import LockRequest, NewEvent, NewRun, RunChange
from neops.engine.store.errors import LocksHeld, RunExists, RunMoved
from neops.engine.store.port import Store
from neops.engine.store.records import DefinitionId, EventKind, JobEnding, LockKey, RunId, StepKey, StepOutcomes
from neops.entities import EntityType
from neops.protocol import JobResultStatus, JobStatus, ReasonCode, RunStatus, RunTargets

DEVICE_1 = LockKey(entity=EntityType.DEVICE, id=1)
DEVICE_2 = LockKey(entity=EntityType.DEVICE, id=2)


def locks(*keys: LockKey, exclusive: bool = True) -> LockRequest:
    return LockRequest(keys=frozenset(keys), exclusive=exclusive)


def new_run(run: str | None = None) -> NewRun:
    return NewRun(
        id=None if run is None else RunId(run),
        workflow_id=DefinitionId("wf.example.io/w:1.0.0"),
        workflow_name="w",
        parameters={"limit": 5},
        targets=RunTargets(query="hostname:r*"),
        state={"step": 0},
    )


async def test_a_run_is_kept_as_it_was_asked_for(store: Store) -> None:
    created = await store.runs.create(new_run())

    run = await store.runs.get(created.id)
    assert run == created
    assert run is not None
    assert (run.status, run.parameters, run.targets.query, run.state) == (
        RunStatus.NEW,
        {"limit": 5},
        "hostname:r*",
        {"step": 0},
    )


async def test_a_given_run_id_is_used_once(store: Store) -> None:
    await store.runs.create(new_run("mine"))

    with pytest.raises(RunExists):
        await store.runs.create(new_run("mine"))


async def test_a_change_decided_on_an_old_state_of_the_run_is_refused_as_a_whole(world: Any, store: Store) -> None:
    block = await world.block()
    run = await store.runs.create(new_run())
    await world.change(run, status=RunStatus.VALID)

    with pytest.raises(RunMoved):
        await world.change(run, status=RunStatus.FAILED_SAFE, jobs=(world.job(block),))

    now = await store.runs.get(run.id)
    assert now is not None
    assert (now.status, now.revision) == (RunStatus.VALID, 1)
    assert await store.jobs.find() == []


async def test_of_many_changes_at_once_one_wins(world: Any, store: Store) -> None:
    run = await store.runs.create(new_run())

    results = await asyncio.gather(
        *(world.change(run, status=RunStatus.VALID) for _ in range(10)), return_exceptions=True
    )

    assert sum(isinstance(one, RunMoved) for one in results) == 9


async def test_what_fails_in_a_group_of_writes_spoils_nothing_else(store: Store) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("broken")

    results = await asyncio.gather(
        store.runs.create(new_run("first")),
        store.write(broken),
        store.runs.create(new_run("second")),
        return_exceptions=True,
    )

    assert isinstance(results[1], RuntimeError)
    assert {run.id for run in await store.runs.find()} == {"first", "second"}


async def test_entity_updates_happen_together_with_the_run_or_not_at_all(world: Any, store: Store) -> None:
    def add_platform(connection: Any, _: Any) -> None:
        connection.execute(text("INSERT INTO cms_platforms (short_name) VALUES ('frr')"))

    def fail(connection: Any, now: Any) -> None:
        add_platform(connection, now)
        raise RuntimeError("no")

    def platforms() -> Any:
        return store.read(lambda connection: connection.scalar(text("SELECT count(*) FROM cms_platforms")))

    run = await store.runs.create(new_run())
    with pytest.raises(RuntimeError):
        await world.change(run, status=RunStatus.COMPLETED, apply=fail)
    before = await platforms()
    await world.change(run, status=RunStatus.COMPLETED, apply=add_platform)

    assert (before, await platforms()) == (0, 1)


async def test_the_store_stamps_when_a_run_started_and_ended(world: Any, store: Store, clock: Any) -> None:
    run = await store.runs.create(new_run())
    clock.turn(seconds=1)
    run = await world.change(run, status=RunStatus.RUNNING)
    started = clock()
    clock.turn(seconds=1)
    run = await world.change(run, status=RunStatus.COMPLETED)
    ended = clock()
    clock.turn(seconds=1)
    run = await world.change(run, status=RunStatus.COMPLETED_ACK)

    assert (run.started_at, run.finished_at, run.updated_at) == (started, ended, clock())


async def test_why_a_run_failed_is_kept(store: Store) -> None:
    run = await store.runs.create(new_run())
    failed = replace(run, status=RunStatus.FAILED_SAFE, reason="r1 is down", reason_code=ReasonCode.STEP_FAILED)

    assert await store.runs.commit(RunChange(run=failed)) == await store.runs.get(run.id)


async def test_the_context_stays_until_another_is_given(world: Any, store: Store) -> None:
    run = await store.runs.create(new_run())
    empty = await store.runs.context(run.id)
    run = await world.change(run, context={"devices": [{"id": 1}], "deviceGroups": [], "interfaces": []})
    await world.change(run)

    assert empty == {"devices": [], "deviceGroups": [], "interfaces": []}
    assert (await store.runs.context(run.id))["devices"] == [{"id": 1}]


async def test_a_run_is_named_when_its_time_has_come_until_it_is_changed(world: Any, store: Store, clock: Any) -> None:
    run = await store.runs.create(new_run())
    run = await world.change(run, wake_after=timedelta(seconds=5))
    early = await store.due()
    clock.turn(seconds=5)
    due = await store.due()
    await world.change(run)

    assert (early.runs, early.next_in) == ((), timedelta(seconds=5))
    assert due.runs == (run.id,)
    assert (await store.due()).runs == ()


async def test_locks_are_taken_all_or_none(world: Any, store: Store) -> None:
    holder, other = await store.runs.create(new_run()), await store.runs.create(new_run())
    await world.change(holder, lock=locks(DEVICE_2))

    with pytest.raises(LocksHeld) as refused:
        await world.change(other, status=RunStatus.LOCKED, lock=locks(DEVICE_1, DEVICE_2))

    assert (refused.value.key, refused.value.holder) == (DEVICE_2, holder.id)
    assert await store.runs.held_locks(other.id) == []
    now = await store.runs.get(other.id)
    assert now is not None
    assert (now.status, now.locked) == (RunStatus.NEW, False)


async def test_one_entity_of_thousands_that_is_held_keeps_the_run_out(world: Any, store: Store) -> None:
    holder, other = await store.runs.create(new_run()), await store.runs.create(new_run())
    fleet = [LockKey(entity=EntityType.DEVICE, id=number) for number in range(1, 1202)]
    await world.change(holder, lock=locks(fleet[-1]))

    with pytest.raises(LocksHeld) as held:
        await world.change(other, lock=locks(*fleet))
    assert held.value.key == fleet[-1]


async def test_shared_locks_do_not_exclude_each_other_but_an_exclusive_one(world: Any, store: Store) -> None:
    readers = [await store.runs.create(new_run()) for _ in range(2)]
    writer = await store.runs.create(new_run())
    for reader in readers:
        await world.change(reader, lock=locks(DEVICE_1, exclusive=False))

    with pytest.raises(LocksHeld):
        await world.change(writer, lock=locks(DEVICE_1))


async def test_an_exclusive_lock_keeps_readers_out(world: Any, store: Store) -> None:
    writer, reader = await store.runs.create(new_run()), await store.runs.create(new_run())
    await world.change(writer, lock=locks(DEVICE_1))

    with pytest.raises(LocksHeld):
        await world.change(reader, lock=locks(DEVICE_1, exclusive=False))


async def test_unlocked_entities_are_free_for_others(world: Any, store: Store) -> None:
    holder, other = await store.runs.create(new_run()), await store.runs.create(new_run())
    holder = await world.change(holder, lock=locks(DEVICE_1, DEVICE_2))
    await world.change(holder, unlock=True)

    taken = await world.change(other, lock=locks(DEVICE_1))

    assert taken.locked
    assert await store.runs.held_locks(other.id) == [DEVICE_1]


async def test_a_run_that_gives_its_locks_up_leaves_those_of_others(world: Any, store: Store) -> None:
    first, second = await store.runs.create(new_run()), await store.runs.create(new_run())
    first = await world.change(first, lock=locks(DEVICE_1))
    await world.change(second, lock=locks(DEVICE_2))

    await world.change(first, unlock=True)

    assert await store.runs.held_locks(second.id) == [DEVICE_2]


async def test_ten_thousand_entities_are_locked_in_one_change(world: Any, store: Store) -> None:
    run = await store.runs.create(new_run())
    keys = [LockKey(entity=EntityType.DEVICE, id=number) for number in range(1, 10_001)]

    await world.change(run, lock=locks(*keys))

    assert await store.runs.held_locks(run.id) == keys


async def test_outcomes_count_a_step_without_superseded_attempts(world: Any, store: Store) -> None:
    block = await world.block()
    worker = await world.worker()
    run = await world.run(*(world.job(block, entity) for entity in range(1, 6)))
    first, second, third, _ = await world.claim(worker, block, limit=4)
    await world.push(first)
    await world.push(second, success=False)
    await world.push(third, success=False)
    again = world.job(block, third.entity_id, replaces=third.job, attempt=2)
    await world.change(run, jobs=(again,))

    outcomes = await store.runs.outcomes(run.id, StepKey("0"))

    assert outcomes == StepOutcomes(pending=2, leased=1, succeeded=1, failed=1)
    assert (outcomes.open, outcomes.total) == (3, 5)


async def test_a_steps_jobs_come_in_pages_in_the_order_of_creation(world: Any, store: Store) -> None:
    block = await world.block()
    run = await world.run(*(world.job(block, entity) for entity in range(1, 6)))
    step = StepKey("0")

    first = await store.runs.jobs(run.id, step, limit=3)
    second = await store.runs.jobs(run.id, step, after=first[-1].id, limit=3)

    assert [job.entity_id for job in first + second] == [1, 2, 3, 4, 5]


async def test_cancelling_ends_pending_jobs_and_signals_leased_ones(world: Any, store: Store) -> None:
    block = await world.block()
    worker = await world.worker()
    run = await world.run(world.job(block, 1), world.job(block, 2))
    (lease,) = await world.claim(worker, block)

    await world.change(run, cancel_jobs=True)

    heartbeat = await store.workers.touch(worker.id)
    jobs = await store.jobs.find(run=run.id)
    assert heartbeat is not None
    assert heartbeat.cancel == (lease.job,)
    assert [(job.status, job.ending) for job in jobs] == [
        (JobStatus.POLLED, None),
        (JobStatus.PUSHED, JobEnding.CANCELED),
    ]


async def test_cancelling_leaves_the_jobs_of_other_runs(world: Any, store: Store) -> None:
    block = await world.block()
    worker = await world.worker()
    run = await world.run(world.job(block, 1))
    await world.run(world.job(block, 2), world.job(block, 3))
    await world.claim(worker, block, limit=2)

    await world.change(run, cancel_jobs=True)

    heartbeat = await store.workers.touch(worker.id)
    assert heartbeat is not None
    assert len(heartbeat.cancel) == 1
    assert [lease.entity_id for lease in await world.claim(worker, block)] == [3]


async def test_a_cancelled_job_gets_no_further_attempt(world: Any, store: Store, clock: Any) -> None:
    block = await world.block()
    worker = await world.worker()
    run = await world.run(world.job(block, repeatable=True))
    await world.claim(worker, block)
    await world.change(run, cancel_jobs=True)

    clock.turn(seconds=10)
    (ended,) = await store.jobs.sweep()

    assert ended.replaced_by is None


async def test_acknowledged_results_say_so(world: Any, store: Store) -> None:
    block = await world.block()
    worker = await world.worker()
    run = await world.run(world.job(block, 1), world.job(block, 2), world.job(block, 3, step=StepKey("1")))
    good, bad, later = await world.claim(worker, block, limit=3)
    await world.push(good)
    await world.push(bad, success=False)
    await world.push(later)

    await world.change(run, acknowledge=(StepKey("0"),))

    assert [job.result_status for job in await store.jobs.find(run=run.id)] == [
        JobResultStatus.SUCCESS_ACK,
        JobResultStatus.FAILED_ACK,
        JobResultStatus.SUCCESS,
    ]


async def test_a_runs_log_has_every_transition_once_and_no_gap(world: Any, store: Store) -> None:
    block = await world.block()
    worker = await world.worker()
    run = await world.run(world.job(block, 7))
    (lease,) = await world.claim(worker, block)
    await world.push(lease)
    await world.push(lease)
    ended = NewEvent(kind=EventKind.RUN, data={"status": "completed"})
    await world.change(run, status=RunStatus.COMPLETED, events=(ended,))

    events = await store.events.after(run.id, 0)

    assert [event.seq for event in events] == [1, 2, 3, 4, 5]
    assert [(event.kind, event.data["status"]) for event in events] == [
        ("run", "new"),
        ("job", "pending"),
        ("job", "polled"),
        ("job", "pushed"),
        ("run", "completed"),
    ]
    assert {(event.job, event.entity_id, event.step_label) for event in events[1:4]} == {(lease.job, 7, "collect")}


async def test_numbers_have_no_gap_when_many_write_to_one_log(world: Any, store: Store) -> None:
    block = await world.block()
    worker = await world.worker()
    run = await world.run(*(world.job(block, entity) for entity in range(1, 31)))
    leases = await world.claim(worker, block, limit=30)

    await asyncio.gather(*(world.push(lease) for lease in leases))

    events = await store.events.after(run.id, 0)
    assert [event.seq for event in events] == list(range(1, 92))


async def test_a_log_is_read_on_from_any_number(store: Store) -> None:
    run = await store.runs.create(new_run())
    await store.events.append(run.id, [NewEvent(kind=EventKind.LOG, data={"message": str(n)}) for n in range(5)])

    page = await store.events.after(run.id, 2, limit=2)

    assert [event.data["message"] for event in page] == ["1", "2"]


async def test_runs_are_listed_by_status_and_by_how_long_they_are_over(world: Any, store: Store, clock: Any) -> None:
    running = await world.run()
    over = await store.runs.create(new_run())
    await world.change(over, status=RunStatus.COMPLETED_ACK)
    clock.turn(minutes=6)
    just_over = await store.runs.create(new_run())
    await world.change(just_over, status=RunStatus.FAILED_SAFE_ACK)

    assert {run.id for run in await store.runs.find()} == {running.id, over.id, just_over.id}
    assert {run.id for run in await store.runs.find(active=True)} == {running.id, just_over.id}
    assert [run.id for run in await store.runs.find(unfinished=True)] == [running.id]
    assert [run.id for run in await store.runs.find(statuses=[RunStatus.COMPLETED_ACK])] == [over.id]


async def test_everything_is_there_when_the_store_is_opened_again(world: Any, store: Store, open_store: Any) -> None:
    block = await world.block()
    worker = await world.worker()
    run = await world.run(world.job(block, 1), world.job(block, 2))
    (lease,) = await world.claim(worker, block)
    await store.close()

    again = await open_store()

    assert await again.runs.get(run.id) == run
    assert [job.status for job in await again.jobs.find()] == [JobStatus.POLLED, JobStatus.PENDING]
    assert [event.seq for event in await again.events.after(run.id, 0)] == [1, 2, 3, 4]
    assert (await again.jobs.get(lease.job)).worker == worker.id
