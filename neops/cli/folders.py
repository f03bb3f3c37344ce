"""The folder that keeps what a run leaves: its log, its report, its database and artifacts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from neops.errors import NeopsError, UsageError


def new_folder(data: Path, name: str) -> Path:
    """A new folder below `data`, for its owner only, named after the time and the run.

    Raises:
        UsageError: it cannot be made.
    """
    stamp = datetime.now().astimezone().strftime("%Y-%m-%dT%H-%M-%S")
    folder = data / f"{stamp}-{name}"
    number = 1
    while True:
        try:
            folder.mkdir(parents=True, mode=0o700)
        except FileExistsError as error:
            if not folder.is_dir():
                raise _unusable(data, error) from error
            number += 1
            folder = data / f"{stamp}-{name}-{number}"
        except OSError as error:
            raise _unusable(data, error) from error
        else:
            return folder


@contextmanager
def run_log(folder: Path) -> Iterator[TextIO]:
    """The log of the run in this folder.

    Raises:
        UsageError: it cannot be opened.
    """
    try:
        log = (folder / "neops.log").open("w", encoding="utf-8")
    except OSError as error:
        raise _unusable(folder, error) from error
    try:
        yield log
    finally:
        _close(log)


def write_report(folder: Path, text: str) -> None:
    """Keep the report beside the log.

    Raises:
        NeopsError: it cannot be written.
    """
    path = folder / "report.json"
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise NeopsError(f"the report cannot be kept in {path}: {error.strerror}") from error


def _close(log: TextIO) -> None:
    try:
        log.close()
    except OSError:  # what is still in its buffer has no room either; whoever logged has said so
        return


def _unusable(folder: Path, error: OSError) -> UsageError:
    return UsageError(f"a run cannot be kept in {folder}: {error.strerror}; name another folder with --data")
