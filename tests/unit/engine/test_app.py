from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from neops.engine.app import Engine, check_exposure
from neops.engine.store.errors import StoreUnavailable
from neops.errors import SettingsInvalid
from neops.settings import EngineSettings


def test_a_token_check_that_does_not_exist_yet_is_not_pretended() -> None:
    with pytest.raises(SettingsInvalid, match="--no-auth"):
        check_exposure(EngineSettings(auth=True))


def test_an_open_engine_beyond_loopback_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    check_exposure(EngineSettings(auth=False, host="0.0.0.0"))

    assert "anyone who reaches this address" in caplog.text


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = EngineSettings(auth=False, port=port, database=f"sqlite:///{tmp_path / 'neops.db'}")
        async with Engine.open(settings) as engine:
            with pytest.raises(SettingsInvalid, match=f"127.0.0.1:{port}"):
                await engine.serve()


def test_the_engine_starts_without_blocks_devices_and_vendor_libraries() -> None:
    code = """
import sys, neops.engine.app
foreign = {"scrapli", "napalm", "netmiko", "nornir", "paramiko", "asyncssh", "ntc_templates"}
ours = {"neops.blocks", "neops.devices", "neops.library", "neops.worker", "neops.testing", "neops.cli"}
print(sorted((foreign | ours) & set(sys.modules)))
"""

    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == "[]"


async def test_a_database_is_one_engines_until_that_one_ends(tmp_path: Path) -> None:
    settings = EngineSettings(auth=False, database=f"sqlite:///{tmp_path / 'neops.db'}")
    async with Engine.open(settings):
        with pytest.raises(StoreUnavailable, match=r"neops\.db cannot be used: another engine has it open"):
            async with Engine.open(settings):
                pass

    async with Engine.open(settings):
        pass
