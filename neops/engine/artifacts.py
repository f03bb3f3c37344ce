"""Files that jobs left, kept by what is in them."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from neops.engine.store.changes import KeptFile
from neops.engine.store.errors import StoreUnavailable
from neops.protocol import JobArtifact


class ArtifactFiles:
    """A directory of files named by the SHA-256 of their content; equal content is kept once.

    `trouble` is why the last files could not be written, None once some were.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.trouble: StoreUnavailable | None = None

    def path(self, sha256: str) -> Path:
        """Where the file with this hash is."""
        return self._root / sha256[:2] / sha256

    async def keep(self, artifacts: Sequence[JobArtifact]) -> tuple[KeptFile, ...]:
        """Write the files; they are on disk when this returns.

        Raises:
            StoreUnavailable: the disk is full, or cannot be written.
        """
        if not artifacts:
            return ()
        try:
            kept = await asyncio.to_thread(lambda: tuple(self._keep(one) for one in artifacts))
        except OSError as error:
            self.trouble = StoreUnavailable(self._root, error.strerror or str(error))
            raise self.trouble from error
        self.trouble = None
        return kept

    def _keep(self, artifact: JobArtifact) -> KeptFile:
        content = artifact.content
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.path(sha256)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, content)
        return KeptFile(name=artifact.name, media_type=artifact.media_type, size=len(content), sha256=sha256)


def _write(path: Path, content: bytes) -> None:
    """All of it under its name, or nothing: also when the power fails in between."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        except OSError:  # half a file is in the way of the next try on a full disk
            Path(file.name).unlink()
            raise
    Path(file.name).replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
