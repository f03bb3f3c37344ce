from __future__ import annotations

import inspect
from typing import Any

import pytest
from scrapli import AsyncScrapli
from scrapli.driver.core import AsyncEOSDriver
from scrapli.driver.network.base_driver import PrivilegeLevel

from neops.devices.detection import AUTODETECT
from neops_scrapli import ScrapliPlugin
from neops_scrapli.drivers import CORE, network_driver

ARGUMENTS: dict[str, Any] = {
    "host": "192.0.2.1",
    "auth_username": "neops",
    "auth_strict_key": False,
    "transport": "asyncssh",
}


@pytest.mark.parametrize("platform", sorted({*ScrapliPlugin.platforms.values()} - {"generic", AUTODETECT}))
def test_a_driver_is_what_the_factory_makes(platform: str) -> None:
    ours, theirs = network_driver(platform, ARGUMENTS), AsyncScrapli(platform=platform, **ARGUMENTS)

    assert type(ours) is type(theirs)
    assert _told(ours) == _told(theirs)
    assert _levels(ours) == _levels(theirs)


def _told(driver: Any) -> dict[str, Any]:
    """What the drivers were given; the rest is made of it, for each driver anew."""
    given = inspect.signature(type(driver)).parameters.keys() - {"privilege_levels", "transport"}
    return {name: getattr(driver, name) for name in given if hasattr(driver, name)}


def _levels(driver: Any) -> dict[str, dict[str, Any]]:
    levels = getattr(driver, "privilege_levels", {}).items()
    return {name: {part: getattr(level, part) for part in PrivilegeLevel.__slots__} for name, level in levels}


def test_a_level_that_a_driver_adds_is_its_own() -> None:
    one, other = network_driver("arista_eos", ARGUMENTS), network_driver("arista_eos", ARGUMENTS)
    assert isinstance(one, AsyncEOSDriver)
    one.register_configuration_session("mine")

    assert "mine" in one.privilege_levels
    assert "mine" not in other.privilege_levels


def test_levels_of_the_inventory_win() -> None:
    levels = dict(CORE["cisco_iosxe"][1])
    del levels["tclsh"]

    assert "tclsh" not in network_driver("cisco_iosxe", ARGUMENTS | {"privilege_levels": levels}).privilege_levels
