"""The generic plugins on FRR: an interactive vtysh speaks as IOS does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.lab.network import SHELL_USER, VTYSH_USER

pytestmark = pytest.mark.lab

Opened = Callable[..., Awaitable[Any]]
each_plugin = pytest.mark.parametrize("plugin", ["nornir", "scrapli"])


@each_plugin
async def test_commands_run_over_vtysh(plugin: str, connect: Opened) -> None:
    session = await connect(plugin, "r2", VTYSH_USER)

    version, bogus, again = await session.send_commands(["show version", "show bogus", "show version"])
    parsed = await session.send_command("show bgp summary json", parse="json")

    assert version.output.startswith("FRRouting ")
    assert version.output == again.output
    assert (version.rejected, bogus.rejected) == (False, True)
    assert parsed.parsed["ipv4Unicast"]["as"] == 65002


@each_plugin
async def test_getters_agree_with_the_vendor_package(plugin: str, connect: Opened) -> None:
    session, vendor = await connect(plugin, "r2", VTYSH_USER), await connect("frr", "r2", VTYSH_USER)

    assert await session.get_facts() == await vendor.get_facts()
    assert await session.get_interfaces() == await vendor.get_interfaces()
    assert await session.get_interfaces_ip() == await vendor.get_interfaces_ip()
    assert await session.get_config() == await vendor.get_config()


@pytest.mark.parametrize(("plugin", "linux"), [("nornir", "linux"), ("scrapli", "generic")])
async def test_a_router_is_a_linux_host_too(plugin: str, linux: str, connect: Opened) -> None:
    session = await connect(plugin, "r2", SHELL_USER, platform=linux)

    addresses, entries = await session.get_interfaces_ip(), await session.get_arp_table()
    routes = await session.get_route_to("10.0.12.77")

    assert addresses["to-r1"].ipv4["10.0.12.2"].prefix_length == 24
    assert "10.0.12.1" in [one.ip for one in entries]
    assert [one.outgoing_interface for one in routes["10.0.12.0/24"]] == ["to-r1"]
    assert (await session.get_mac_address_table(), await session.get_vlans()) == ([], {})
