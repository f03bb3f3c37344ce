from __future__ import annotations

from typing import Any

import pytest
from scrapli import AsyncScrapli
from scrapli.driver import AsyncNetworkDriver
from scrapli.driver.core import AsyncEOSDriver
from scrapli.driver.network.base_driver import PrivilegeLevel

from neops_scrapli.drivers import CORE, network_driver

ARGUMENTS: dict[str, Any] = {"host": "192.0.2.1", "transport": "asyncssh", "auth_strict_key": False}


@pytest.mark.parametrize("platform", [*CORE, "nokia_srlinux", "huawei_vrp"])
def test_a_driver_is_what_the_factory_makes(platform: str) -> None:
    ours, theirs = network_driver(platform, ARGUMENTS), AsyncScrapli(platform=platform, **ARGUMENTS)

    assert type(ours) is type(theirs)
    assert ours.comms_prompt_pattern == theirs.comms_prompt_pattern
    assert ours.default_desired_privilege_level == theirs.default_desired_privilege_level
    assert _told(ours) == _told(theirs)


def _told(driver: AsyncNetworkDriver) -> dict[str, dict[str, Any]]:
    levels = driver.privilege_levels.items()
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
