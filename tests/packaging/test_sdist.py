"""What is inside the source distribution."""

import subprocess
import tarfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(300)]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a clone knows which files are the repository's")
def test_it_has_every_file_of_the_repository(sdist: Path) -> None:
    """So that `make test` works in it as in a clone."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
    with tarfile.open(sdist) as archive:
        held = {PurePosixPath(*PurePosixPath(name).parts[1:]) for name in archive.getnames()}

    assert {PurePosixPath(name) for name in listed.stdout.splitlines()} - held == set()
