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
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with what would be published: the sdist, and the wheel built from it."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, timeout=120, check=True, stdout=subprocess.DEVNULL)
    return out


@pytest.fixture(scope="session")
def sdist(dist: Path) -> Path:
    (built,) = dist.glob("*.tar.gz")
    return built


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    (built,) = dist.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    """`pip install neops`, without extras."""
    environment = CleanEnvironment.create(tmp_path_factory.mktemp("bare"))
    environment.install(str(wheel))
    return environment
