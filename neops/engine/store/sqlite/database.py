"""One SQLite file: a thread that writes in groups, and threads that read.

All writes go through one thread. It takes what is queued, runs the pieces in one transaction, commits them together and
only then answers: one fsync serves many callers, and nobody waits for a lock. When a piece fails, what was done is
rolled back and each piece gets a transaction of its own, so that it spoils nothing but itself; only a lock of another
process spoils them all. Readers see the last commit.
"""

from __future__ import annotations

import asyncio
import json
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
from neops.engine.store.errors import StoreUnavailable
from neops.engine.store.records import RunId, Signal
from neops.engine.store.sqlite.troubles import is_held, told, trouble_of
from neops.engine.store.tables import to_micros

T = TypeVar("T")

_GROUP = 256
"""Most pieces in one commit: bounds how long the first of them waits for the last."""


@dataclass(kw_only=True)
class Transaction:
    """What a piece of work writes with: SQLAlchemy for the cold paths, the bare connection for the hot ones."""

    connection: Connection
    raw: sqlite3.Connection
    now: datetime
    jobs_queued: bool = False
    jobs_canceled: bool = False
    advanced: set[RunId] = field(default_factory=set)
    logged: set[RunId] = field(default_factory=set)

    @property
    def micros(self) -> int:
        """`now` as it is stored."""
        return to_micros(self.now)

    def signal(self) -> Signal:
        """What others may wait for."""
        return Signal(
            jobs_queued=self.jobs_queued,
            jobs_canceled=self.jobs_canceled,
            advanced=frozenset(self.advanced),
            logged=frozenset(self.logged),
        )


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
    """The file, opened. It belongs to the event loop it was made on.

    `trouble` is why the last write was not possible, None once one was.
    """

    def __init__(self, path: Path, clock: Clock, *, readers: int) -> None:
        self.trouble: StoreUnavailable | None = None
        self._path, self._clock = path, clock
        self._loop = asyncio.get_running_loop()
        self._listeners: dict[Callable[[Signal], None], None] = {}
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
        """Run `work` on the writing thread as one transaction; answers when it is on disk.

        It may run twice, the first time rolled back.

        Raises:
            StoreUnavailable: nothing was written, and nothing can be for now.
        """
        self._check_open()
        answer: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Work(run=work, answer=answer))
        return await answer

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a reading thread, in one snapshot."""
        self._check_open()
        return await self._loop.run_in_executor(self._readers, self._read, work)

    def now(self) -> datetime:
        """The time that leases and timers go by."""
        return self._clock()

    def subscribe(self, listener: Callable[[Signal], None]) -> Callable[[], None]:
        self._listeners[listener] = None

        def stop() -> None:
            self._listeners.pop(listener, None)

        return stop

    async def close(self) -> None:
        """Finish what is queued, then close the file."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        await self._loop.run_in_executor(self._readers, self._writer.join)
        self._readers.shutdown()
        self._reading.dispose()

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("the store is closed")

    def _read(self, work: Callable[[Connection], T]) -> T:
        with told(self._path), self._reading.connect() as connection:
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
        """Run the pieces as one transaction, or, when one of them fails, each as its own."""
        wanted = [work for work in group if not work.answer.cancelled()]
        try:
            return self._transact(wanted, connection)
        except Exception as error:  # noqa: BLE001 - it is the caller's: raised where the caller waits
            if len(wanted) > 1 and not is_held(error):
                return _merged([self._commit([work], connection) for work in wanted])
            trouble = trouble_of(error, self._path)
            self.trouble = trouble or self.trouble
            for work in wanted:
                work.error = trouble or error
            return Signal()

    def _transact(self, group: Sequence[_Work[Any]], connection: Connection) -> Signal:
        transaction = Transaction(connection=connection, raw=self._raw, now=self._clock())
        changes = self._raw.total_changes
        self._raw.execute("BEGIN IMMEDIATE")
        try:
            for work in group:
                work.result = work.run(transaction)
            self._raw.execute("COMMIT")
        except BaseException:
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            raise
        if self._raw.total_changes != changes:
            self.trouble = None
        return transaction.signal()

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


def _merged(signals: Sequence[Signal]) -> Signal:
    return Signal(
        jobs_queued=any(one.jobs_queued for one in signals),
        jobs_canceled=any(one.jobs_canceled for one in signals),
        advanced=frozenset[RunId]().union(*(one.advanced for one in signals)),
        logged=frozenset[RunId]().union(*(one.logged for one in signals)),
    )
