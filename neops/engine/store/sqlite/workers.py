"""Workers and what keeps them alive."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from neops.engine.store import tables
from neops.engine.store.changes import Heartbeat, HeldLease, NewWorker
from neops.engine.store.limits import WorkerThresholds
from neops.engine.store.records import BlockId, JobId, Worker, WorkerId
from neops.engine.store.sqlite import queries
from neops.engine.store.sqlite.database import Database, Transaction, to_json
from neops.protocol import WorkerState

_MICROSECOND = timedelta(microseconds=1)


class SqliteWorkers:
    """`WorkerStore` on SQLite."""

    def __init__(self, database: Database, thresholds: WorkerThresholds, new_id: Callable[[], str]) -> None:
        self._database, self._thresholds, self._new_id = database, thresholds, new_id

    async def register(self, worker: NewWorker) -> Worker:
        id_ = WorkerId(self._new_id())

        def register(transaction: Transaction) -> Worker:
            now = transaction.now
            values = {
                "id": id_,
                "version": worker.version,
                "name": worker.name,
                "ip_address": worker.ip_address,
                "extensions": sorted(worker.extensions),
                "lease_micros": worker.lease // _MICROSECOND,
            }
            stamps = {"last_ping_at": now, "created_at": now, "updated_at": now}
            transaction.connection.execute(insert(tables.workers).values(values | stamps))
            return self._get(transaction.connection, id_, now)

        return await self._database.write(register)

    async def touch(self, worker: WorkerId, held: Sequence[HeldLease] | None = None) -> Heartbeat | None:
        tokens = None if held is None else to_json([lease.token for lease in held])

        def touch(transaction: Transaction) -> Heartbeat | None:
            now = transaction.micros
            row = transaction.raw.execute(queries.TOUCH, {"worker": worker, "now": now}).fetchone()
            if row is None:
                return None
            values = {"worker": worker, "expires": now + row[0], "held": tokens}
            renewed = dict(transaction.raw.execute(queries.RENEW, values).fetchall())
            return Heartbeat(
                cancel=tuple(JobId(job) for job, cancel in renewed.items() if cancel),
                lost=tuple(lease.job for lease in held or () if lease.job not in renewed),
            )

        return await self._database.write(touch)

    async def canceled(self, worker: WorkerId) -> list[JobId]:
        def canceled(connection: Connection) -> list[JobId]:
            return [JobId(job) for (job,) in connection.exec_driver_sql(queries.CANCELED, (worker,))]

        return await self._database.read(canceled)

    async def unregister(self, worker: WorkerId) -> bool:
        def unregister(transaction: Transaction) -> bool:
            table = tables.workers
            statement = update(table).where(table.c.id == worker, table.c.deleted_at.is_(None))
            left = transaction.connection.execute(
                statement.values(unregistered_at=transaction.now, updated_at=transaction.now)
            )
            _end_leases(transaction, {worker})
            return left.rowcount > 0

        return await self._database.write(unregister)

    async def delete(self, workers: Collection[WorkerId]) -> int:
        def delete(transaction: Transaction) -> int:
            table = tables.workers
            statement = update(table).where(table.c.id.in_(workers), table.c.deleted_at.is_(None))
            transaction.connection.execute(statement.values(deleted_at=transaction.now, updated_at=transaction.now))
            return _end_leases(transaction, workers)

        return await self._database.write(delete)

    async def get(self, worker: WorkerId, *, deleted: bool = False) -> Worker | None:
        found = await self._find(tables.workers.c.id == worker, deleted=deleted)
        return found[0] if found else None

    async def find(self, *, state: WorkerState | None = None, deleted: bool = False) -> list[Worker]:
        return [one for one in await self._find(deleted=deleted) if state is None or one.state == state]

    async def forgotten(self) -> list[WorkerId]:
        limit = self._database.now() - self._thresholds.deleted
        return [one.id for one in await self._find(tables.workers.c.last_ping_at < limit)]

    async def blocks(self, worker: WorkerId) -> list[BlockId]:
        offers = tables.offers
        query = select(offers.c.block_id).where(offers.c.worker_id == worker).order_by(offers.c.block_id)
        return await self._database.read(lambda connection: [BlockId(id_) for id_ in connection.scalars(query)])

    async def offering(self, block: BlockId) -> list[Worker]:
        """The workers that offer a block, the deleted ones left out."""
        offers = tables.offers
        return await self._find(tables.workers.c.id.in_(select(offers.c.worker_id).where(offers.c.block_id == block)))

    async def _find(self, *conditions: Any, deleted: bool = False) -> list[Worker]:
        table = tables.workers
        query = select(table).where(*conditions).order_by(table.c.created_at, table.c.id)
        if not deleted:
            query = query.where(table.c.deleted_at.is_(None))
        now = self._database.now()
        return await self._database.read(
            lambda connection: [_worker(row, self._thresholds, now) for row in connection.execute(query)]
        )

    def _get(self, connection: Connection, worker: WorkerId, now: datetime) -> Worker:
        row = connection.execute(select(tables.workers).where(tables.workers.c.id == worker)).one()
        return _worker(row, self._thresholds, now)


def _end_leases(transaction: Transaction, workers: Collection[WorkerId]) -> int:
    """Let the workers' leases run out now; the next sweep deals with the jobs."""
    jobs = tables.jobs
    statement = update(jobs).where(jobs.c.worker_id.in_(workers), jobs.c.status == "polled")
    return transaction.connection.execute(statement.values(lease_expires_at=transaction.now)).rowcount


def _worker(row: Row[Any], thresholds: WorkerThresholds, now: datetime) -> Worker:
    return Worker(
        id=WorkerId(row.id),
        version=row.version,
        name=row.name,
        ip_address=row.ip_address,
        extensions=frozenset(row.extensions),
        state=_state(row, thresholds, now),
        last_ping_at=row.last_ping_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        deleted_at=row.deleted_at,
    )


def _state(row: Row[Any], thresholds: WorkerThresholds, now: datetime) -> WorkerState:
    silence = now - row.last_ping_at
    if row.unregistered_at or row.deleted_at or silence >= thresholds.offline:
        return WorkerState.OFFLINE
    return WorkerState.UNREACHABLE if silence >= thresholds.unreachable else WorkerState.ONLINE
