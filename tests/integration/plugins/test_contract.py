"""What every session owes its caller, for each plugin on each platform that it serves over SSH."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from neops.concurrency import current_executor
from neops.devices import ConnectionPlugin, Credentials, HostKeys, ReadsNeighbors, capabilities_of
from neops.entities import Secret
from neops.errors import (
    AuthenticationFailed,
    CommandRejected,
    HostKeyRejected,
    OperationTimedOut,
    SessionLost,
    Unreachable,
)
from neops.testing.simulator import Fault, FaultKind, RunningDevice

Find = Callable[[str], RunningDevice]
Make = Callable[..., Any]

PLATFORMS = (
    "arista_eos",
    "aruba_aoscx",
    "cisco_ios",
    "cisco_nxos",
    "cisco_xr",
    "hp_procurve",
    "huawei_vrp",
    "juniper_junos",
    "linux",
    "nokia_srl",
)
PAIRS = [
    ("frr", "frr"),
    *(("scrapli", platform) for platform in (*PLATFORMS, "frr") if platform != "hp_procurve"),
    *(("nornir", platform) for platform in (*PLATFORMS, "frr")),
    ("napalm", "cisco_ios"),
    ("napalm", "cisco_nxos"),
    ("napalm", "arista_eos"),
    ("napalm", "juniper_junos"),
]
every_pair = pytest.mark.parametrize(("plugin", "platform"), PAIRS)
every_plugin = pytest.mark.parametrize("plugin", ["scrapli", "nornir", "napalm"])

PORT = {
    "arista_eos": "Ethernet1",
    "aruba_aoscx": "1/1/1",
    "cisco_ios": "GigabitEthernet1/0/1",
    "cisco_nxos": "Ethernet1/1",
    "cisco_xr": "GigabitEthernet0/0/0/0",
    "frr": "eth0",
    "hp_procurve": "1",
    "huawei_vrp": "GigabitEthernet0/0/1",
    "juniper_junos": "ge-0/0/0",
    "linux": "eth0",
    "nokia_srl": "ethernet-1/1",
}
SHOW = {
    "aruba_aoscx": "show system",
    "hp_procurve": "show system",
    "huawei_vrp": "display version",
    "linux": "ip link show",
    "nokia_srl": "show version",
}
UNNUMBERED = {"frr"}
"""Without a serial number."""
VTYSH_ALONE = {("scrapli", "frr"), ("nornir", "frr")}
"""It knows no neighbours and not since when the machine is up; `neops_frr` asks lldpd and the kernel besides."""
UNPARSED = {"frr", "nokia_srl"}
"""JSON is what they print themselves: ntc-templates knows none of their commands."""
MAC = {"hp_procurve": ""}
"""Where the table of ports has no MAC addresses."""
PROMPTLY_S = 3.0
"""Longest wait for something that is said to happen at once; a loaded machine is slow."""


@asynccontextmanager
async def opened(session: Any) -> Any:
    await session.open()
    try:
        yield session
    finally:
        await session.close()


@every_pair
async def test_getters_mean_the_same_on_every_plugin_and_platform(
    plugin: str, platform: str, device: Find, sessions: Make
) -> None:
    target, port = device(platform), PORT[platform]

    async with opened(sessions(target)) as session:
        facts = await session.get_facts()
        interfaces = await session.get_interfaces()
        neighbors = await session.get_lldp_neighbors() if isinstance(session, ReadsNeighbors) else None

    assert facts.hostname.partition(".")[0] == platform
    assert bool(facts.serial_number) == (platform not in UNNUMBERED)
    assert facts.os_version
    assert facts.uptime > 1_000_000 or (plugin, platform) in VTYSH_ALONE
    assert port in facts.interface_list
    assert (interfaces[port].is_up, interfaces[port].is_enabled) == (True, True)
    assert interfaces[port].description == "to spine1"
    assert interfaces[port].mac_address == MAC.get(platform, "02:00:5E:10:00:01")
    assert sorted(one.is_enabled for one in interfaces.values() if one.description == "spare") == [False]
    assert (neighbors is None) == ((plugin, platform) in VTYSH_ALONE)
    if neighbors is not None:
        assert [(one.hostname.partition(".")[0], one.port) for one in neighbors[port]] == [("spine1", "Ethernet7")]


def test_no_pair_is_left_out(plugins: Mapping[str, ConnectionPlugin]) -> None:
    served = {
        (name, platform)
        for name, plugin in plugins.items()
        for platform in PORT
        if platform in plugin.platforms and plugin.capabilities(platform)
    }

    assert served == set(PAIRS)


@every_pair
async def test_two_readings_of_a_configuration_are_equal(
    plugin: str, platform: str, device: Find, sessions: Make
) -> None:
    async with opened(sessions(device(platform))) as session:
        first, second = await session.get_config(), await session.get_config()

    assert first == second
    assert PORT[platform] in first.running
    assert first.startup == ""


@every_pair
async def test_commands_come_back_raw_parsed_or_rejected(
    plugin: str, platform: str, device: Find, sessions: Make
) -> None:
    command = SHOW.get(platform, "show version")

    async with opened(sessions(device(platform))) as session:
        raw, bogus, again = await session.send_commands([command, "show bogus", command])
        parsed = None if platform in UNPARSED else await session.send_command(command, parse="textfsm")

    assert len(raw.output.splitlines()) == len(again.output.splitlines()) > 1
    assert command not in raw.output.splitlines()
    assert (raw.rejected, bogus.rejected) == (False, True)
    assert parsed is None or parsed.parsed
    with pytest.raises(CommandRejected, match=platform):
        bogus.raise_for_status()


@pytest.mark.parametrize("plugin", ["scrapli", "nornir"])
@pytest.mark.parametrize(
    ("platform", "command"),
    [("cisco_ios", "configure terminal"), ("juniper_junos", "configure"), ("huawei_vrp", "system-view")],
)
async def test_a_session_left_in_configuration_mode_is_given_up(
    plugin: str, platform: str, command: str, device: Find, sessions: Make
) -> None:
    async with opened(sessions(device(platform))) as session:
        await session.send_command(SHOW.get(platform, "show version"))
        await session.reset()
        await session.send_command(command)

        with pytest.raises(SessionLost, match="a command left the prompt"):
            await session.reset()


@pytest.mark.parametrize("plugin", ["scrapli", "nornir"])
async def test_a_shells_output_may_look_like_a_prompt(plugin: str, device: Find, sessions: Make) -> None:
    async with opened(sessions(device("linux"))) as session:
        answer = await session.send_command("cat /etc/motd")

    assert answer.output.split() == ["<motd>", "host$", "root#", "full", "100%", "</motd>"]


@every_pair
async def test_a_session_has_the_capabilities_that_its_plugin_promised(
    plugin: str, platform: str, device: Find, sessions: Any
) -> None:
    made: type = type(sessions(device(platform)))

    assert capabilities_of(made) == sessions.plugin.capabilities(platform)


@every_plugin
@pytest.mark.parametrize("platform", ["arista_eos", "cisco_ios", "cisco_nxos"])
async def test_the_enable_secret_leads_to_the_privileged_mode(
    plugin: str, platform: str, device: Find, sessions: Any
) -> None:
    if platform not in sessions.plugin.platforms:
        pytest.skip(f"{plugin} does not serve {platform}")
    target = device(f"{platform}-enable")
    credentials = Credentials(
        username=target.spec.username, password=Secret(target.spec.password), enable_secret=Secret("up-up")
    )

    async with opened(sessions(target, credentials=credentials)) as session:
        config = await session.get_config()

    assert PORT[platform] in config.running


@pytest.mark.parametrize(
    ("plugin", "platform"),
    [
        ("scrapli", "cisco_ios"),
        ("nornir", "cisco_ios"),
        ("napalm", "cisco_ios"),
        ("scrapli", "arista_eos"),
        ("nornir", "arista_eos"),
    ],
)
async def test_without_an_enable_secret_the_login_stays_where_it_is(
    plugin: str, platform: str, device: Find, sessions: Make
) -> None:
    async with opened(sessions(device(f"{platform}-enable"))) as session:
        answer = await session.send_command("show version")

    assert platform.partition("_")[0] in answer.output.lower()


@every_plugin
async def test_a_wrong_enable_secret_is_an_authentication_failure(plugin: str, device: Find, sessions: Make) -> None:
    target = device("cisco_ios-enable")
    credentials = Credentials(
        username=target.spec.username, password=Secret(target.spec.password), enable_secret=Secret("down-down")
    )

    began_at = time.monotonic()
    with pytest.raises(AuthenticationFailed, match=r"cisco_ios-enable: .* refused the enable secret"):
        await sessions(target, credentials=credentials, connect_timeout_s=20.0).open()

    assert time.monotonic() - began_at < 8  # netmiko by itself waits 10 s for what comes then


@every_plugin
async def test_a_wrong_password_is_an_authentication_failure(plugin: str, device: Find, sessions: Make) -> None:
    target = device("cisco_ios")
    credentials = Credentials(username="neops", password=Secret("wrong-password"))

    with pytest.raises(AuthenticationFailed, match=f"cisco_ios: 127.0.0.1:{target.port} with .* neops") as failure:
        await sessions(target, credentials=credentials).open()

    assert "wrong-password" not in str(failure.value)


@pytest.mark.parametrize("plugin", ["scrapli"])
async def test_leave_is_asked_right_before_the_password_is_sent(plugin: str, device: Find, sessions: Make) -> None:
    target = device("cisco_ios")
    asked: list[tuple[int, int]] = []

    async def before_login() -> None:
        asked.append((target.sessions, target.failed_logins))

    wrong = Credentials(username="neops", password=Secret("wrong"))
    session = sessions(target, before_login=before_login, credentials=wrong)

    with pytest.raises(AuthenticationFailed):
        await session.open()

    assert session.asks_before_login
    assert asked == [(0, 0)]
    assert target.failed_logins == 1


@every_plugin
async def test_a_closed_port_is_unreachable(plugin: str, device: Find, sessions: Make) -> None:
    target = device("cisco_ios")
    target.fault = Fault(kind=FaultKind.REFUSE)

    with pytest.raises(Unreachable, match=rf"cisco_ios: 127.0.0.1:{target.port} with {plugin}.*refused"):
        await sessions(target).open()


@every_plugin
async def test_an_unknown_host_name_is_unreachable(plugin: str, device: Find, sessions: Make) -> None:
    with pytest.raises(Unreachable, match=r"no-such-host\.invalid"):
        await sessions(device("cisco_ios"), host="no-such-host.invalid").open()


@every_plugin
@pytest.mark.parametrize("kind", [FaultKind.HANG, FaultKind.HANG_AFTER_LOGIN])
async def test_a_silent_device_is_unreachable_after_the_connect_timeout(
    plugin: str, kind: FaultKind, device: Find, sessions: Make
) -> None:
    target = device("cisco_ios")
    target.fault = Fault(kind=kind)
    started = time.monotonic()

    with pytest.raises(Unreachable, match="cisco_ios"):
        await sessions(target, connect_timeout_s=1.0).open()

    assert time.monotonic() - started < 1.0 + PROMPTLY_S
    await until(lambda: current_executor().abandoned == 0)  # netmiko would poll for another ten seconds


@every_plugin
@pytest.mark.parametrize("delay_s", [0.0, 0.1])  # before, and mostly after the TCP connection
async def test_an_abort_from_another_thread_ends_a_login_that_hangs(
    plugin: str, delay_s: float, device: Find, sessions: Make
) -> None:
    target = device("cisco_ios")
    target.fault = Fault(kind=FaultKind.HANG)
    session = sessions(target, host_keys=HostKeys(policy="off"))
    login = asyncio.create_task(session.open())
    await asyncio.sleep(delay_s)

    threading.Thread(target=session.abort).start()

    with pytest.raises(SessionLost, match="aborted"):
        await asyncio.wait_for(login, PROMPTLY_S)


@every_plugin
async def test_an_abort_from_another_thread_frees_who_waits_for_a_command(
    plugin: str, device: Find, sessions: Make
) -> None:
    target = device("cisco_ios")
    async with opened(sessions(target)) as session:
        target.fault = Fault(kind=FaultKind.HANG_ON_COMMAND)
        waiting = asyncio.create_task(session.send_command("show clock"))
        await until(lambda: "show clock" in target.commands)

        threading.Thread(target=session.abort).start()

        with pytest.raises(SessionLost, match=r"cisco_ios: 'show clock'.*aborted"):
            await asyncio.wait_for(waiting, PROMPTLY_S)
        assert not await session.alive()


@every_plugin
async def test_a_command_that_hangs_ends_at_the_command_timeout(plugin: str, device: Find, sessions: Make) -> None:
    target = device("cisco_ios")
    async with opened(sessions(target, command_timeout_s=1.0)) as session:
        target.fault = Fault(kind=FaultKind.HANG_ON_COMMAND)

        with pytest.raises(OperationTimedOut, match="cisco_ios: no prompt within 1 s after 'show clock'"):
            await asyncio.wait_for(session.send_command("show clock"), 1.0 + PROMPTLY_S)
        assert not await session.alive()


@every_plugin
async def test_a_connection_that_breaks_ends_the_command_at_once(plugin: str, device: Find, sessions: Make) -> None:
    target = device("cisco_ios")
    async with opened(sessions(target)) as session:
        target.fault = Fault(kind=FaultKind.DROP)

        with pytest.raises(SessionLost, match="cisco_ios: 'show version'"):
            await asyncio.wait_for(session.send_command("show version"), PROMPTLY_S)
        assert not await session.alive()


@every_plugin
async def test_a_session_is_alive_from_open_to_close(plugin: str, device: Find, sessions: Make) -> None:
    session = sessions(device("cisco_ios"))
    before = await session.alive()
    await session.open()
    between = await session.alive()
    await session.close()

    assert (before, between, await session.alive()) == (False, True, False)
    await session.close()
    session.abort()


@pytest.mark.parametrize("plugin", ["nornir", "scrapli"])
async def test_closing_at_the_prompt_asks_nothing_more(plugin: str, device: Find, sessions: Make) -> None:
    session = sessions(device("huawei_vrp"))
    await session.open()

    async with asyncio.timeout(2.0):  # netmiko's goodbye looks for the configuration mode first: 2.1 s of silence
        await session.close()


@every_plugin
async def test_a_command_on_a_session_that_is_not_open_is_lost(plugin: str, device: Find, sessions: Make) -> None:
    with pytest.raises(SessionLost, match="not open"):
        await sessions(device("cisco_ios")).send_command("show version")


@every_plugin
async def test_a_new_host_key_is_remembered(plugin: str, device: Find, sessions: Any) -> None:
    target = device("cisco_ios")

    async with opened(sessions(target)):
        pass

    assert f"[127.0.0.1]:{target.port} ssh-ed25519 " in sessions.known_hosts.read_text()


@every_plugin
async def test_a_changed_host_key_is_rejected_before_the_password_leaves(
    plugin: str, device: Find, sessions: Any
) -> None:
    target = device("cisco_ios")
    other = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
    sessions.known_hosts.write_text(f"[127.0.0.1]:{target.port} ssh-ed25519 {other}\n")

    with pytest.raises(HostKeyRejected, match=r"cisco_ios: .*another machine.*ssh-keygen -R"):
        await sessions(target).open()

    assert (target.logins, target.failed_logins) == (0, 0)


@every_plugin
async def test_an_unknown_host_is_rejected_under_strict(plugin: str, device: Find, sessions: Any) -> None:
    target = device("cisco_ios")
    strict = HostKeys(policy="strict", known_hosts=sessions.known_hosts)

    with pytest.raises(HostKeyRejected, match="which is unknown"):
        await sessions(target, host_keys=strict).open()

    assert (target.logins, target.failed_logins) == (0, 0)
    assert not sessions.known_hosts.exists()


@every_plugin
async def test_nothing_is_remembered_when_host_keys_are_off(
    plugin: str, device: Find, sessions: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    async with opened(sessions(device("cisco_ios"), host_keys=HostKeys(policy="off"))):
        pass

    assert list(tmp_path.iterdir()) == []


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PROMPTLY_S):
        while not condition():
            await asyncio.sleep(0.01)
