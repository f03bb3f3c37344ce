"""`neops` in a process of its own, in an empty folder, with an empty home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

WORKFLOW = """\
package: wf.example.io
name: who
label: who
majorVersion: 1
minorVersion: 0
patchVersion: 0
type: workflow
seedEntity: device
"""
WARM = Path(__file__).with_name("warm.py")


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One command: its arguments, and the environment that it finds."""

    arguments: list[str]
    folder: Path
    environment: Mapping[str, str]

    def cold(self) -> Said:
        """In a Python of its own, as a user's shell starts it."""
        done = subprocess.run(
            [sys.executable, "-m", "neops", *self.arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Said(code=done.returncode, out=done.stdout, err=done.stderr)

    def warm(self, server: subprocess.Popen[str]) -> Said:
        """In a fork of the server."""
        assert server.stdin is not None
        assert server.stdout is not None
        out, err = self.folder / "said.out", self.folder / "said.err"
        out.write_bytes(b"")
        err.write_bytes(b"")
        order = {"arguments": self.arguments, "cwd": str(self.folder), "environment": dict(self.environment)}
        print(json.dumps(order | {"out": str(out), "err": str(err)}), file=server.stdin, flush=True)
        try:
            code = int(server.stdout.readline())
        except BaseException:
            server.kill()  # it would answer the next command with this one's code
            raise
        return Said(code=code, out=out.read_text(), err=err.read_text())


Neops = Callable[..., Said]


@pytest.fixture(scope="session")
def warm(homes: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has imported neops and forks for each command."""
    with subprocess.Popen(
        [sys.executable, WARM],
        env={"PATH": os.environ["PATH"], "HOME": str(homes), "NO_COLOR": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        yield server


def calling(tmp_path: Path, say: Callable[[Call], Said]) -> Neops:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    always = {"PATH": os.environ["PATH"], "HOME": str(home), "NO_COLOR": "1", "COLUMNS": "200"}

    def call(*arguments: object, **environment: str) -> Said:
        return say(Call(arguments=[*map(str, arguments)], folder=tmp_path, environment=always | environment))

    return call


@pytest.fixture
def neops(tmp_path: Path, warm: subprocess.Popen[str]) -> Neops:
    """Runs `neops …`; keyword arguments are variables of its environment."""
    return calling(tmp_path, lambda call: call.warm(warm))


@pytest.fixture
def cold_neops(tmp_path: Path) -> Neops:
    """As `neops`, started as its users start it: for what only a process from scratch shows."""
    return calling(tmp_path, Call.cold)


@pytest.fixture
def workflow(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """`who.yaml`, on devices, with the STEPS of the module: its `steps`, and what else it has."""
    path = tmp_path / "who.yaml"
    path.write_text(WORKFLOW + request.module.STEPS)
    return path
