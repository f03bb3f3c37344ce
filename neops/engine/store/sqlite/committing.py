"""One change of a run, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, case, delete, func, literal, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert

from neops.engine.store import tables
from neops.engine.store.changes import LockRequest, RunChange
from neops.engine.store.errors import LocksHeld, RunMoved
from neops.engine.store.records import JobEnding, LockKey, RunId, StepKey
from neops.engine.store.sqlite.database import Transaction
from neops.engine.store.sqlite.events import append
from neops.engine.store.sqlite.job_rows import insert_jobs
from neops.engine.store.sqlite.run_rows import settable_columns
from neops.engine.store.sqlite.sweeping import end
from neops.entities import EntityType
from neops.protocol import JobResultStatus, JobStatus, RunStatus

_BATCH = 500
"""Keys in one IN list."""

_ENDED = frozenset(
    {
        RunStatus.COMPLETED,
        RunStatus.FAILED_SAFE,
        RunStatus.FAILED_UNSAFE,
        RunStatus.COMPLETED_ACK,
        RunStatus.FAILED_SAFE_ACK,
        RunStatus.FAILED_UNSAFE_ACK,
    }
)


def commit(transaction: Transaction, change: RunChange, new_id: Callable[[], str]) -> None:
    """Do all of it, in an order in which the log reads well: what the run decided, then what became of its jobs.

    Raises:
        RunMoved: the run is not at that revision any more.
        LocksHeld: an entity is held by another run.
    """
    run = change.run.id
    _move(transaction, change)
    if change.lock is not None:
        _lock(transaction, run, change.lock)
    if change.unlock:
        transaction.connection.execute(delete(tables.locks).where(tables.locks.c.run_id == run))
    if change.context is not None:
        upsert = insert(tables.run_contexts).values(run_id=run, context=change.context)
        transaction.connection.execute(
            upsert.on_conflict_do_update(index_elements=["run_id"], set_={"context": change.context})
        )
    if change.apply is not None:
        change.apply(transaction.connection, transaction.now)
    append(transaction, run, change.events)
    if change.acknowledge:
        _acknowledge(transaction, run, change.acknowledge)
    if change.cancel_jobs:
        _cancel(transaction, run)
    if change.jobs:
        append(transaction, run, insert_jobs(transaction, run, change.jobs, new_id))


def _move(transaction: Transaction, change: RunChange) -> None:
    run, now, table = change.run, transaction.now, tables.runs
    values: dict[str, Any] = settable_columns(run) | {
        "revision": run.revision + 1,
        "updated_at": now,
        "wake_at": None if change.wake_after is None else now + change.wake_after,
    }
    if run.status == RunStatus.RUNNING:
        values["started_at"] = _first(table.c.started_at, now)
    if run.status in _ENDED:
        values["finished_at"] = _first(table.c.finished_at, now)
    statement = update(table).where(table.c.id == run.id, table.c.revision == run.revision)
    if not transaction.connection.execute(statement.values(values)).rowcount:
        raise RunMoved(run.id, run.revision)


def _first(stamp: Column[datetime], now: datetime) -> ColumnElement[datetime]:
    return func.coalesce(stamp, literal(now, tables.Instant()))


def _lock(transaction: Transaction, run: RunId, wanted: LockRequest) -> None:
    keys, table = sorted(wanted.keys), tables.locks
    for start in range(0, len(keys), _BATCH):
        batch = [(key.entity.value, key.id) for key in keys[start : start + _BATCH]]
        query = (
            select(table)
            .where(tuple_(table.c.entity, table.c.entity_id).in_(batch), table.c.run_id != run)
            .order_by(table.c.entity, table.c.entity_id)
        )
        if not wanted.exclusive:
            query = query.where(table.c.exclusive)
        if (held := transaction.connection.execute(query.limit(1)).one_or_none()) is not None:
            raise LocksHeld(LockKey(entity=EntityType(held.entity), id=held.entity_id), RunId(held.run_id))
    rows = [{"entity": key.entity, "entity_id": key.id, "run_id": run, "exclusive": wanted.exclusive} for key in keys]
    if rows:
        transaction.connection.execute(insert(table).on_conflict_do_nothing(), rows)


def _acknowledge(transaction: Transaction, run: RunId, steps: Collection[StepKey]) -> None:
    jobs = tables.jobs
    acknowledged = case(
        (jobs.c.result_status == JobResultStatus.SUCCESS, JobResultStatus.SUCCESS_ACK),
        else_=JobResultStatus.FAILED_ACK,
    )
    plain = jobs.c.result_status.in_((JobResultStatus.SUCCESS, JobResultStatus.FAILED))
    transaction.connection.execute(
        update(jobs)
        .where(jobs.c.run_id == run, jobs.c.step.in_(steps), plain)
        .values(result_status=acknowledged, updated_at=transaction.now)
    )


def _cancel(transaction: Transaction, run: RunId) -> None:
    jobs = tables.jobs
    pending = select(jobs.c.id).where(jobs.c.run_id == run, jobs.c.status == JobStatus.PENDING).order_by(jobs.c.seq)
    end(transaction, transaction.connection.scalars(pending).all(), JobEnding.CANCELED)
    leased = update(jobs).where(jobs.c.run_id == run, jobs.c.status == JobStatus.POLLED)
    asked = transaction.connection.execute(leased.values(cancel_requested=True))
    transaction.jobs_canceled |= asked.rowcount > 0
