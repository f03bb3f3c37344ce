"""The CMS's database, opened by a command; an engine may be running on it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, StaticPool, create_engine

from neops.engine.clock import Clock, utc_now
from neops.engine.store.location import database_path
from neops.engine.store.migrations import migrate
from neops.engine.store.sqlite.database import connect, to_json
from neops.engine.store.sqlite.troubles import told
from neops.errors import UsageError
from neops.settings import EngineSettings, read_environment

T = TypeVar("T")


class CmsDatabase:
    """Short transactions on one file: a running engine gets its turn between them."""

    def __init__(self, raw: sqlite3.Connection, clock: Clock = utc_now) -> None:
        self._raw, self._clock = raw, clock
        self._engine = create_engine(
            "sqlite+pysqlite:///file", creator=lambda: raw, poolclass=StaticPool, json_serializer=to_json
        )

    def read(self, query: Callable[[Connection], T]) -> T:
        """Look something up in one snapshot."""
        return self._transact("BEGIN", query)

    def write(self, change: Callable[[Connection, datetime], T]) -> T:
        """Change something, all of it or nothing."""
        return self._transact("BEGIN IMMEDIATE", lambda connection: change(connection, self._clock()))

    def copy(self) -> CmsDatabase:
        """The same content in memory: what is changed there is forgotten."""
        memory = sqlite3.connect(":memory:", isolation_level=None)
        self._raw.backup(memory)
        memory.execute("PRAGMA foreign_keys=ON")
        return CmsDatabase(memory, self._clock)

    def close(self) -> None:
        self._engine.dispose()
        self._raw.close()

    def _transact(self, begin: str, work: Callable[[Connection], T]) -> T:
        with self._engine.connect() as connection:
            self._raw.execute(begin)
            try:
                result = work(connection)
                self._raw.execute("COMMIT")
            except BaseException:
                if self._raw.in_transaction:
                    self._raw.execute("ROLLBACK")
                raise
            return result


@contextmanager
def open_database(given: str | None, *, create: bool = False) -> Iterator[CmsDatabase]:
    """The database of `--database`, else that of the engine's settings.

    Raises:
        UsageError: it is not there, and is not to be made.
        StoreUnavailable: it is no database, or cannot be written.
    """
    settings = EngineSettings.load(read_environment(os.environ), {"database": given})
    path = database_path(settings)
    if not create and not path.exists():
        raise UsageError(f"there is no database {path}: name one with --database, or make it with neops cms import")
    with told(path):
        migrate(path)
        opened = CmsDatabase(connect(path))
    with closing(opened) as database:
        yield database
