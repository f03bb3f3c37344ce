from __future__ import annotations

import hashlib
from pathlib import Path

from neops.engine.artifacts import ArtifactFiles
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
