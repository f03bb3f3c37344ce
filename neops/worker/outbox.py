"""Results on disk until the engine took them, so that a crash or a long outage loses none."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import platformdirs
from pydantic import ValidationError

from neops.errors import SettingsInvalid
from neops.protocol import HeldJob, JobResult, dump
from neops.settings import without_userinfo

logger = logging.getLogger(__name__)

REFUSED_KEPT = 100
"""Refused results that stay for people to look at; older ones are deleted."""

SHORT = 64 * 1024
"""Bytes of a result that need not be read again from the disk."""

UNFINISHED_S = 3600.0
"""A file that was not finished for so long belongs to a worker that was killed over it."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One result that is not delivered: a file. `body` is what is in it, where that is short or no disk took it.

    `substitute`: it stands in for one that the engine refused.
    """

    job: HeldJob
    path: Path
    body: bytes | None = field(default=None, repr=False, compare=False)
    substitute: bool = False

    @property
    def job_id(self) -> str:
        """Whose result it is."""
        return self.job.job_id

    def read(self) -> bytes:
        """The result as it goes over the wire."""
        return self.path.read_bytes() if self.body is None else self.body


class Outbox:
    """A directory with one JSON file a result. Files are complete or absent, also after a power cut.

    Several workers may share it: a result that is delivered twice is refused or ignored by the engine.
    """

    def __init__(self, directory: Path, *, now: Callable[[], float] = time.time) -> None:
        self.directory, self._now = directory, now
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsInvalid(f"NEOPS_STATE_DIR: results cannot be kept in {directory}: {error}") from error

    @classmethod
    def for_engine(cls, engine_url: str, state_dir: Path | None) -> Outbox:
        """The outbox of one engine, below `state_dir` or the user's state directory.

        Raises:
            SettingsInvalid: the directory cannot be made.
        """
        engine = hashlib.sha256(without_userinfo(engine_url).encode()).hexdigest()[:12]
        return cls((state_dir or platformdirs.user_state_path("neops")) / "outbox" / engine)

    def keep(self, result: JobResult, *, substitute: bool = False) -> Kept:
        """Write a result; on return it survives a power cut. On a full disk it is kept in memory."""
        key = f"{result.job_execution_id} {result.lease_token or ''}"
        path = self.directory / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
        body = dump(result)
        kept = Kept(job=_held(result), path=path, body=body, substitute=substitute)
        try:
            self._write(path, body)
        except OSError as error:
            logger.error("a result cannot be written to disk", extra={"job": kept.job_id, "reason": str(error)})
            return kept
        return kept if len(body) <= SHORT else replace(kept, body=None)

    def waiting(self) -> Sequence[Kept]:
        """What is not delivered, oldest first. A file that is no result is set aside."""
        paths = sorted(self.directory.glob("*.json"), key=_written_at)
        return [kept for path in paths if (kept := self._kept(path)) is not None]

    def drop(self, kept: Kept) -> None:
        """The engine took it, or has another result."""
        kept.path.unlink(missing_ok=True)

    def set_aside(self, path: Path) -> Path:
        """Nobody will take this file: keep it for people to look at."""
        aside = path.with_suffix(".refused")
        with suppress(FileNotFoundError):  # it was in memory only, or another worker was quicker
            path.replace(aside)
        return aside

    def tidy(self) -> None:
        """Delete what nobody will miss: the oldest of many refused results, files of workers killed while writing."""
        refused = sorted(self.directory.glob("*.refused"), key=_written_at, reverse=True)[REFUSED_KEPT:]
        before = (self._now() - UNFINISHED_S) * 1e9
        unfinished = [path for path in self.directory.glob("*.tmp") if _written_at(path) < before]
        for path in (*refused, *unfinished):
            path.unlink(missing_ok=True)

    def _kept(self, path: Path) -> Kept | None:
        try:
            return Kept(job=_held(JobResult.model_validate_json(path.read_bytes())), path=path)
        except FileNotFoundError:  # another worker delivered it just now
            return None
        except ValidationError:
            logger.error("a file in the outbox is no result", extra={"kept_in": str(self.set_aside(path))})
            return None

    def _write(self, path: Path, body: bytes) -> None:
        unfinished = path.with_suffix(f".{os.getpid()}.tmp")
        descriptor = os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        self._sync_directory()

    def _sync_directory(self) -> None:
        if os.name == "nt":  # directories cannot be opened there
            return
        descriptor = os.open(self.directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _held(result: JobResult) -> HeldJob:
    return HeldJob(job_id=result.job_execution_id, lease_token=result.lease_token)


def _written_at(path: Path) -> int:
    """Nanoseconds since the epoch."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # another worker delivered it just now
        return 0
