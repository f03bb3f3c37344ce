"""Fixtures of every test: nothing a test runs reads or writes the home directory of whoever runs it."""

import tempfile
from pathlib import Path

import pytest


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
