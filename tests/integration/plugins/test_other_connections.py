"""Nornir connection plugins besides netmiko, and entries of an existing inventory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neops.devices import Credentials, HostKeys
from neops.entities import Secret
from neops.errors import ConnectFailed, HostKeyRejected, SessionLost
from neops.testing.simulator import RunningDevice

Find = Callable[[str], RunningDevice]
Make = Callable[..., Any]

pytestmark = pytest.mark.parametrize("plugin", ["nornir"])

SCRAPLI = {"connection": "scrapli", "transport": "paramiko", "auth_strict_key": False}


async def test_nornir_scrapli_serves_the_same_getters(plugin: str, device: Find, sessions: Make) -> None:
    session = sessions(device("cisco_ios"), extras=SCRAPLI)

    await session.open()
    facts = await session.get_facts()
    await session.close()

    assert facts.hostname == "cisco_ios"


async def test_nornir_scrapli_is_told_of_the_enable_secret(plugin: str, device: Find, sessions: Make) -> None:
    credentials = Credentials(username="neops", password=Secret("s3cret-of-all"), enable_secret=Secret("up-up"))
    session = sessions(device("cisco_ios-enable"), extras=SCRAPLI, credentials=credentials)

    await session.open()
    config = await session.get_config()
    await session.close()

    assert "interface" in config.running


async def test_a_key_for_nornir_scrapli_that_cannot_be_read_is_called_so(
    plugin: str, device: Find, sessions: Make, tmp_path: Path
) -> None:
    credentials = Credentials(username="neops", private_key=tmp_path / "nowhere")

    with pytest.raises(ConnectFailed, match="cannot be used: No such file"):
        await sessions(device("cisco_ios"), extras=SCRAPLI, credentials=credentials).open()


async def test_a_closed_session_of_another_connection_runs_nothing(plugin: str, device: Find, sessions: Make) -> None:
    session = sessions(device("cisco_ios"), extras=SCRAPLI)
    await session.open()
    session.abort()

    assert not await session.alive()
    with pytest.raises(SessionLost):
        await session.send_command("show version")
    await session.close()


async def test_a_connection_that_is_not_installed_says_so(plugin: str, device: Find, sessions: Make) -> None:
    with pytest.raises(ConnectFailed, match="no connection plugin 'telepathy'"):
        await sessions(device("cisco_ios"), extras={"connection": "telepathy"}).open()


async def test_an_inventorys_netmiko_entry_is_used_as_it_is(
    plugin: str, device: Find, sessions: Any, tmp_path: Path
) -> None:
    target = device("cisco_ios")
    known_hosts = tmp_path / "of_the_inventory"
    log = tmp_path / "session.log"
    extras = {"ssh_strict": True, "alt_host_keys": True, "alt_key_file": str(known_hosts), "session_log": str(log)}
    entries = {"netmiko": {"extras": extras}}

    with pytest.raises(HostKeyRejected, match="of_the_inventory"):
        await sessions(target, entries, host_keys=HostKeys(policy="off")).open()
    known_hosts.write_text(f"[127.0.0.1]:{target.port} {sessions.public_key}\n")
    session = sessions(target, entries, host_keys=HostKeys(policy="off"))
    await session.open()
    await session.close()

    assert "cisco_ios#" in log.read_text()
