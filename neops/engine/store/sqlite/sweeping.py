"""Ending jobs before a worker answered: lost leases, passed deadlines, jobs that nobody takes, cancelled ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, text

from neops.engine.store.changes import EndedJob, NewEvent
from neops.engine.store.limits import Limits
from neops.engine.store.records import JobEnding, JobId, RunId
from neops.engine.store.sqlite.database import Database, Transaction, to_json
from neops.engine.store.sqlite.events import append, job_event
from neops.engine.store.sqlite.job_rows import repeat_job
from neops.engine.store.sqlite.queries import RETURN_UNSTARTED, STORE_RESULT
from neops.engine.store.tables import to_micros
from neops.protocol import JobResultStatus, JobStatus

_OVERDUE = "SELECT id FROM jobs WHERE status = 'polled' AND deadline <= :overdue"
_LOST = "SELECT id FROM jobs WHERE status = 'polled' AND lease_expires_at <= :now"
_UNSTARTED = f"{_LOST} AND started_at IS NULL"
# From the blocks that nobody online offers (few) to their jobs, never through the whole queue.
_UNWANTED = """
SELECT jobs.id FROM blocks CROSS JOIN jobs ON jobs.block_id = blocks.id AND jobs.queued
WHERE jobs.updated_at <= :unwanted AND NOT EXISTS (
    SELECT 1 FROM offers JOIN workers ON workers.id = offers.worker_id
    WHERE offers.block_id = blocks.id AND workers.deleted_at IS NULL AND workers.unregistered_at IS NULL
      AND workers.last_ping_at > :offline)
"""
_ANY_DUE = text(f"SELECT EXISTS ({_OVERDUE}) OR EXISTS ({_LOST}) OR EXISTS ({_UNWANTED})")

_END = """
UPDATE jobs
SET status = 'pushed', queued = 0, run_at = NULL, ending = :ending, result_status = :status, finished_at = :now,
    updated_at = :now
WHERE status != 'pushed' AND id IN (SELECT value FROM json_each(:jobs))
RETURNING seq, id, run_id, step_label, entity_id, attempt, worker_id, block_id,
    repeatable AND NOT cancel_requested AND attempt < max_attempts
"""
_MESSAGES = {
    JobEnding.WORKER_LOST: "the worker {worker} was lost while it had the job",
    JobEnding.TIMED_OUT: "the deadline passed and worker {worker} did not end the job",
    JobEnding.NEVER_POLLED: "no online worker offers {block}",
    JobEnding.CANCELED: "canceled before a worker took it",
}


def is_due(connection: Connection, database: Database, limits: Limits) -> bool:
    """Whether a sweep would find anything; asked often, on a reader."""
    return bool(connection.scalar(_ANY_DUE, _times(to_micros(database.now()), limits)))


def sweep(transaction: Transaction, limits: Limits, new_id: Callable[[], str]) -> list[EndedJob]:
    """End what is due; jobs of lost workers that may run twice get another attempt."""
    times = _times(transaction.micros, limits)
    overdue = end(transaction, _ids(transaction, _OVERDUE, times), JobEnding.TIMED_OUT)
    returned(transaction, transaction.raw.execute(RETURN_UNSTARTED, times).fetchall())
    return [
        *overdue,
        *end(transaction, _ids(transaction, _UNSTARTED, times), JobEnding.CANCELED),
        *end(transaction, _ids(transaction, _LOST, times), JobEnding.WORKER_LOST, again=new_id),
        *end(transaction, _ids(transaction, _UNWANTED, times), JobEnding.NEVER_POLLED),
    ]


def returned(transaction: Transaction, rows: Sequence[Sequence[Any]]) -> None:
    """Note that jobs are in the queue again (id, run, label, entity, attempt of each): nobody started them."""
    for id_, run, label, entity_id, attempt in rows:
        event = job_event(JobId(id_), label, entity_id, status=JobStatus.PENDING, attempt=attempt)
        append(transaction, RunId(run), [event])
    transaction.jobs_queued |= bool(rows)


def end(
    transaction: Transaction,
    jobs: Sequence[str],
    ending: JobEnding,
    message: str | None = None,
    *,
    again: Callable[[], str] | None = None,
) -> list[EndedJob]:
    """End jobs that are still open; `again` makes the ids of further attempts, where one is allowed."""
    if not jobs:
        return []
    canceled = ending in (JobEnding.CANCELED, JobEnding.NEVER_POLLED)
    values = {
        "ending": ending,
        "status": None if canceled else JobResultStatus.FAILED,
        "now": transaction.micros,
        "jobs": to_json(list(jobs)),
    }
    rows = sorted(transaction.raw.execute(_END, values).fetchall(), key=lambda row: (row[2], row[0]))
    ended: list[EndedJob] = []
    for run, of_run in groupby(rows, key=lambda row: RunId(row[2])):
        outcomes = [_ended(transaction, row, ending, message, again) for row in of_run]
        append(transaction, run, [event for _, events in outcomes for event in events])
        ended += [job for job, _ in outcomes]
        transaction.advanced.add(run)
    return ended


def _ended(
    transaction: Transaction,
    row: Sequence[Any],
    ending: JobEnding,
    message: str | None,
    again: Callable[[], str] | None,
) -> tuple[EndedJob, list[NewEvent]]:
    seq, id_, run, label, entity_id, attempt, worker, block, may_repeat = row
    said = message or _MESSAGES[ending].format(worker=worker, block=block)
    transaction.raw.execute(STORE_RESULT, (seq, to_json({"success": False, "message": said})))
    about = {"attempt": attempt, "ending": ending, "message": said, "workerId": worker}
    events = [job_event(JobId(id_), label, entity_id, status=JobStatus.PUSHED, **about)]
    successor: JobId | None = None
    if again is not None and may_repeat:
        successor, event = repeat_job(transaction, seq, JobId(again()))
        events.append(event)
    return EndedJob(job=JobId(id_), run=RunId(run), ending=ending, replaced_by=successor), events


def _ids(transaction: Transaction, query: str, times: dict[str, int]) -> list[str]:
    return [id_ for (id_,) in transaction.raw.execute(query, times)]


def _times(now: int, limits: Limits) -> dict[str, int]:
    def before(span: timedelta) -> int:
        return now - span // timedelta(microseconds=1)

    return {
        "now": now,
        "overdue": before(limits.deadline_grace),
        "unwanted": before(limits.never_polled),
        "offline": before(limits.workers.offline),
    }
