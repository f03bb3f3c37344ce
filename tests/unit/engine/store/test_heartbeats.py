"""What workers say of the jobs they hold, and what becomes of the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from neops.engine.store.changes import Heartbeat, HeldLease, Push, PushOutcome
from neops.engine.store.port import Store
from neops.engine.store.records import EventKind, JobEnding, Signal
from neops.protocol import JobResultStatus, JsonObject

OK = JobResultStatus.SUCCESS
SAID: JsonObject = {"success": True, "message": "done"}


def named(*leases: Any) -> list[HeldLease]:
    return [HeldLease(job=lease.job, token=lease.token) for lease in leases]


async def test_a_job_that_no_heartbeat_named_was_not_started_and_goes_back_into_the_queue(
    world: Any, store: Store, clock: Any
) -> None:
    block = await world.block(pure=False)
    worker = await world.worker(block)
    run = await world.run(world.job(block, repeatable=False))
    (first,) = await world.claim(worker, block, lease_s=10, confirms=True)
    await store.workers.touch(worker.id, [])
    clock.turn(seconds=11)

    ended = await store.jobs.sweep()

    assert ended == []
    (again,) = await world.claim(worker, block, confirms=True)
    assert (again.job, again.attempt) == (first.job, 1)
    assert again.token != first.token
    statuses = [event.data["status"] for event in await store.events.after(run.id, 0) if event.job == first.job]
    assert statuses == ["pending", "polled", "pending", "polled"]


async def test_a_job_counts_as_started_with_the_first_heartbeat_that_names_it(
    world: Any, store: Store, clock: Any
) -> None:
    block = await world.block(pure=False)
    worker = await world.worker(block)
    await world.run(world.job(block, repeatable=False))
    (lease,) = await world.claim(worker, block, lease_s=10, confirms=True)
    leased_at = clock.time
    clock.turn(seconds=5)
    await store.workers.touch(worker.id, named(lease))
    clock.turn(seconds=61)

    (ended,) = await store.jobs.sweep()

    assert (ended.ending, ended.replaced_by) == (JobEnding.WORKER_LOST, None)
    job = await store.jobs.get(lease.job)
    assert job is not None
    assert job.started_at == leased_at


async def test_a_heartbeat_renews_the_named_leases_only_and_tells_which_are_lost(
    world: Any, store: Store, clock: Any
) -> None:
    block = await world.block(pure=False)
    worker = await world.worker(block)
    await world.run(world.job(block, 1), world.job(block, 2))
    kept, forgotten = await world.claim(worker, block, limit=2, lease_s=10)
    clock.turn(seconds=9)
    await store.workers.touch(worker.id, named(kept))
    clock.turn(seconds=2)
    await store.jobs.sweep()

    heartbeat = await store.workers.touch(worker.id, named(kept, forgotten))

    assert heartbeat == Heartbeat(lost=(forgotten.job,))


async def test_a_lease_under_an_old_token_is_lost(world: Any, store: Store) -> None:
    block = await world.block()
    worker = await world.worker(block)
    await world.run(world.job(block))
    (lease,) = await world.claim(worker, block)

    heartbeat = await store.workers.touch(worker.id, [HeldLease(job=lease.job, token="another")])

    assert heartbeat == Heartbeat(lost=(lease.job,))


async def test_a_canceled_job_that_nobody_started_ends_as_canceled(world: Any, store: Store, clock: Any) -> None:
    block = await world.block(pure=False)
    worker = await world.worker(block)
    run = await world.run(world.job(block))
    (lease,) = await world.claim(worker, block, lease_s=10, confirms=True)
    await world.change(run, cancel_jobs=True)
    clock.turn(seconds=11)

    (ended,) = await store.jobs.sweep()

    assert (ended.job, ended.ending) == (lease.job, JobEnding.CANCELED)


async def test_a_result_says_that_its_job_was_started(world: Any, store: Store, clock: Any) -> None:
    block = await world.block()
    worker = await world.worker(block)
    await world.run(world.job(block))
    (lease,) = await world.claim(worker, block, confirms=True)
    leased_at = clock.time
    clock.turn(seconds=1)
    await world.push(lease)

    job = await store.jobs.get(lease.job)

    assert job is not None
    assert (job.started_at, job.finished_at) == (leased_at, clock.time)


async def test_leases_outlast_the_time_in_which_the_engine_was_away(
    world: Any, store: Store, clock: Any, open_store: Any
) -> None:
    block = await world.block(pure=False)
    worker = await world.worker(block)
    await world.run(world.job(block))
    (lease,) = await world.claim(worker, block, lease_s=60)
    await store.close()
    clock.turn(minutes=30)
    again = await open_store()
    await again.jobs.extend(timedelta(seconds=60))

    assert await again.jobs.sweep() == []
    assert await again.workers.touch(worker.id, named(lease)) == Heartbeat()


async def test_refused_results_are_evidence_in_the_runs_log_but_not_without_end(
    world: Any, store: Store, clock: Any
) -> None:
    block = await world.block(pure=False)
    worker = await world.worker(block)
    run = await world.run(world.job(block))
    (lease,) = await world.claim(worker, block)
    clock.turn(seconds=11)
    await store.jobs.sweep()

    outcomes = [await world.push(lease, result={"success": True, "message": f"late {one}"}) for one in range(9)]

    assert set(outcomes) == {PushOutcome.CONFLICT}
    lines = [event.data["message"] for event in await store.events.after(run.id, 0) if event.kind is EventKind.LOG]
    assert lines == [f"a result that came too late was refused and kept: success: late {one}" for one in range(5)]


async def test_a_published_worker_that_repeats_its_result_leaves_no_evidence(world: Any, store: Store) -> None:
    block = await world.block()
    worker = await world.worker(block)
    run = await world.run(world.job(block))
    (lease,) = await world.claim(worker, block)

    outcomes = [await store.jobs.push(Push(job=lease.job, token=None, status=OK, result=SAID)) for _ in range(2)]

    assert outcomes == [PushOutcome.STORED, PushOutcome.CONFLICT]
    assert not [event for event in await store.events.after(run.id, 0) if event.kind is EventKind.LOG]


async def test_a_worker_hears_which_of_its_jobs_are_canceled(world: Any, store: Store) -> None:
    block = await world.block()
    mine, other = await world.worker(block), await world.worker(block)
    run = await world.run(world.job(block, 1), world.job(block, 2), world.job(block, 3))
    first, second = await world.claim(mine, block, limit=2)
    await world.claim(other, block)
    signals: list[Signal] = []
    store.subscribe(signals.append)

    await world.change(run, cancel_jobs=True)

    assert await store.workers.canceled(mine.id) == [first.job, second.job]
    assert any(signal.jobs_canceled for signal in signals)
