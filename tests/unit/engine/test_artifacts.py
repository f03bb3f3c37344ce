from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from neops.engine.artifacts import ArtifactFiles
from neops.engine.store.errors import StoreUnavailable
from neops.protocol import JobArtifact


def artifact(name: str, content: bytes) -> JobArtifact:
    return JobArtifact(name=name, media_type="text/plain", content=content)


async def test_equal_content_is_kept_once_under_its_hash(tmp_path: Path) -> None:
    files = ArtifactFiles(tmp_path)

    kept = await files.keep([artifact("a", b"same"), artifact("b", b"same"), artifact("c", b"other")])

    assert [one.sha256 for one in kept[:2]] == [hashlib.sha256(b"same").hexdigest()] * 2
    assert files.path(kept[2].sha256).read_bytes() == b"other"
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2


async def test_the_name_that_a_job_gave_is_no_path(tmp_path: Path) -> None:
    files = ArtifactFiles(tmp_path / "files")

    await files.keep([artifact("../../escaped", b"x")])

    assert [path.name for path in tmp_path.iterdir()] == ["files"]


async def test_a_file_that_cannot_be_written_leaves_nothing_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    files = ArtifactFiles(tmp_path)
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(StoreUnavailable, match="No space left on device"):
            await files.keep([artifact("a", b"much")])

    assert files.trouble is not None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    await files.keep([artifact("a", b"much")])
    assert files.trouble is None
