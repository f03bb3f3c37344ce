"""Reading jobs, and writing new ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, or_, select

from neops.engine.store import tables
from neops.engine.store.changes import NewEvent, NewJob
from neops.engine.store.records import BlockId, Job, JobEnding, JobId, RunId, StepKey, WorkerId
from neops.engine.store.sqlite.database import Transaction, to_json
from neops.engine.store.sqlite.events import job_event
from neops.entities import EntityType
from neops.protocol import JobResultStatus, JobStatus, JobType

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class JobFilter:
    """Which jobs: all that is set must hold."""

    job: JobId | None = None
    jobs: tuple[JobId, ...] | None = None
    status: JobStatus | None = None
    worker: WorkerId | None = None
    run: RunId | None = None
    active_since: datetime | None = None
    """Not over at this time."""
    step: StepKey | None = None
    """Of this step, superseded ones left out."""
    after: JobId | None = None
    limit: int | None = None


def find_jobs(connection: Connection, wanted: JobFilter) -> list[Job]:
    """Jobs with their results, in the order of creation."""
    return [_job(row) for row in connection.execute(_narrowed(_jobs(), wanted))]


def _jobs() -> Select[Any]:
    jobs, workers, results = tables.jobs, tables.workers, tables.job_results
    return (
        select(jobs, workers.c.name.label("worker_name"), workers.c.deleted_at.label("worker_deleted_at"))
        .add_columns(results.c.result)
        .outerjoin_from(jobs, workers, jobs.c.worker_id == workers.c.id)
        .outerjoin(results, results.c.job_seq == jobs.c.seq)
        .order_by(jobs.c.seq)
    )


def _narrowed(query: Select[Any], wanted: JobFilter) -> Select[Any]:
    jobs = tables.jobs.c
    chosen: list[ColumnElement[bool]] = []
    if wanted.job is not None:
        chosen.append(jobs.id == wanted.job)
    if wanted.jobs is not None:
        chosen.append(jobs.id.in_(wanted.jobs))
    if wanted.status is not None:
        chosen.append(jobs.status == wanted.status)
    if wanted.worker is not None:
        chosen.append(jobs.worker_id == wanted.worker)
    if wanted.run is not None:
        chosen.append(jobs.run_id == wanted.run)
    if wanted.active_since is not None:
        chosen.append(or_(jobs.status != JobStatus.PUSHED, jobs.finished_at >= wanted.active_since))
    if wanted.step is not None:
        chosen.append((jobs.step == wanted.step) & ~jobs.superseded)
    if wanted.after is not None:
        chosen.append(jobs.seq > select(jobs.seq).where(jobs.id == wanted.after).scalar_subquery())
    return query.where(*chosen).limit(wanted.limit)


def _job(row: Row[Any]) -> Job:
    return Job(
        id=JobId(row.id),
        run=RunId(row.run_id),
        step=StepKey(row.step),
        step_label=row.step_label,
        wave=row.wave,
        type=JobType(row.type),
        block=BlockId(row.block_id),
        run_on=EntityType(row.run_on),
        entity_id=row.entity_id,
        status=JobStatus(row.status),
        ending=None if row.ending is None else JobEnding(row.ending),
        result_status=None if row.result_status is None else JobResultStatus(row.result_status),
        attempt=row.attempt,
        replaces=None if row.replaces is None else JobId(row.replaces),
        superseded=row.superseded,
        worker=None if row.worker_id is None else WorkerId(row.worker_id),
        worker_name=row.worker_name,
        worker_deleted=row.worker_deleted_at is not None,
        created_at=row.created_at,
        updated_at=row.updated_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        deadline=row.deadline,
        result=row.result,
    )


_COLUMNS = (
    "seq", "id", "run_id", "step", "step_label", "wave", "type", "block_id", "run_on", "entity_id", "priority",
    "repeatable", "attempt", "max_attempts", "replaces", "superseded", "timeout_micros", "queued", "run_at", "status",
    "cancel_requested", "created_at", "updated_at",
)  # fmt: skip
_INSERT_JOB = f"INSERT INTO jobs ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - names above
_INSERT_PAYLOAD = "INSERT INTO job_payloads (job_seq, parameters, context, forward_result) VALUES (?, ?, ?, ?)"
_LAST_SEQ = "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'jobs'"
_SUPERSEDE = "UPDATE jobs SET superseded = 1, updated_at = ? WHERE id = ?"


def insert_jobs(
    transaction: Transaction, run: RunId, jobs: Sequence[NewJob], new_id: Callable[[], str]
) -> list[NewEvent]:
    """Put jobs into the queue (or aside, when delayed); answers the events that say so."""
    (last,) = transaction.raw.execute(_LAST_SEQ).fetchone()
    numbered = [(seq, JobId(new_id()), job) for seq, job in enumerate(jobs, start=last + 1)]
    transaction.raw.executemany(_INSERT_JOB, [_values(transaction.micros, run, *one) for one in numbered])
    transaction.raw.executemany(_INSERT_PAYLOAD, [_payload(seq, job) for seq, _, job in numbered])
    transaction.raw.executemany(
        _SUPERSEDE, [(transaction.micros, job.replaces) for _, _, job in numbered if job.replaces is not None]
    )
    transaction.jobs_queued |= any(not job.delay for job in jobs)
    return [_created(id_, job) for _, id_, job in numbered]


_REPEAT_JOB = f"""
INSERT INTO jobs ({", ".join(_COLUMNS)})
SELECT :seq, :id, run_id, step, step_label, wave, type, block_id, run_on, entity_id, priority,
    repeatable, attempt + 1, max_attempts, id, 0, timeout_micros, 1, NULL, 'pending',
    0, :now, :now
FROM jobs WHERE seq = :old
RETURNING id, step_label, entity_id, attempt, replaces
"""  # noqa: S608 - names above
_REPEAT_PAYLOAD = """
INSERT INTO job_payloads (job_seq, parameters, context, forward_result)
SELECT :seq, parameters, context, forward_result FROM job_payloads WHERE job_seq = :old
"""


def repeat_job(transaction: Transaction, old_seq: int, id_: JobId) -> tuple[JobId, NewEvent]:
    """Queue another attempt of a job; it takes the old one's place."""
    (last,) = transaction.raw.execute(_LAST_SEQ).fetchone()
    values = {"seq": last + 1, "id": id_, "old": old_seq, "now": transaction.micros}
    new, label, entity_id, attempt, replaces = transaction.raw.execute(_REPEAT_JOB, values).fetchone()
    transaction.raw.execute(_REPEAT_PAYLOAD, values)
    transaction.raw.execute(_SUPERSEDE, (transaction.micros, replaces))
    transaction.jobs_queued = True
    event = job_event(new, label, entity_id, status=JobStatus.PENDING, attempt=attempt, replaces=replaces)
    return new, event


def _values(now: int, run: RunId, seq: int, id_: JobId, job: NewJob) -> tuple[Any, ...]:
    delay, timeout = job.delay // _MICROSECOND, None if job.timeout is None else job.timeout // _MICROSECOND
    return (
        seq, id_, run, job.step, job.step_label, job.wave, job.type, job.block, job.run_on, job.entity_id, job.priority,
        job.repeatable, job.attempt, job.max_attempts, job.replaces, False, timeout, not delay,
        now + delay if delay else None, "pending", False, now, now,
    )  # fmt: skip


def _payload(seq: int, job: NewJob) -> tuple[Any, ...]:
    forward = None if job.forward_result is None else to_json(job.forward_result)
    return seq, to_json(job.parameters), to_json(job.context), forward


def _created(id_: JobId, job: NewJob) -> NewEvent:
    return job_event(
        id_,
        job.step_label,
        job.entity_id,
        status=JobStatus.PENDING,
        attempt=job.attempt,
        replaces=job.replaces,
    )
