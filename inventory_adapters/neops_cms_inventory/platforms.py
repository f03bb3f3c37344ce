"""What each Nornir connection plugin calls a platform."""

from __future__ import annotations

from collections.abc import Mapping

from netutils.lib_mapper import (
    NAPALM_LIB_MAPPER_REVERSE,
    PYNTC_LIB_MAPPER_REVERSE,
    SCRAPLI_LIB_MAPPER_REVERSE,
)

from neops.entities.platforms import netmiko_name

NETMIKO_NAMED = frozenset({"neops", "netmiko"})
"""Connections that take netmiko's device types as they are."""

NAMES: Mapping[str, Mapping[str, str]] = {
    "napalm": NAPALM_LIB_MAPPER_REVERSE,
    "pyntc": PYNTC_LIB_MAPPER_REVERSE,
    "scrapli": SCRAPLI_LIB_MAPPER_REVERSE,
    "scrapli_cfg": SCRAPLI_LIB_MAPPER_REVERSE,
    "scrapli_netconf": SCRAPLI_LIB_MAPPER_REVERSE,
}
"""Connections with names of their own: netmiko's device type → theirs."""


def platform_for(connection: str, platform: str) -> str:
    """The platform as a connection plugin names it; as it is where the plugin or the platform is not known."""
    if connection in NETMIKO_NAMED:
        return netmiko_name(platform)
    return NAMES.get(connection, {}).get(netmiko_name(platform), platform)
