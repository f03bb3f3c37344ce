"""One SQLite file: a thread that writes in groups, and threads that read.

All writes go through one thread. It takes what is queued, runs each piece in a savepoint of its own, commits them
together and only then answers: one fsync serves many callers, and nobody waits for a lock. Readers see the last commit.
"""

from __future__ import annotations

import asyncio
import json
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event

from neops.engine.clock import Clock
from neops.engine.store.records import RunId, Signal
from neops.engine.store.tables import to_micros

T = TypeVar("T")

_GROUP = 256
"""Most pieces of work in one commit: bounds how long the first of them waits for the last."""

_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Transaction:
    """What a piece of work writes with: SQLAlchemy for the cold paths, the bare connection for the hot ones."""

    connection: Connection
    raw: sqlite3.Connection
    now: datetime
    jobs_queued: bool = False
    advanced: set[RunId] = field(default_factory=set)
    logged: set[RunId] = field(default_factory=set)

    @property
    def micros(self) -> int:
        """`now` as it is stored."""
        return to_micros(self.now)


@dataclass(kw_only=True)
class _Work(Generic[T]):
    run: Callable[[Transaction], T]
    answer: asyncio.Future[T]
    result: T | None = None
    error: BaseException | None = None

    def settle(self) -> None:
        """Answer the caller, on its loop; one that has gone is not missed."""
        if self.answer.done():
            return
        if self.error is not None:
            self.answer.set_exception(self.error)
        else:
            self.answer.set_result(self.result)  # type: ignore[arg-type]  # None is a T where T is None


class Database:
    """The file, opened. It belongs to the event loop it was made on."""

    def __init__(self, path: Path, clock: Clock, *, readers: int) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._listeners: list[Callable[[Signal], None]] = []
        self._queue: queue.SimpleQueue[_Work[Any] | None] = queue.SimpleQueue()
        self._closed = False
        self._raw = connect(path)
        self._writing = _engine(lambda: self._raw, pool=StaticPool)
        self._reading = _engine(lambda: connect(path, read_only=True), pool_size=readers)
        event.listen(self._reading, "begin", _begin)
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="neops-store-read")
        self._writer = threading.Thread(target=self._write_loop, name="neops-store-write", daemon=True)
        self._writer.start()

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on the writing thread as one transaction; answers when it is on disk."""
        if self._closed:
            raise RuntimeError("the store is closed")
        answer: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Work(run=work, answer=answer))
        return await answer

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a reading thread, in one snapshot."""
        return await self._loop.run_in_executor(self._readers, self._read, work)

    def now(self) -> datetime:
        """The time that leases and timers go by."""
        return self._clock()

    def subscribe(self, listener: Callable[[Signal], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def close(self) -> None:
        """Finish what is queued, then close the file."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        await self._loop.run_in_executor(self._readers, self._writer.join)
        self._readers.shutdown()
        self._reading.dispose()

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self._reading.connect() as connection:
            return work(connection)

    def _write_loop(self) -> None:
        with self._writing.connect() as connection:
            while (first := self._queue.get()) is not None:
                group, last = self._take(first)
                signal = self._commit(group, connection)
                self._loop.call_soon_threadsafe(self._settle, group, signal)
                if last:
                    break
        self._writing.dispose()
        self._raw.close()

    def _take(self, first: _Work[Any]) -> tuple[list[_Work[Any]], bool]:
        group = [first]
        while len(group) < _GROUP:
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                break
            if work is None:
                return group, True
            group.append(work)
        return group, False

    def _commit(self, group: Sequence[_Work[Any]], connection: Connection) -> Signal:
        now = self._clock()
        done = [Transaction(connection=connection, raw=self._raw, now=now) for _ in group]
        try:
            self._raw.execute("BEGIN IMMEDIATE")
            for work, transaction in zip(group, done, strict=True):
                self._run(work, transaction)
            self._raw.execute("COMMIT")
        except sqlite3.Error as error:
            _log.exception("commit failed", extra={"pieces": len(group)})
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            for work in group:
                work.error = work.error or error
            return Signal()
        return _merged(transaction for work, transaction in zip(group, done, strict=True) if work.error is None)

    def _run(self, work: _Work[Any], transaction: Transaction) -> None:
        if work.answer.cancelled():
            return
        self._raw.execute("SAVEPOINT work")
        try:
            work.result = work.run(transaction)
        except Exception as error:  # noqa: BLE001 - it is the caller's: raised where the caller waits
            work.error = error
            self._raw.execute("ROLLBACK TO work")
        self._raw.execute("RELEASE work")

    def _settle(self, group: Sequence[_Work[Any]], signal: Signal) -> None:
        for work in group:
            work.settle()
        if signal != Signal():
            for listener in tuple(self._listeners):
                listener(signal)


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection whose transactions are begun by hand, with the settings the store relies on."""
    raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute("PRAGMA foreign_keys=ON")
    raw.execute("PRAGMA busy_timeout=5000")
    raw.execute("PRAGMA temp_store=MEMORY")
    if read_only:
        raw.execute("PRAGMA query_only=ON")
    return raw


def to_json(value: object) -> str:
    """JSON as it is stored."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _engine(creator: Callable[[], sqlite3.Connection], *, pool: Any = None, pool_size: int | None = None) -> Engine:
    options: dict[str, Any] = {"poolclass": pool} if pool else {"pool_size": pool_size, "max_overflow": 0}
    return create_engine("sqlite+pysqlite:///file", creator=creator, json_serializer=to_json, **options)


def _begin(connection: Connection) -> None:
    # The driver does not begin a transaction for a SELECT: without this, two of them would see two states.
    connection.exec_driver_sql("BEGIN")


def _merged(transactions: Any) -> Signal:
    queued, advanced, logged = False, set[RunId](), set[RunId]()
    for transaction in transactions:
        queued = queued or transaction.jobs_queued
        advanced |= transaction.advanced
        logged |= transaction.logged
    return Signal(jobs_queued=queued, advanced=frozenset(advanced), logged=frozenset(logged))
