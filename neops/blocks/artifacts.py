"""Files that a job leaves behind: configurations, command output, reports."""

from __future__ import annotations

import mimetypes
import threading
from dataclasses import dataclass, field
from pathlib import PurePosixPath


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """One file. `name` is a relative path with forward slashes, unique within the job."""

    name: str
    data: bytes = field(repr=False)
    media_type: str


class Artifacts:
    """Collects the files of one job; the worker hands them to the engine together with the result."""

    def __init__(self) -> None:
        self._saved: dict[str, Artifact] = {}
        self._lock = threading.Lock()

    def save(self, name: str, data: str | bytes, *, media_type: str | None = None) -> Artifact:
        """Keep a file, also when the job fails later. Saving a name again replaces what it held.

        `name` is a relative path with forward slashes (`config/r1.cfg`). Text is stored as UTF-8. `media_type` is
        guessed from the name when left out.

        Raises:
            ValueError: the name is empty, absolute or climbs out with `..`.
        """
        kept = Artifact(
            name=_checked(name),
            data=data.encode() if isinstance(data, str) else bytes(data),
            media_type=media_type or _guess(name, text=isinstance(data, str)),
        )
        with self._lock:
            self._saved[kept.name] = kept
        return kept

    def saved(self) -> tuple[Artifact, ...]:
        """The files so far, in the order of their first save."""
        with self._lock:
            return tuple(self._saved.values())


def _checked(name: str) -> str:
    path = PurePosixPath(name)
    if not path.parts or path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise ValueError(f"{name!r} cannot name an artifact: use a relative path such as 'config/r1.cfg'")
    return str(path)


def _guess(name: str, *, text: bool) -> str:
    guessed, _ = mimetypes.guess_type(name)
    return guessed or ("text/plain" if text else "application/octet-stream")
