"""A Python environment that cannot see the checkout."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

INSTALL_TIMEOUT_S = 300
_HIDDEN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


@dataclass(frozen=True, kw_only=True)
class CleanEnvironment:
    """A virtual environment and a working directory, both outside the checkout."""

    venv: Path
    cwd: Path

    @classmethod
    def create(cls, folder: Path) -> Self:
        environment = cls(venv=folder / "venv", cwd=folder / "cwd")
        environment.cwd.mkdir()
        environment._checked([sys.executable, "-m", "venv", str(environment.venv)])
        return environment

    def install(self, *requirements: str) -> None:
        uv = shutil.which("uv")
        if uv and self._call([uv, "pip", "install", "-q", "--python", str(self._bin("python")), *requirements])[0] == 0:
            return
        self.run("python", "-m", "pip", "install", "-q", *requirements)

    def run(self, program: str, *arguments: str) -> str:
        """What an installed program prints; an exit code other than 0 fails the test with all it said."""
        return self._checked([str(self._bin(program)), *arguments])

    def refusal(self, program: str, *arguments: str) -> tuple[int, str]:
        """The exit code of an installed program, and its errors."""
        code, _, errors = self._call([str(self._bin(program)), *arguments])
        return code, errors

    def run_script(self, source: str) -> str:
        """Write the source beside nothing else, run it, return what it prints."""
        script = self.cwd / "script.py"
        script.write_text(source)
        return self.run("python", str(script))

    @contextmanager
    def started(self, program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A server, terminated at the end if it still runs; its output is in `stdout`."""
        command = [str(self._bin(program)), *arguments]
        with subprocess.Popen(command, cwd=self.cwd, env=_environment(), stdout=subprocess.PIPE, text=True) as process:
            try:
                yield process
            finally:
                process.terminate()

    def _bin(self, program: str) -> Path:
        return self.venv / "bin" / program

    def _checked(self, command: Sequence[str]) -> str:
        code, output, errors = self._call(command)
        assert code == 0, f"{' '.join(command)}: exit {code}\n{output}{errors}"
        return output

    def _call(self, command: Sequence[str]) -> tuple[int, str, str]:
        done = subprocess.run(
            command,
            cwd=self.cwd,
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=INSTALL_TIMEOUT_S,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _HIDDEN}
