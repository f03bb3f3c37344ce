"""The queue and its leases: what every store must do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from neops.engine.store.changes import Claim, JobNote, PushOutcome
from neops.engine.store.port import Store
from neops.engine.store.records import EventKind, JobEnding, Signal
from neops.protocol import JobResultStatus, JobStatus


async def test_jobs_are_leased_by_priority_then_in_the_order_they_were_created(world: Any) -> None:
    block, other = await world.block("facts"), await world.block("backup")
    worker = await world.worker()
    await world.run(
        world.job(block, 1), world.job(other, 2, priority=-1), world.job(block, 3), world.job(other, 4, priority=-1)
    )

    leases = await world.claim(worker, block, other, limit=3)

    assert [lease.entity_id for lease in leases] == [2, 4, 1]


async def test_only_jobs_of_the_exact_block_versions_asked_for_are_leased(world: Any) -> None:
    block, other = await world.block("facts"), await world.block("backup")
    worker = await world.worker()
    await world.run(world.job(other))

    assert await world.claim(worker, block, limit=10) == []


async def test_no_job_is_leased_twice_however_many_ask_at_once(world: Any) -> None:
    block = await world.block()
    workers = [await world.worker() for _ in range(4)]
    await world.run(*(world.job(block, entity) for entity in range(1, 21)))

    answers = await asyncio.gather(*(world.claim(worker, block) for worker in workers * 10))

    leased = [lease.entity_id for leases in answers for lease in leases]
    assert sorted(leased) == list(range(1, 21))


async def test_claims_of_one_call_choose_in_their_order(store: Store, world: Any) -> None:
    block = await world.block()
    first, second = await world.worker(), await world.worker()
    await world.run(world.job(block, 1), world.job(block, 2), world.job(block, 3))

    answers = await store.jobs.claim(
        [
            Claim(worker=worker.id, blocks=(block.id,), limit=2, lease=timedelta(seconds=10))
            for worker in (first, second)
        ]
    )

    assert [[lease.entity_id for lease in leases] for leases in answers] == [[1, 2], [3]]


async def test_a_worker_that_left_or_was_deleted_leases_nothing(store: Store, world: Any) -> None:
    block = await world.block()
    left, deleted = await world.worker(), await world.worker()
    await store.workers.unregister(left.id)
    await store.workers.delete([deleted.id])
    await world.run(world.job(block))

    assert await world.claim(left, block) == []
    assert await world.claim(deleted, block) == []


async def test_a_lease_carries_what_the_worker_needs(world: Any, clock: Any) -> None:
    block = await world.block()
    worker = await world.worker()
    run = await world.run(world.job(block, 7, timeout=timedelta(seconds=30), forward_result={"success": True}))

    (lease,) = await world.claim(worker, block, lease_s=10)

    assert (lease.run, lease.block, lease.entity_id, lease.attempt) == (run.id, block.id, 7, 1)
    assert lease.parameters == {"entity": 7}
    assert lease.context["devices"] == [{"id": 7}]
    assert lease.forward_result == {"success": True}
    assert lease.expires_at == clock() + timedelta(seconds=10)
    assert lease.deadline == clock() + timedelta(seconds=30)


async def test_a_job_given_back_is_first_in_the_queue_again(store: Store, world: Any) -> None:
    block = await world.block()
    worker = await world.worker()
    await world.run(world.job(block, 1), world.job(block, 2))
    leases = await world.claim(worker, block)

    await store.jobs.give_back(leases)

    (again,) = await world.claim(worker, block)
    assert (again.entity_id, again.attempt) == (1, 1)
    assert again.token != leases[0].token


async def test_a_result_and_a_return_under_an_old_lease_are_refused(store: Store, world: Any) -> None:
    block = await world.block()
    slow, worker = await world.worker(), await world.worker()
    await world.run(world.job(block))
    (old,) = await world.claim(slow, block)
    await store.jobs.give_back([old])
    (lease,) = await world.claim(worker, block)

    await store.jobs.give_back([old])

    assert await world.claim(slow, block) == []
    assert await world.push(old) is PushOutcome.CONFLICT
    assert await world.push(lease) is PushOutcome.STORED


async def test_the_first_result_wins(store: Store, world: Any) -> None:
    block = await world.block()
    worker = await world.worker()
    await world.run(world.job(block))
    (lease,) = await world.claim(worker, block)

    first = await world.push(lease, result={"success": True, "message": "first"})
    other = await world.push(lease, token="not-mine", result={"success": True, "message": "second"})

    job = await store.jobs.get(lease.job)
    assert (first, other) == (PushOutcome.STORED, PushOutcome.CONFLICT)
    assert job is not None
    assert job.result == {"success": True, "message": "first"}
    assert (job.status, job.ending, job.result_status) == (
        JobStatus.PUSHED,
        JobEnding.RESULT,
        JobResultStatus.SUCCESS,
    )


async def test_a_push_whose_answer_was_lost_is_answered_with_success_again(world: Any) -> None:
    block = await world.block()
    worker = await world.worker()
    await world.run(world.job(block))
    (lease,) = await world.claim(worker, block)
    await world.push(lease)

    assert await world.push(lease) is PushOutcome.REPEATED


async def test_a_result_of_an_unknown_job_is_told_apart(world: Any) -> None:
    block = await world.block()
    worker = await world.worker()
    await world.run(world.job(block))
    (lease,) = await world.claim(worker, block)

    assert await world.push(replace(lease, job="nobody's")) is PushOutcome.UNKNOWN


async def test_a_heartbeat_renews_all_leases_of_its_worker_and_no_others(world: Any, store: Store, clock: Any) -> None:
    block = await world.block()
    mine, other = await world.worker(lease_s=60), await world.worker(lease_s=60)
    await world.run(*(world.job(block, entity) for entity in (1, 2, 3)))
    await world.claim(mine, block, limit=2, lease_s=10)
    (lost,) = await world.claim(other, block, lease_s=10)

    clock.turn(seconds=9)
    await store.workers.touch(mine.id)
    clock.turn(seconds=2)
    ended = await store.jobs.sweep()

    assert [one.job for one in ended] == [lost.job]


async def test_a_lease_that_nobody_renews_ends_and_a_repeatable_job_gets_another_attempt(
    world: Any, store: Store, clock: Any
) -> None:
    block = await world.block(pure=True)
    worker = await world.worker()
    run = await world.run(world.job(block, 7, repeatable=True))
    (lost,) = await world.claim(worker, block, lease_s=10)

    clock.turn(seconds=10)
    (ended,) = await store.jobs.sweep()
    (again,) = await world.claim(worker, block)

    assert (ended.ending, ended.replaced_by) == (JobEnding.WORKER_LOST, again.job)
    assert (again.entity_id, again.attempt, again.parameters) == (7, 2, lost.parameters)
    outcomes = await store.runs.outcomes(run.id, world.job(block).step)
    assert (outcomes.leased, outcomes.total) == (1, 1)


async def test_a_job_that_may_not_run_twice_is_lost_with_its_worker(world: Any, store: Store, clock: Any) -> None:
    block = await world.block()
    worker = await world.worker()
    await world.run(world.job(block, repeatable=False))
    (lease,) = await world.claim(worker, block, lease_s=10)

    clock.turn(seconds=10)
    (ended,) = await store.jobs.sweep()

    job = await store.jobs.get(lease.job)
    assert ended.replaced_by is None
    assert await world.claim(worker, block) == []
    assert job is not None
    assert (job.ending, job.result_status) == (JobEnding.WORKER_LOST, JobResultStatus.FAILED)
    assert worker.id in str((job.result or {})["message"])


async def test_attempts_end_at_the_limit(world: Any, store: Store, clock: Any) -> None:
    block = await world.block()
    worker = await world.worker()
    await world.run(world.job(block, repeatable=True, max_attempts=2))
    attempts = 0
    while leases := await world.claim(worker, block, lease_s=10):
        attempts += len(leases)
        clock.turn(seconds=10)
        await store.jobs.sweep()

    assert attempts == 2


async def test_the_late_result_of_a_lost_worker_is_refused(world: Any, store: Store, clock: Any) -> None:
    block = await world.block()
    worker = await world.worker()
    await world.run(world.job(block, repeatable=True))
    (lost,) = await world.claim(worker, block, lease_s=10)
    clock.turn(seconds=10)
    await store.jobs.sweep()

    assert await world.push(lost) is PushOutcome.CONFLICT
    (again,) = await world.claim(worker, block)
    assert await world.push(again) is PushOutcome.STORED


async def test_a_worker_that_unregisters_loses_its_jobs_at_once(world: Any, store: Store) -> None:
    block = await world.block()
    worker = await world.worker()
    await world.run(world.job(block))
    (lease,) = await world.claim(worker, block)

    await store.workers.unregister(worker.id)

    assert [one.job for one in await store.jobs.sweep()] == [lease.job]


async def test_a_job_past_its_deadline_is_ended_when_its_worker_does_not(world: Any, store: Store, clock: Any) -> None:
    block = await world.block()
    worker = await world.worker(lease_s=600)
    await world.run(world.job(block, timeout=timedelta(seconds=30), repeatable=True))
    (lease,) = await world.claim(worker, block, lease_s=600)

    clock.turn(seconds=34)
    assert await store.jobs.sweep() == []
    clock.turn(seconds=1)
    (ended,) = await store.jobs.sweep()

    assert (ended.job, ended.ending, ended.replaced_by) == (lease.job, JobEnding.TIMED_OUT, None)


async def test_a_job_whose_block_nobody_offers_is_canceled_after_the_limit_and_says_which(
    world: Any, store: Store, clock: Any
) -> None:
    wanted, orphan = await world.block("wanted"), await world.block("orphan")
    worker = await world.worker(wanted)
    await world.run(world.job(wanted, 1), world.job(orphan, 2))

    clock.turn(hours=1)
    await store.workers.touch(worker.id)
    (ended,) = await store.jobs.sweep()

    job = await store.jobs.get(ended.job)
    assert job is not None
    assert (job.block, job.ending, job.result_status) == (orphan.id, JobEnding.NEVER_POLLED, None)
    assert str(orphan.id) in str((job.result or {})["message"])


async def test_a_delayed_job_enters_the_queue_when_its_time_has_come(world: Any, store: Store, clock: Any) -> None:
    block = await world.block()
    worker = await world.worker()
    await world.run(world.job(block, delay=timedelta(seconds=30)))

    early = await world.claim(worker, block)
    waiting = await store.due()
    clock.turn(seconds=30)
    due = await store.due()

    assert (early, waiting.next_in) == ([], timedelta(seconds=30))
    assert due.jobs == 1
    assert len(await world.claim(worker, block)) == 1


async def test_notes_of_a_job_enter_its_runs_log_and_renew_its_lease(world: Any, store: Store, clock: Any) -> None:
    block = await world.block()
    worker = await world.worker(lease_s=60)
    run = await world.run(world.job(block, 7))
    (lease,) = await world.claim(worker, block, lease_s=10)

    clock.turn(seconds=9)
    await store.jobs.note(
        [JobNote(job=lease.job, token=lease.token, kind=EventKind.PROGRESS, data={"done": 1, "total": 2})]
    )
    clock.turn(seconds=9)

    event = (await store.events.after(run.id, 0))[-1]
    assert await store.jobs.sweep() == []
    assert (event.kind, event.job, event.entity_id, event.data) == (
        EventKind.PROGRESS,
        lease.job,
        7,
        {"done": 1, "total": 2},
    )


async def test_notes_under_another_lease_are_dropped(world: Any, store: Store) -> None:
    block = await world.block()
    worker = await world.worker()
    run = await world.run(world.job(block))
    (lease,) = await world.claim(worker, block)
    before = await store.events.after(run.id, 0)

    await store.jobs.note([JobNote(job=lease.job, token="old", kind=EventKind.LOG, data={"message": "late"})])

    assert await store.events.after(run.id, 0) == before


async def test_who_waits_is_told_of_queued_jobs(world: Any, store: Store) -> None:
    heard: list[Signal] = []
    stop = store.subscribe(heard.append)
    block = await world.block()
    run = await world.run(world.job(block))
    told = list(heard)
    stop()
    await world.run()

    assert any(signal.jobs_queued for signal in told)
    assert run.id in told[0].advanced | told[0].logged
    assert heard == told


async def test_a_run_advances_with_the_last_answer_of_a_step_not_with_each(world: Any, store: Store) -> None:
    block = await world.block()
    worker = await world.worker()
    run = await world.run(*(world.job(block, entity) for entity in (1, 2, 3)), world.job(block, 4, step="later"))
    leases = await world.claim(worker, block, limit=3)
    heard: list[Signal] = []
    store.subscribe(heard.append)
    for lease in leases:
        await world.push(lease)

    assert [signal.advanced for signal in heard] == [set(), set(), {run.id}]
    assert [signal.logged for signal in heard] == [{run.id}] * 3


async def test_a_job_that_cannot_be_delivered_ends_as_failed(world: Any, store: Store) -> None:
    block = await world.block()
    worker = await world.worker()
    await world.run(world.job(block))
    (lease,) = await world.claim(worker, block)

    await store.jobs.fail(lease, "no such label")

    job = await store.jobs.get(lease.job)
    assert job is not None
    assert (job.ending, job.result) == (JobEnding.UNDELIVERABLE, {"success": False, "message": "no such label"})
