"""The generic plugins on FRR: an interactive vtysh speaks as IOS does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.lab.network import VTYSH_USER

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
    assert await session.get_config() == await vendor.get_config()
