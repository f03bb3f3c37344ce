"""Troubles of the file that are nobody's mistake in a statement: full disks, locks, broken files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from neops.engine.store.errors import StoreUnavailable

_HELD = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_REMEDIES = {
    sqlite3.SQLITE_BUSY: "another process holds it",
    sqlite3.SQLITE_LOCKED: "another process holds it",
    sqlite3.SQLITE_FULL: "free some space there",
    sqlite3.SQLITE_IOERR: "look at the disk, and whether it is full",
    sqlite3.SQLITE_READONLY: "the file and its folder must be writable",
    sqlite3.SQLITE_CANTOPEN: "it must be a file, in a folder that is writable",
    sqlite3.SQLITE_NOTADB: "name another file",
    sqlite3.SQLITE_CORRUPT: "restore it from a backup",
}
"""What to do about it, by primary result code (https://sqlite.org/rescode.html)."""


def trouble_of(error: BaseException, path: Path) -> StoreUnavailable | None:
    """The error as trouble of the file, None when it is something else."""
    remedy = _REMEDIES.get(_code(error))
    return None if remedy is None else StoreUnavailable(path, f"{_cause(error)}; {remedy}")


def is_held(error: BaseException) -> bool:
    """Whether another process kept us out: whoever asks next would wait as long."""
    return _code(error) in _HELD


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turns such an error out of what is done inside into ours.

    Raises:
        StoreUnavailable: the file cannot be opened, read or written, or is no database.
    """
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(path, f"{error.strerror or error}; name another file in NEOPS_DATABASE") from error
    except (DBAPIError, sqlite3.Error) as error:
        if (trouble := trouble_of(error, path)) is None:
            raise
        raise trouble from error


def _cause(error: BaseException) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


def _code(error: BaseException) -> int:
    """The lower byte of the result code; the upper ones say more about the same."""
    cause = _cause(error)
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF if isinstance(cause, sqlite3.Error) else 0
