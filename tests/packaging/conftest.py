"""The wheel as users get it: built from the checkout, installed where the checkout cannot be seen."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.clean_environment import CleanEnvironment

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def isolated_home() -> None:
    """Installers keep the user's own configuration: it may say where the package index is."""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, timeout=120, check=True, stdout=subprocess.DEVNULL)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    """`pip install neops`, without extras."""
    environment = CleanEnvironment.create(tmp_path_factory.mktemp("bare"))
    environment.install(str(wheel))
    return environment
