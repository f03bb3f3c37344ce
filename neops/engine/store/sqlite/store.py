"""The SQLite store: the embedded default."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, func, select, update

from neops.engine.clock import Clock, utc_now
from neops.engine.store import tables
from neops.engine.store.changes import Due
from neops.engine.store.errors import StoreUnavailable
from neops.engine.store.limits import Limits
from neops.engine.store.migrations import migrate
from neops.engine.store.records import RunId, Signal
from neops.engine.store.sqlite.artifacts import SqliteArtifacts
from neops.engine.store.sqlite.catalogue import SqliteBlocks, SqliteDefinitions
from neops.engine.store.sqlite.database import Database, Transaction
from neops.engine.store.sqlite.events import SqliteEvents
from neops.engine.store.sqlite.jobs import SqliteJobs
from neops.engine.store.sqlite.ownership import take
from neops.engine.store.sqlite.runs import SqliteRuns
from neops.engine.store.sqlite.troubles import told
from neops.engine.store.sqlite.workers import SqliteWorkers

T = TypeVar("T")

DEFAULT_LIMITS = Limits()


def random_id() -> str:
    """A new id for anything."""
    return str(uuid.uuid4())


class SqliteStore:
    """`Store` in one file. Only one engine may have it open."""

    def __init__(
        self,
        database: Database,
        limits: Limits,
        new_id: Callable[[], str],
        let_go: Callable[[], None] = lambda: None,
    ) -> None:
        self._database, self._let_go = database, let_go
        self.workers = SqliteWorkers(database, limits.workers, new_id)
        self.blocks = SqliteBlocks(database, self.workers)
        self.definitions = SqliteDefinitions(database)
        self.jobs = SqliteJobs(database, limits, new_id)
        self.runs = SqliteRuns(database, limits, new_id)
        self.events = SqliteEvents(database)
        self.artifacts = SqliteArtifacts(database)

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        limits: Limits = DEFAULT_LIMITS,
        clock: Clock = utc_now,
        new_id: Callable[[], str] = random_id,
        readers: int = 4,
        alone: bool = False,
    ) -> SqliteStore:
        """Open the file, bring its schema up to date, and serve it to the running event loop.

        `alone` keeps others out who say so, too, until it is closed: engines do.

        Raises:
            SchemaTooNew: a newer neops made the file.
            StoreUnavailable: it is no database, cannot be written, or another engine has it.
        """
        with ExitStack() as undone, told(path):
            if alone:
                undone.callback(take(path))
            await asyncio.to_thread(migrate, path)
            database = Database(path, clock, readers=readers)
            return cls(database, limits, new_id, undone.pop_all().close)

    @property
    def trouble(self) -> StoreUnavailable | None:
        return self._database.trouble

    def subscribe(self, listener: Callable[[Signal], None]) -> Callable[[], None]:
        return self._database.subscribe(listener)

    async def due(self) -> Due:
        due = await self._database.read(lambda connection: _due(connection, self._database.now()))
        if not due.jobs:
            return due
        await self._database.write(_queue_due)
        return due

    async def read(self, query: Callable[[Connection], T]) -> T:
        return await self._database.read(query)

    async def write(self, change: Callable[[Connection, datetime], T]) -> T:
        return await self._database.write(lambda transaction: change(transaction.connection, transaction.now))

    async def close(self) -> None:
        await self._database.close()
        self._let_go()


def _due(connection: Connection, now: datetime) -> Due:
    jobs, runs = tables.jobs.c, tables.runs.c
    ready = connection.scalar(select(func.count()).where(jobs.run_at <= now))
    awake = connection.scalars(select(runs.id).where(runs.wake_at <= now).order_by(runs.wake_at)).all()
    coming = [
        connection.scalar(select(func.min(jobs.run_at)).where(jobs.run_at > now)),
        connection.scalar(select(func.min(runs.wake_at)).where(runs.wake_at > now)),
    ]
    next_in: timedelta | None = min((at - now for at in coming if at is not None), default=None)
    return Due(jobs=ready or 0, runs=tuple(RunId(id_) for id_ in awake), next_in=next_in)


def _queue_due(transaction: Transaction) -> None:
    jobs = tables.jobs
    statement = update(jobs).where(jobs.c.run_at <= transaction.now)
    transaction.connection.execute(statement.values(queued=True, run_at=None, updated_at=transaction.now))
    transaction.jobs_queued = True
