from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from neops.cms import DeviceSecrets
from neops.engine.artifacts import ArtifactFiles
from neops.engine.blackboard import Blackboard, LeaseTerms, WorkerUnknown
from neops.engine.store.changes import PushOutcome
from neops.engine.store.port import Store
from neops.engine.store.records import JobEnding, WorkerId
from neops.entities import Secret
from neops.protocol import (
    CancellationsQuery,
    Extension,
    HeldJob,
    JobArtifact,
    JobDefinition,
    JobEvent,
    JobEventKind,
    JobEvents,
    JobExecutionResult,
    JobPoll,
    JobResult,
    JobResultStatus,
    JobStatus,
    Ping,
    RegisterWorker,
    Versionable,
)

FACTS = Versionable(package="fb.example.io", name="facts", major_version=1, minor_version=0, patch_version=0)
ALL = [extension.value for extension in Extension]


async def never() -> None:
    """A client that stays on the line."""
    await asyncio.Event().wait()


async def at_once() -> None:
    """A client that has hung up."""


class Vault:
    """Device 1 has a password; it can be out of order."""

    def __init__(self) -> None:
        self.broken = False

    async def __call__(self, devices: Collection[int]) -> dict[int, DeviceSecrets]:
        if self.broken:
            raise ConnectionError("the vault is closed")
        secret = DeviceSecrets(password=Secret("hunter2"), connection_options=None)
        return {device: secret for device in devices if device == 1}


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest.fixture
async def board(store: Store, vault: Vault, tmp_path: Path) -> AsyncIterator[Blackboard]:
    board = Blackboard(store, ArtifactFiles(tmp_path / "files"), vault, LeaseTerms(hold=timedelta(0)))
    board.start()
    yield board
    await board.stop()


async def joined(board: Blackboard, *extensions: str) -> WorkerId:
    return (await board.register(RegisterWorker(version="1", extensions=list(extensions) or None))).id


def question(worker: WorkerId, *, wait_s: float | None = None, limit: int | None = None) -> JobPoll:
    return JobPoll(function_block_ids=[FACTS], worker_id=worker, wait_seconds=wait_s, limit=limit)


def result_of(job: JobDefinition, **more: Any) -> JobResult:
    return JobResult(
        job_execution_id=job.job_id,
        status=JobResultStatus.SUCCESS,
        result=JobExecutionResult(success=True, message="done"),
        lease_token=job.lease_token,
        **more,
    )


async def test_a_held_poll_is_answered_as_soon_as_there_is_a_job(board: Blackboard, world: Any) -> None:
    block, worker = await world.block(), await joined(board)
    polling = asyncio.create_task(board.poll(question(worker, wait_s=20), never))
    await asyncio.sleep(0)
    await world.run(world.job(block, 7))

    (job,) = await asyncio.wait_for(polling, 5)

    assert (job.function_block_id, job.entity_id, job.step_label) == (block.id, 7, "collect")


async def test_a_poll_that_does_not_say_how_long_gets_nothing_after_the_usual_hold(board: Blackboard) -> None:
    worker = await joined(board)

    assert await asyncio.wait_for(board.poll(question(worker), never), 5) == []


async def test_a_poll_that_is_not_held_gets_what_there_is(board: Blackboard, world: Any) -> None:
    block, worker = await world.block(), await joined(board)

    before = await board.poll(question(worker, wait_s=0), never)
    await world.run(world.job(block))
    after = await board.poll(question(worker, wait_s=0), never)

    assert (len(before), len(after)) == (0, 1)


async def test_a_poll_without_a_limit_gets_one_job(board: Blackboard, world: Any) -> None:
    block, worker = await world.block(), await joined(board)
    await world.run(*(world.job(block, entity) for entity in (1, 2, 3)))

    assert len(await board.poll(question(worker, wait_s=5), never)) == 1
    assert len(await board.poll(question(worker, wait_s=5, limit=5), never)) == 2


async def test_a_client_that_dropped_its_held_poll_leases_nothing(board: Blackboard, world: Any, store: Store) -> None:
    block, worker = await world.block(), await joined(board)
    hung_up = asyncio.Event()
    polls = [asyncio.create_task(board.poll(question(worker, wait_s=20), hung_up.wait)) for _ in range(40)]
    await asyncio.sleep(0)
    hung_up.set()
    await world.run(*(world.job(block, entity) for entity in range(1, 41)))

    answers = await asyncio.gather(*polls)

    await board.stop()
    assert answers == [[]] * 40
    assert {job.status for job in await store.jobs.find()} == {JobStatus.PENDING}


async def test_a_client_that_hangs_up_while_its_jobs_are_leased_gives_them_back(
    board: Blackboard, world: Any, store: Store
) -> None:
    block, worker = await world.block(), await joined(board)
    await world.run(*(world.job(block, entity) for entity in range(1, 41)))

    answers = await asyncio.gather(*(board.poll(question(worker, wait_s=20), at_once) for _ in range(40)))

    await board.stop()
    assert answers == [[]] * 40
    assert {job.status for job in await store.jobs.find()} == {JobStatus.PENDING}


async def test_a_poll_that_is_cancelled_gives_its_jobs_back(board: Blackboard, world: Any, store: Store) -> None:
    block, worker = await world.block(), await joined(board)
    polling = asyncio.create_task(board.poll(question(worker, wait_s=20), never))
    await asyncio.sleep(0)
    await world.run(world.job(block))
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)

    await board.stop()
    assert [job.status for job in await store.jobs.find()] == [JobStatus.PENDING]


async def test_unregistering_ends_the_held_polls_of_that_worker_only(board: Blackboard, world: Any) -> None:
    leaving, staying = await joined(board), await joined(board)
    polls = [asyncio.create_task(board.poll(question(one, wait_s=20), never)) for one in (leaving, staying)]
    await asyncio.sleep(0)

    await board.unregister(leaving)

    assert await asyncio.wait_for(polls[0], 5) == []
    assert not polls[1].done()
    polls[1].cancel()


async def test_stopping_answers_all_held_polls(board: Blackboard) -> None:
    worker = await joined(board)
    polls = [asyncio.create_task(board.poll(question(worker, wait_s=20), never)) for _ in range(3)]
    await asyncio.sleep(0)

    await board.stop()

    assert await asyncio.wait_for(asyncio.gather(*polls), 5) == [[], [], []]


async def test_workers_that_are_not_registered_are_told_so(board: Blackboard) -> None:
    nobody = WorkerId("nobody")

    with pytest.raises(WorkerUnknown):
        await board.poll(question(nobody), never)
    with pytest.raises(WorkerUnknown):
        await board.ping(nobody)
    with pytest.raises(WorkerUnknown):
        await board.unregister(nobody)


async def test_credentials_are_in_the_answer_to_a_poll_and_nowhere_in_the_database(
    board: Blackboard, world: Any, store: Store
) -> None:
    block, worker = await world.block(), await joined(board)
    await world.run(world.job(block, 1))

    (job,) = await board.poll(question(worker, wait_s=5), never)

    password = job.context.devices[0].password
    payloads = await store.read(lambda c: c.execute(text("SELECT context FROM job_payloads")).scalars().all())
    assert password is not None
    assert password.reveal() == "hunter2"
    assert "hunter2" not in json.dumps(payloads)


async def test_jobs_are_given_back_when_their_credentials_cannot_be_had(
    board: Blackboard, vault: Vault, world: Any, store: Store
) -> None:
    block, worker = await world.block(), await joined(board)
    await world.run(world.job(block))
    vault.broken = True

    with pytest.raises(ConnectionError):
        await board.poll(question(worker, wait_s=5), never)

    await board.stop()
    assert [job.status for job in await store.jobs.find()] == [JobStatus.PENDING]


async def test_only_a_worker_that_knows_leases_gets_their_keys(board: Blackboard, world: Any) -> None:
    block, published, ours = await world.block(), await joined(board), await joined(board, *ALL)
    run = await world.run(*(world.job(block, entity, timeout=timedelta(seconds=30)) for entity in (1, 2)))

    (plain,) = await board.poll(question(published, wait_s=5), never)
    (leased,) = await board.poll(question(ours, wait_s=5), never)

    assert (plain.lease_token, plain.attempt, plain.deadline, plain.workflow_execution_id) == (None,) * 4
    assert (leased.attempt, leased.workflow_execution_id) == (1, run.id)
    assert leased.lease_token
    assert leased.deadline is not None


async def test_a_lost_answer_brings_the_job_back_soon_but_a_published_worker_has_until_it_is_offline(
    board: Blackboard, world: Any, store: Store, clock: Any
) -> None:
    block, published, ours = await world.block(), await joined(board), await joined(board, *ALL)
    await world.run(*(world.job(block, entity) for entity in (1, 2)))
    await board.poll(question(published, wait_s=5), never)
    (leased,) = await board.poll(question(ours, wait_s=5), never)

    clock.turn(seconds=11)
    await store.jobs.sweep()
    soon = [job.id for job in await store.jobs.find() if job.status is JobStatus.PENDING]
    clock.turn(minutes=6)
    later = await store.jobs.sweep()

    assert soon == [leased.job_id]
    assert len(later) == 1


async def test_a_job_that_no_worker_would_understand_fails_alone(board: Blackboard, world: Any, store: Store) -> None:
    block, worker = await world.block(), await joined(board)
    await world.run(world.job(block, 1, step_label="not a label"), world.job(block, 2))

    (job,) = await board.poll(question(worker, wait_s=5, limit=2), never)

    broken = (await store.jobs.find())[0]
    assert job.entity_id == 2
    assert broken.ending is JobEnding.UNDELIVERABLE
    assert "not a label" in str((broken.result or {})["message"])


async def test_a_results_files_become_artifacts_with_it(board: Blackboard, world: Any, store: Store) -> None:
    block, worker = await world.block(), await joined(board, *ALL)
    run = await world.run(world.job(block, 7))
    (job,) = await board.poll(question(worker, wait_s=5), never)
    file = JobArtifact(name="config/r1.cfg", media_type="text/plain", content=b"hostname r1\n")

    outcome = await board.push(result_of(job, artifacts=[file]))
    again = await board.push(result_of(job, artifacts=[file]))

    (artifact,) = await store.artifacts.find(run.id)
    event = (await store.events.after(run.id, 0))[-2]
    assert (outcome, again) == (PushOutcome.STORED, PushOutcome.REPEATED)
    assert (artifact.name, artifact.size, artifact.entity_id, artifact.job) == ("config/r1.cfg", 12, 7, job.job_id)
    assert (event.kind, event.data["artifactId"]) == ("artifact", artifact.id)


async def test_what_a_job_says_is_in_its_runs_log(board: Blackboard, world: Any, store: Store) -> None:
    block, worker = await world.block(), await joined(board, *ALL)
    run = await world.run(world.job(block))
    (job,) = await board.poll(question(worker, wait_s=5), never)
    said: dict[str, Any] = {
        "job_id": job.job_id,
        "lease_token": job.lease_token,
        "timestamp": datetime(2026, 1, 2, tzinfo=UTC),
    }

    await board.tell(
        JobEvents(
            worker_id=worker,
            events=[
                JobEvent(kind=JobEventKind.LOG, level="INFO", message="hello", **said),
                JobEvent(kind=JobEventKind.PROGRESS, done=1, total=2, **said),
            ],
        )
    )

    log, progress = (await store.events.after(run.id, 0))[-2:]
    assert log.data == {"level": "INFO", "message": "hello", "loggedAt": "2026-01-02T00:00:00+00:00"}
    assert progress.data == {"done": 1, "total": 2}


async def test_a_worker_that_asks_hears_at_once_which_of_its_jobs_to_stop(
    board: Blackboard, world: Any, store: Store
) -> None:
    block, worker = await world.block(), await joined(board, *ALL)
    run = await world.run(world.job(block))
    (job,) = await board.poll(question(worker, wait_s=5), never)
    asking = asyncio.create_task(board.cancellations(worker, CancellationsQuery(known=[], wait_seconds=20), never))
    await asyncio.sleep(0)

    await world.change(run, cancel_jobs=True)

    assert await asyncio.wait_for(asking, 5) == [job.job_id]
    known = CancellationsQuery(known=[job.job_id], wait_seconds=0.01)
    assert await board.cancellations(worker, known, never) == []


async def test_a_question_about_cancellations_ends_with_its_asker_its_worker_and_the_engine(
    board: Blackboard,
) -> None:
    query = CancellationsQuery(known=[], wait_seconds=20)
    leaving, staying = await joined(board, *ALL), await joined(board, *ALL)
    asked = [asyncio.create_task(board.cancellations(one, query, never)) for one in (leaving, staying)]
    await asyncio.wait(asked, timeout=0.05)

    assert await asyncio.wait_for(board.cancellations(staying, query, at_once), 5) == []
    await board.unregister(leaving)
    assert await asyncio.wait_for(asked[0], 5) == []
    await board.stop()
    assert await asyncio.wait_for(asked[1], 5) == []
    with pytest.raises(WorkerUnknown):
        await board.cancellations(WorkerId("nobody"), query, never)


async def test_a_job_says_how_long_it_has_by_the_engines_clock(board: Blackboard, world: Any) -> None:
    block, worker = await world.block(), await joined(board, *ALL)
    await world.run(world.job(block, timeout=timedelta(seconds=90)))

    (job,) = await board.poll(question(worker, wait_s=5), never)

    assert job.remaining_seconds == 90


async def test_a_ping_that_lists_no_job_lets_their_leases_run_out(
    board: Blackboard, world: Any, store: Store, clock: Any
) -> None:
    block, worker = await world.block(pure=False), await joined(board, *ALL)
    await world.run(world.job(block))
    (job,) = await board.poll(question(worker, wait_s=5), never)
    clock.turn(seconds=9)
    await board.ping(worker, Ping(jobs=[]))
    clock.turn(seconds=2)
    await store.jobs.sweep()

    heard = await board.ping(worker, Ping(jobs=[HeldJob(job_id=job.job_id, lease_token=job.lease_token)]))

    assert heard.lost == (job.job_id,)
