from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Neops = Callable[..., Said]


@pytest.fixture
def neops(tmp_path: Path) -> Neops:
    """Runs `neops …` as its user does: a process of its own, in an empty folder, with an empty home."""
    home = tmp_path / "home"
    home.mkdir()

    def call(*arguments: object) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "neops", *map(str, arguments)],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(home), "NO_COLOR": "1", "COLUMNS": "160"},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Said(code=done.returncode, out=done.stdout, err=done.stderr)

    return call
