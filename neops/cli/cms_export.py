"""`neops cms export`: files that nobody else can read, put in place when they are whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from neops.entities import EntityBatch
from neops.errors import UsageError

Dump: TypeAlias = Callable[[EntityBatch, Path], None]


def write_inventory(dump: Dump, batch: EntityBatch, target: Path) -> None:
    """Write a file, or a folder of files; others of that folder stay.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        with _for_its_owner_only():
            if target.exists() and not (target.is_file() or target.is_dir()):
                dump(batch, target)  # /dev/stdout
            else:
                _replace(dump, batch, target.resolve())
    except OSError as problem:
        raise UsageError(f"cannot write {target}: {problem.strerror or problem}") from problem


def _replace(dump: Dump, batch: EntityBatch, target: Path) -> None:
    with TemporaryDirectory(dir=target.parent, prefix=".neops-export-") as scratch:
        made = Path(scratch) / target.name
        dump(batch, made)
        if not made.is_dir():
            made.replace(target)
            return
        target.mkdir(exist_ok=True)
        for file in made.iterdir():
            file.replace(target / file.name)


@contextmanager
def _for_its_owner_only() -> Iterator[None]:
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
