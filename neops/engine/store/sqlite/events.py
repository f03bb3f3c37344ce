"""The runs' logs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Row, select

from neops.engine.store import tables
from neops.engine.store.changes import NewEvent
from neops.engine.store.records import Event, EventKind, JobId, RunId
from neops.engine.store.sqlite import queries
from neops.engine.store.sqlite.database import Database, Transaction, to_json
from neops.protocol import JsonObject


class SqliteEvents:
    """`EventStore` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, run: RunId, events: Sequence[NewEvent]) -> None:
        await self._database.write(lambda transaction: append(transaction, run, events))

    async def after(self, run: RunId, seq: int, *, limit: int = 500) -> list[Event]:
        return await self._database.read(lambda connection: _after(connection, run, seq, limit))


def append(transaction: Transaction, run: RunId, events: Iterable[NewEvent]) -> None:
    """Number the events on from the run's last one and add them."""
    rows = [
        {
            "run": run,
            "at": transaction.micros,
            "kind": one.kind,
            "step_label": one.step_label,
            "job": one.job,
            "entity_id": one.entity_id,
            "data": to_json(one.data),
        }
        for one in events
    ]
    if rows:
        transaction.raw.executemany(queries.APPEND_EVENT, rows)
        transaction.logged.add(run)


def job_event(job: JobId, step_label: str, entity_id: int | None, **data: object) -> NewEvent:
    """An event about a job; data that is None is left out."""
    known: JsonObject = {key: value for key, value in data.items() if value is not None}  # type: ignore[misc]  # JSON by call
    return NewEvent(kind=EventKind.JOB, data=known, step_label=step_label, job=job, entity_id=entity_id)


def _after(connection: Connection, run: RunId, seq: int, limit: int) -> list[Event]:
    table = tables.events
    query = select(table).where(table.c.run_id == run, table.c.seq > seq).order_by(table.c.seq).limit(limit)
    return [_event(row) for row in connection.execute(query)]


def _event(row: Row[tuple[object, ...]]) -> Event:
    return Event(
        run=RunId(row.run_id),
        seq=row.seq,
        at=row.at,
        kind=EventKind(row.kind),
        step_label=row.step_label,
        job=None if row.job_id is None else JobId(row.job_id),
        entity_id=row.entity_id,
        data=row.data,
    )
