"""What the set-up says on a machine without a suitable Python."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.packaging


def interpreter(folder: Path, name: str, verdict: str, code: int = 1) -> Path:
    """Something that answers the probe of .ci/venv as a Python would."""
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{verdict}'\nexit {code}\n")
    path.chmod(0o755)
    return path


def set_up(checkout: Path, pythons: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (checkout / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "venv", checkout / ".ci")
    return subprocess.run(
        [checkout / ".ci" / "venv", "all"],
        env={"PATH": os.environ["PATH"], "PYTHON": pythons, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_every_unsuitable_python_is_named_with_what_it_lacks(tmp_path: Path) -> None:
    old = interpreter(tmp_path, "python3.9", "3.9.18, too old")
    bare = interpreter(
        tmp_path, "python3.11", "3.11.2, without its venv module (Debian, Ubuntu: apt install python3-venv)"
    )
    done = set_up(tmp_path, f"{old} {bare}")

    assert done.returncode == 1
    assert f"{old}: 3.9.18, too old" in done.stderr
    assert f"{bare}: 3.11.2, without its venv module" in done.stderr


def test_a_machine_without_python_is_told_what_to_install(tmp_path: Path) -> None:
    done = set_up(tmp_path, str(tmp_path / "nothing"))

    assert done.returncode == 1
    assert "neops needs Python 3.11 or newer" in done.stderr


def test_another_python_gets_an_environment_of_its_own(tmp_path: Path) -> None:
    done = set_up(tmp_path, str(interpreter(tmp_path, "python3.14", "3.14.2", code=0)), VENV=".venv-3.14")

    assert f"Making .venv-3.14 with {tmp_path / 'python3.14'} (3.14.2)" in done.stdout
