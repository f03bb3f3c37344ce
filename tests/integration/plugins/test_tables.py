"""Addresses, ARP, MAC addresses, VLANs, BGP and routes: what every plugin that promises them reads on a device."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from neops.devices import (
    ConnectionPlugin,
    ReadsAddresses,
    ReadsArp,
    ReadsBgp,
    ReadsMacTable,
    ReadsRoutes,
    ReadsVlans,
)
from neops.testing.simulator import RunningDevice
from neops_frr import FrrPlugin
from neops_napalm import NapalmPlugin
from neops_nornir import NornirPlugin
from neops_scrapli import ScrapliPlugin

Find = Callable[[str], RunningDevice]
Make = Callable[..., Any]

PLUGINS: tuple[ConnectionPlugin, ...] = (NapalmPlugin(), FrrPlugin(), NornirPlugin(), ScrapliPlugin())

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
UNIT = {"juniper_junos": "ge-0/0/0.0", "nokia_srl": "ethernet-1/1.0"}
"""Where addresses and what is learned belong to a unit of the port."""

PEER, PEER_MAC = "192.0.2.9", "02:00:5E:10:00:09"


def pairs(capability: type, plugins: Sequence[ConnectionPlugin] = PLUGINS) -> pytest.MarkDecorator:
    """Every plugin and platform of the simulator with the capability, as the plugins promise it."""
    found = [
        (plugin.name, platform)
        for plugin in plugins
        for platform in PORT
        if platform in plugin.platforms.keys() - getattr(plugin, "on_request", ())  # test_apis.py has those
        if capability in plugin.capabilities(platform)
    ]
    return pytest.mark.parametrize(("plugin", "platform"), found)


@asynccontextmanager
async def opened(session: Any) -> AsyncIterator[Any]:
    await session.open()
    try:
        yield session
    finally:
        await session.close()


def unit(platform: str) -> str:
    return UNIT.get(platform, PORT[platform])


@pairs(ReadsAddresses)
async def test_an_interface_has_its_address(plugin: str, platform: str, device: Find, sessions: Make) -> None:
    async with opened(sessions(device(platform))) as session:
        addresses = await session.get_interfaces_ip()

    place = "DEFAULT_VLAN" if platform == "hp_procurve" else unit(platform)
    assert addresses[place].ipv4["192.0.2.1"].prefix_length == 24
    assert list(addresses) == [place]


@pytest.mark.parametrize("plugin", ["napalm", "nornir", "scrapli"])
async def test_a_nexus_without_an_address_has_none(plugin: str, device: Find, sessions: Make) -> None:
    async with opened(sessions(device("cisco_nxos-bare"))) as session:
        assert await session.get_interfaces_ip() == {}


@pairs(ReadsArp)
async def test_a_neighbour_that_answered_is_in_the_arp_table(
    plugin: str, platform: str, device: Find, sessions: Make
) -> None:
    async with opened(sessions(device(platform))) as session:
        entries = await session.get_arp_table()
        of_vrf = entries if platform == "hp_procurve" else await session.get_arp_table(vrf="blue")

    [entry] = [one for one in entries if one.ip == PEER]
    assert (entry.interface, entry.mac) == (unit(platform), PEER_MAC)
    assert entry.age in (-1.0, 3.0, 720.0)
    assert of_vrf == entries


@pairs(ReadsMacTable)
async def test_a_neighbours_address_was_seen_on_its_port(
    plugin: str, platform: str, device: Find, sessions: Make
) -> None:
    async with opened(sessions(device(platform))) as session:
        table = await session.get_mac_address_table()

    [entry] = [one for one in table if one.mac == PEER_MAC]
    assert (entry.interface, entry.static) == (unit(platform), False)
    assert entry.vlan == (0 if platform == "nokia_srl" else 1)


@pairs(ReadsVlans)
async def test_a_switch_has_its_ports_in_the_first_vlan(
    plugin: str, platform: str, device: Find, sessions: Make
) -> None:
    async with opened(sessions(device(platform))) as session:
        vlans = await session.get_vlans()

    assert unit(platform) in vlans["1"].interfaces
    assert vlans["1"].name.upper() in ("DEFAULT", "DEFAULT_VLAN", "DEFAULT_VLAN_1", "VLAN 0001", "")


@pairs(ReadsBgp)
async def test_a_device_that_speaks_no_bgp_has_no_neighbours(
    plugin: str, platform: str, device: Find, sessions: Make
) -> None:
    async with opened(sessions(device(platform))) as session:
        assert await session.get_bgp_neighbors() == {}


@pairs(ReadsBgp, PLUGINS[2:])  # NAPALM's driver asks for details that are not recorded; FRR counts after its policy
async def test_a_bgp_peer_that_is_up_is_told_from_one_that_is_shut_down(
    plugin: str, platform: str, device: Find, sessions: Make
) -> None:
    async with opened(sessions(device(f"{platform}-bgp"))) as session:
        bgp = await session.get_bgp_neighbors()

    up, down = (bgp["global"].peers[address] for address in ("192.0.2.2", "192.0.2.6"))
    assert (up.is_up, up.remote_as, up.address_family["ipv4"].received_prefixes) == (True, 65002, 7)
    assert (down.is_up, down.is_enabled) == (False, False)


@pairs(ReadsRoutes)
async def test_the_way_to_a_neighbour_is_the_connected_network(
    plugin: str, platform: str, device: Find, sessions: Make
) -> None:
    async with opened(sessions(device(platform))) as session:
        routes = await session.get_route_to("192.0.2.77")
        table = await session.get_route_to()
        none = await session.get_route_to(protocol="bgp")

    [way] = routes["192.0.2.0/24"]
    assert (way.protocol, way.outgoing_interface) == ("connected", unit(platform))
    assert "192.0.2.0/24" in table
    assert none == {}
