"""Runs, and the one way to change them."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import exists, insert, or_, select

from neops.engine.store import tables
from neops.engine.store.changes import NewEvent, NewRun, RunChange
from neops.engine.store.errors import RunExists
from neops.engine.store.limits import Limits
from neops.engine.store.records import (
    TERMINAL,
    EventKind,
    Job,
    JobId,
    LockKey,
    Run,
    RunId,
    StepKey,
    StepOutcomes,
)
from neops.engine.store.sqlite import committing
from neops.engine.store.sqlite.database import Database, Transaction
from neops.engine.store.sqlite.events import append
from neops.engine.store.sqlite.job_rows import JobFilter, find_jobs
from neops.engine.store.sqlite.run_rows import count_outcomes, get_run, run_of, select_runs, settable_columns
from neops.entities import EntityType
from neops.protocol import JsonObject, RunStatus

_EMPTY_CONTEXT: JsonObject = {"devices": [], "deviceGroups": [], "interfaces": []}


class SqliteRuns:
    """`RunStore` on SQLite."""

    def __init__(self, database: Database, limits: Limits, new_id: Callable[[], str]) -> None:
        self._database, self._limits, self._new_id = database, limits, new_id

    async def create(self, run: NewRun) -> Run:
        return await self._database.write(lambda transaction: self._create(transaction, run))

    async def get(self, run: RunId) -> Run | None:
        return await self._database.read(lambda connection: get_run(connection, run))

    async def context(self, run: RunId) -> JsonObject:
        table = tables.run_contexts
        query = select(table.c.context).where(table.c.run_id == run)
        return await self._database.read(lambda connection: connection.scalar(query)) or dict(_EMPTY_CONTEXT)

    async def find(
        self, *, statuses: Collection[RunStatus] | None = None, active: bool = False, unfinished: bool = False
    ) -> list[Run]:
        table = tables.runs
        query = select_runs().order_by(table.c.created_at.desc(), table.c.id)
        if statuses is not None:
            query = query.where(table.c.status.in_(statuses))
        open_ = table.c.status.not_in(TERMINAL)
        if active:
            query = query.where(or_(open_, table.c.updated_at >= self._database.now() - self._limits.recent))
        if unfinished:
            query = query.where(open_)
        return await self._database.read(lambda connection: [run_of(row) for row in connection.execute(query)])

    async def commit(self, change: RunChange) -> Run:
        def commit(transaction: Transaction) -> Run:
            committing.commit(transaction, change, self._new_id)
            committed = get_run(transaction.connection, change.run.id)
            assert committed is not None, "a run is never deleted"  # noqa: S101
            return committed

        return await self._database.write(commit)

    async def held_locks(self, run: RunId) -> list[LockKey]:
        table = tables.locks
        query = select(table).where(table.c.run_id == run).order_by(table.c.entity, table.c.entity_id)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [LockKey(entity=EntityType(row.entity), id=row.entity_id) for row in rows]

    async def outcomes(self, run: RunId, step: StepKey) -> StepOutcomes:
        return await self._database.read(lambda connection: count_outcomes(connection, run, step))

    async def jobs(self, run: RunId, step: StepKey, *, after: JobId | None = None, limit: int = 1000) -> list[Job]:
        wanted = JobFilter(run=run, step=step, after=after, limit=limit)
        return await self._database.read(lambda connection: find_jobs(connection, wanted))

    def _create(self, transaction: Transaction, new: NewRun) -> Run:
        run = new.id or RunId(self._new_id())
        connection, table = transaction.connection, tables.runs
        if connection.scalar(select(exists().where(table.c.id == run))):
            raise RunExists(run)
        values = settable_columns(new) | {"id": run, "status": RunStatus.NEW, "revision": 0}
        connection.execute(insert(table).values(**values, created_at=transaction.now, updated_at=transaction.now))
        append(transaction, run, [NewEvent(kind=EventKind.RUN, data={"status": RunStatus.NEW})])
        transaction.advanced.add(run)
        created = get_run(connection, run)
        assert created is not None  # noqa: S101 - inserted above
        return created
