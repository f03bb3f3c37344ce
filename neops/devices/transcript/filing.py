"""Which file a line goes to."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol

from neops.devices.transcript.files import SUFFIX, TranscriptWriter
from neops.devices.transcript.lines import Header
from neops.errors import UsageError

MOST_OPEN: Final = 128
"""Files of jobs that are open at a time; nobody said the end of the oldest ones."""


class Open:
    """A file that is open. `since` is the recorder's clock when it was opened."""

    def __init__(self, path: Path, header: Header, *, since: float) -> None:
        self.writer = TranscriptWriter(path, header)
        self.since = since
        self._known: set[tuple[str, str]] = set()

    def is_new(self, device: str, plugin: str) -> bool:
        """Whether nothing was said of this device and plugin so far."""
        if (device, plugin) in self._known:
            return False
        self._known.add((device, plugin))
        return True


OpenFile = Callable[[Path, Mapping[str, str]], Open]


class Filing(Protocol):
    """Finds the file for what was done on behalf of a job."""

    def of(self, job: str | None) -> Open | None:
        """The file; None when this is not kept, or everything is closed."""
        ...

    def end(self, job: str) -> None:
        """Nothing more comes for this job."""
        ...

    def close(self) -> None:
        """Nothing more comes."""
        ...


class OneFile:
    """Everything goes to one file."""

    def __init__(self, path: Path, open_file: OpenFile) -> None:
        try:
            self._open = open_file(path, {})
        except FileExistsError:
            raise UsageError(f"{path} exists: a recording is never written over, name another file") from None
        except OSError as error:
            raise UsageError(f"cannot record to {path}: {error.strerror or error}") from None

    def of(self, job: str | None) -> Open | None:  # noqa: ARG002
        return self._open

    def end(self, job: str) -> None:
        """Others go on."""

    def close(self) -> None:
        self._open.writer.close()


class FilePerJob:
    """Each job has a file of its own. What comes after the end of a job goes to another one, with a number."""

    def __init__(self, folder: Path, open_file: OpenFile) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UsageError(f"cannot record to {folder}: {error.strerror or error}") from None
        self._folder, self._open_file = folder, open_file
        self._lock = threading.Lock()
        self._open: dict[str, Open] = {}
        self._closed = False

    def of(self, job: str | None) -> Open | None:
        with self._lock:
            if job is None or self._closed:
                return None
            if job not in self._open:
                if len(self._open) >= MOST_OPEN:
                    self._open.pop(next(iter(self._open))).writer.close()
                self._open[job] = self._new(job)
            return self._open[job]

    def end(self, job: str) -> None:
        with self._lock:
            if (found := self._open.pop(job, None)) is not None:
                found.writer.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            while self._open:
                self._open.popitem()[1].writer.close()

    def _new(self, job: str) -> Open:
        name, number = re.sub(r"[^\w.-]", "_", job), 1
        while True:
            path = self._folder / f"{name}{f'.{number}' if number > 1 else ''}{SUFFIX}"
            try:
                return self._open_file(path, {"job": job})
            except FileExistsError:
                number += 1
