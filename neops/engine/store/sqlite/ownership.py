"""One engine a file: two would move the same runs, and none would hear of the other's."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from neops.engine.store.errors import StoreUnavailable

if sys.platform != "win32":
    import fcntl


def take(database: Path) -> Callable[[], None]:
    """Take the file for this process alone; answers how to let go of it. A process that dies lets go, too.

    The lock is on a file beside it: closing a second descriptor of the database itself would end SQLite's own locks
    (https://sqlite.org/howtocorrupt.html §2.2).

    Raises:
        StoreUnavailable: another engine has it.
        OSError: its folder cannot be written.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(database.with_name(f"{database.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    if not _locked(descriptor):
        os.close(descriptor)
        raise StoreUnavailable(database, "another engine has it open; stop that one, or name another --database")
    return partial(os.close, descriptor)


def _locked(descriptor: int) -> bool:
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system that knows no locks: nobody can be kept out
            return True
    return True
