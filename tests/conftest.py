"""Fixtures of every test: nothing a test runs reads or writes the home directory of whoever runs it."""

import os
import tempfile
from pathlib import Path

import pytest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Two workers a core for `-n auto`: tests wait for devices three quarters of their time."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return min(2 * (os.cpu_count() or 1), 16)


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("homes")


@pytest.fixture
def empty_home(homes: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=homes))


@pytest.fixture(autouse=True)
def isolated_home(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SSH libraries read ~/.ssh, stevedore and platformdirs write below ~: give them an empty one."""
    monkeypatch.setenv("HOME", str(empty_home))
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "SSH_AUTH_SOCK"):
        monkeypatch.delenv(name, raising=False)
