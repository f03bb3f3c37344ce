"""NAPALM's drivers for APIs (eos: eAPI, junos: NETCONF) owe what every session owes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from neops.devices import (
    Credentials,
    DeviceRuntime,
    HostKeys,
    PluginCatalogue,
    ReadsFacts,
    WritesConfig,
)
from neops.entities import Device, Platform, Secret
from neops.errors import (
    AuthenticationFailed,
    CapabilityMissing,
    ConnectFailed,
    HostKeyRejected,
    OperationTimedOut,
    SessionLost,
    Unreachable,
)
from neops.testing.simulator import Fault, FaultKind, RunningDevice
from neops_napalm import NapalmPlugin

Find = Callable[[str], RunningDevice]

PORT = {"arista_eos": "Ethernet1", "juniper_junos": "ge-0/0/0"}
VERSION = {"arista_eos": "4.31.2F", "juniper_junos": "21.4R3-S5.4"}
PROMPTLY_S = 3.0
"""Longest wait for something that is said to happen at once; a loaded machine is slow."""

every_platform = pytest.mark.parametrize("platform", PORT)


@pytest.fixture
def plugin() -> str:
    return "napalm"


@pytest.fixture
def session(sessions: Any) -> Callable[..., Any]:
    """Makes a session that is not open, on the port of the device's API."""
    return sessions  # type: ignore[no-any-return]  # a class of conftest


Make = Callable[..., Any]


@asynccontextmanager
async def opened(session: Any) -> Any:
    await session.open()
    try:
        yield session
    finally:
        await session.close()


async def test_eapi_tells_tables_as_the_command_line_does(device: Find, session: Make) -> None:
    async with opened(session(device("arista_eos"))) as napalm:
        addresses, vlans = await napalm.get_interfaces_ip(), await napalm.get_vlans()
        [entry], [seen] = await napalm.get_arp_table(), await napalm.get_mac_address_table()

    assert addresses["Ethernet1"].ipv4["192.0.2.1"].prefix_length == 24
    assert (entry.interface, entry.ip, entry.mac, entry.age) == ("Ethernet1", "192.0.2.9", "02:00:5E:10:00:09", 720.0)
    assert (seen.interface, seen.mac, seen.vlan, seen.moves) == ("Ethernet1", "02:00:5E:10:00:09", 1, 1)
    assert seen.last_move > 1_000_000
    assert (vlans["1"].name, "Ethernet1" in vlans["1"].interfaces) == ("default", True)


@every_platform
async def test_a_wrong_password_is_an_authentication_failure(platform: str, device: Find, session: Make) -> None:
    wrong = Credentials(username="neops", password=Secret("wrong-password"))

    with pytest.raises(AuthenticationFailed, match="neops") as failure:
        await session(device(platform), credentials=wrong).open()

    assert "wrong-password" not in str(failure.value)


async def test_netconf_rejects_a_changed_host_key_before_the_password_leaves(
    device: Find, session: Make, sessions: Any
) -> None:
    target = device("juniper_junos")
    other = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
    sessions.known_hosts.write_text(f"[127.0.0.1]:{target.port} ssh-ed25519 {other}\n")

    with pytest.raises(HostKeyRejected, match="another machine"):
        await session(target).open()

    assert (target.logins, target.failed_logins) == (0, 0)


async def test_netconf_remembers_a_new_host_key_and_rejects_an_unknown_one_under_strict(
    device: Find, session: Make, sessions: Any
) -> None:
    target = device("juniper_junos")
    strict = HostKeys(policy="strict", known_hosts=sessions.known_hosts)

    with pytest.raises(HostKeyRejected, match="unknown"):
        await session(target, host_keys=strict).open()
    async with opened(session(target)):
        pass
    async with opened(session(target, host_keys=strict)) as napalm:
        assert await napalm.alive()


@every_platform
async def test_a_closed_port_is_unreachable(platform: str, device: Find, session: Make) -> None:
    target = device(platform)
    target.fault = Fault(kind=FaultKind.REFUSE)

    with pytest.raises(Unreachable, match="refused"):
        await session(target).open()


async def test_a_device_that_is_away_is_no_traceback_in_the_log(
    device: Find, session: Make, caplog: pytest.LogCaptureFixture
) -> None:
    target = device("arista_eos")
    target.fault = Fault(kind=FaultKind.REFUSE)

    with pytest.raises(Unreachable):
        await session(target).open()

    assert not [record for record in caplog.records if record.exc_info]


async def test_eos_over_ssh_is_left_to_others(device: Find, session: Make) -> None:
    over_ssh = {"optional_args": {"transport": "ssh"}}

    with pytest.raises(ConnectFailed, match="take its eAPI, or the plugin scrapli"):
        await session(device("arista_eos"), port=None, extras=over_ssh).open()


@every_platform
@pytest.mark.parametrize("kind", [FaultKind.HANG, FaultKind.HANG_AFTER_LOGIN])
async def test_a_silent_device_is_unreachable_after_the_connect_timeout(
    platform: str, kind: FaultKind, device: Find, session: Make
) -> None:
    target = device(platform)
    target.fault = Fault(kind=kind)
    started = time.monotonic()

    with pytest.raises(Unreachable, match=platform):
        await session(target, connect_timeout_s=1.0).open()

    assert time.monotonic() - started < 1.0 + PROMPTLY_S


@every_platform
async def test_an_abort_from_another_thread_frees_who_waits(platform: str, device: Find, session: Make) -> None:
    target = device(platform)
    async with opened(session(target)) as napalm:
        target.fault = Fault(kind=FaultKind.HANG_ON_COMMAND, command="show clock")
        waiting = asyncio.create_task(napalm.send_command("show clock"))
        async with asyncio.timeout(PROMPTLY_S):
            while not any("show clock" in command for command in target.commands):
                await asyncio.sleep(0.01)

        threading.Thread(target=napalm.abort).start()

        with pytest.raises(SessionLost, match="aborted"):
            await asyncio.wait_for(waiting, PROMPTLY_S)
        assert not await napalm.alive()


@every_platform
async def test_a_command_that_hangs_ends_at_the_command_timeout(platform: str, device: Find, session: Make) -> None:
    target = device(platform)
    async with opened(session(target, command_timeout_s=1.0)) as napalm:
        target.fault = Fault(kind=FaultKind.HANG_ON_COMMAND)

        with pytest.raises(OperationTimedOut, match="within 1 s"):
            await asyncio.wait_for(napalm.send_command("show version"), 1.0 + PROMPTLY_S)


@every_platform
async def test_a_connection_that_breaks_ends_the_command_at_once(platform: str, device: Find, session: Make) -> None:
    target = device(platform)
    async with opened(session(target)) as napalm:
        target.fault = Fault(kind=FaultKind.DROP)

        with pytest.raises(SessionLost):
            await asyncio.wait_for(napalm.send_command("show version"), PROMPTLY_S)


@every_platform
def test_they_are_chosen_only_where_they_are_preferred(platform: str) -> None:
    device = Device(id=1, hostname="r1", ip="192.0.2.1", platform=Platform(short_name=platform))
    asking = device.model_copy(update={"connection_options": Secret('{"neops": {"extras": {"plugins": ["napalm"]}}}')})
    runtime = DeviceRuntime(catalogue=PluginCatalogue.of(NapalmPlugin()))

    runtime.connect(asking, WritesConfig)
    with pytest.raises(CapabilityMissing, match=r"napalm: .* only when preferred: set plugins: \[napalm\]"):
        runtime.connect(device, ReadsFacts)
