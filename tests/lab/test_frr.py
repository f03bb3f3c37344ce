"""neops_frr on real routers, through a shell and through an sshd that forces vtysh."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from neops.devices import Credentials, HostKeys, capabilities_of
from neops.entities import Secret
from neops.errors import (
    AuthenticationFailed,
    CapabilityMissing,
    ConnectFailed,
    HostKeyRejected,
    OperationTimedOut,
    SessionLost,
)
from neops_frr import FrrPlugin
from tests.lab.network import LLDPD, PLAIN_USER, SHELL_USER, VTYSH_USER, Lab

pytestmark = pytest.mark.lab

Opened = Callable[..., Awaitable[Any]]
each_login = pytest.mark.parametrize("user", [SHELL_USER, VTYSH_USER])


@each_login
async def test_facts_are_the_routers_own(user: str, connect: Opened) -> None:
    facts = await (await connect("frr", "r2", user)).get_facts()

    assert (facts.hostname, facts.vendor) == ("r2", "FRRouting")
    assert facts.os_version[0].isdigit()
    assert facts.model.startswith("Linux(")
    assert {"lo", "mgmt", "to-r1", "to-r3"} <= set(facts.interface_list)
    assert (facts.uptime > 0) == (user == SHELL_USER)


@each_login
async def test_interfaces_have_state_description_and_address_of_the_link(user: str, connect: Opened) -> None:
    interfaces = await (await connect("frr", "r2", user)).get_interfaces()

    link = interfaces["to-r1"]
    assert (link.is_up, link.is_enabled, link.description, link.mtu) == (True, True, "to r1", 1500)
    assert len(link.mac_address) == 17
    assert interfaces["lo"].mac_address == ""


@each_login
async def test_addresses_are_those_of_the_links(user: str, connect: Opened) -> None:
    addresses = await (await connect("frr", "r2", user)).get_interfaces_ip()

    assert addresses["to-r1"].ipv4["10.0.12.2"].prefix_length == 24
    assert addresses["lo"].ipv4["10.255.0.2"].prefix_length == 32
    assert all(address.startswith("fe80:") for address in addresses["to-r1"].ipv6)


async def test_a_shell_knows_who_answered_on_the_links(connect: Opened) -> None:
    session = await connect("frr", "r2", SHELL_USER)

    entries = {one.ip: one for one in await session.get_arp_table()}

    assert entries["10.0.12.1"].interface == "to-r1"
    assert len(entries["10.0.12.1"].mac) == 17
    assert entries["10.0.12.1"].age >= 0
    assert await session.get_mac_address_table() == []


@each_login
async def test_bgp_neighbors_are_told_up_from_shut_down(user: str, connect: Opened) -> None:
    bgp = await (await connect("frr", "r2", user)).get_bgp_neighbors()

    peers = bgp["global"].peers
    up, down = peers["10.0.12.1"], peers["203.0.113.1"]
    assert bgp["global"].router_id == "10.255.0.2"
    assert (up.local_as, up.remote_as, up.remote_id, up.description) == (65002, 65001, "10.255.0.1", "r1")
    assert (up.is_up, up.is_enabled, up.uptime >= 0) == (True, True, True)
    assert up.address_family["ipv4"].accepted_prefixes >= 1
    assert (down.is_up, down.is_enabled, down.uptime, down.remote_id) == (False, False, -1.0, "")


@each_login
async def test_routes_are_found_by_prefix_by_address_and_by_protocol(user: str, connect: Opened) -> None:
    session = await connect("frr", "r1", user)

    exact = await session.get_route_to("10.255.0.3/32")
    longest = await session.get_route_to("10.255.0.3")
    below = await session.get_route_to("10.255.0.0/16", protocol="BGP", longer=True)
    table = await session.get_route_to()

    used = [route for route in exact["10.255.0.3/32"] if route.current_active]
    assert [(route.protocol, route.next_hop, route.outgoing_interface, route.preference) for route in used] == [
        ("bgp", "10.0.12.2", "to-r2", 20)
    ]
    assert used[0].age >= 0
    assert longest.keys() == exact.keys()
    assert set(below) == {"10.255.0.2/32", "10.255.0.3/32"}
    assert {"connected", "bgp"} <= {route.protocol for ways in table.values() for route in ways}
    assert "fe80::/64" in table


@each_login
async def test_no_route_is_an_empty_answer(user: str, connect: Opened) -> None:
    session = await connect("frr", "r1", user)

    assert await session.get_route_to("203.0.113.9") == {}
    assert await session.get_route_to("203.0.113.0/24", protocol="bgp") == {}


@each_login
async def test_commands_come_back_raw_as_json_or_rejected(user: str, connect: Opened) -> None:
    session = await connect("frr", "r3", user)

    version, bogus, absent = await session.send_commands(["show version", "show bogus", "show isis neighbor"])
    parsed = await session.send_command("show bgp summary json", parse="json")
    long = await session.send_command(f"show interface {' ' * 300} lo", parse=None)

    assert version.output.startswith("FRRouting ")
    assert not version.output.endswith("r3#")
    assert (version.rejected, bogus.rejected, absent.rejected) == (False, True, True)
    assert absent.output == "isisd is not running"
    assert parsed.parsed["ipv4Unicast"]["as"] == 65003
    assert long.output.startswith("Interface lo is up")


@each_login
async def test_two_readings_of_a_configuration_are_equal(user: str, connect: Opened) -> None:
    session = await connect("frr", "r1", user)

    first, second = await session.get_config("all"), await session.get_config("all")

    assert first == second
    assert first.running.startswith("!\nfrr version ")
    assert "router bgp 65001" in first.running
    assert ("router bgp 65001" in first.startup) == (user == SHELL_USER)


async def test_both_logins_give_the_same_text(connect: Opened) -> None:
    shell, forced = await connect("frr", "r1", SHELL_USER), await connect("frr", "r1", VTYSH_USER)

    for command in ("show running-config", "show version", "show interface brief", "show bogus"):
        assert (await shell.send_command(command)).output == (await forced.send_command(command)).output


async def test_lldp_neighbors_are_lldpds(lab: Lab, connect: Opened) -> None:
    if not lab.has_lldp:
        pytest.skip(f"the lab lacks {LLDPD} (package lldpd)")
    session = await connect("frr", "r2", SHELL_USER)

    neighbors = await _until(session.get_lldp_neighbors, lambda found: len(found) == 2)

    assert {interface: one.hostname for interface, [one] in neighbors.items()} == {"to-r1": "r1", "to-r3": "r3"}


async def test_without_a_shell_there_are_no_neighbors_rather_than_an_empty_list(connect: Opened) -> None:
    session = await connect("frr", "r2", VTYSH_USER)

    with pytest.raises(CapabilityMissing, match=r"r2: no plugin serves ReadsNeighbors .*forced into vtysh"):
        await session.get_lldp_neighbors()


async def test_without_lldpd_there_are_no_neighbors_rather_than_an_empty_list(connect: Opened) -> None:
    session = await connect("frr", "r2", SHELL_USER, extras={"lldpctl": "no-lldpctl"})

    with pytest.raises(CapabilityMissing, match="no-lldpctl: command not found"):
        await session.get_lldp_neighbors()


async def test_a_private_key_lets_in_without_a_password(lab: Lab, connect: Opened) -> None:
    credentials = Credentials(username=SHELL_USER, private_key=lab.private_key)

    session = await connect("frr", "r1", SHELL_USER, credentials=credentials)

    assert (await session.get_facts()).hostname == "r1"


async def test_a_wrong_password_is_told(connect: Opened) -> None:
    wrong = Credentials(username=SHELL_USER, password=Secret("guessed"))

    with pytest.raises(AuthenticationFailed, match=r"r1: 198\.18\.1\.2:22 with frr refused user ops"):
        await connect("frr", "r1", SHELL_USER, credentials=wrong)


async def test_a_user_who_may_not_use_vtysh_is_told_what_to_look_at(connect: Opened) -> None:
    with pytest.raises(ConnectFailed, match=r"failed to connect to any daemons.*groups frr and frrvty"):
        await connect("frr", "r1", PLAIN_USER)


async def test_an_unknown_host_key_is_refused_when_the_policy_is_strict(connect: Opened, tmp_path: Any) -> None:
    with pytest.raises(HostKeyRejected, match="unknown"):
        await connect("frr", "r1", SHELL_USER, host_keys=HostKeys(policy="strict", known_hosts=tmp_path / "none"))


@each_login
async def test_an_abort_wakes_who_waits(user: str, lab: Lab, connect: Opened) -> None:
    session = await connect("frr", "r1", user)
    with lab["r1"].hanging("bgpd"):
        waiting = asyncio.create_task(session.send_command("show bgp summary"))
        await asyncio.wait([waiting], timeout=0.5)
        assert not waiting.done()

        session.abort()
        async with asyncio.timeout(1.0):
            with pytest.raises(SessionLost, match="aborted"):
                await waiting

    assert not await session.alive()


@each_login
async def test_a_daemon_that_hangs_is_given_up_at_the_deadline(user: str, lab: Lab, connect: Opened) -> None:
    session = await connect("frr", "r1", user, command_timeout_s=1.5)

    with (
        lab["r1"].hanging("bgpd"),
        pytest.raises(OperationTimedOut, match=r"r1: .* within 1\.5 s after 'show bgp summary'"),
    ):
        await session.send_command("show bgp summary")

    assert not await session.alive()


async def test_a_session_has_the_capabilities_that_its_plugin_promised(connect: Opened) -> None:
    session = await connect("frr", "r1", SHELL_USER)

    served: type = type(session)

    assert capabilities_of(served) == FrrPlugin().capabilities("frr")


async def _until(ask: Callable[[], Awaitable[Any]], enough: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(15.0):
        while not enough(found := await ask()):
            await asyncio.sleep(0.1)
        return found
