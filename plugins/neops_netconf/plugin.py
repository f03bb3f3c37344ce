"""What the plugin serves; asyncssh and lxml are imported when a session is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from neops.devices import ConnectionOptions, ReadsConfig, Session, SpeaksNetconf, WritesConfig
from neops.entities import Device

GENERIC: Final = "netconf"
"""The platform of a device that speaks NETCONF and is none of the others."""

VENDORS: Final = (
    "arista_eos",
    "cisco_nxos",
    "cisco_xe",
    "cisco_xr",
    "huawei_vrp",
    "huawei_vrpv8",
    "juniper_junos",
    "nokia_srl",
    "nokia_sros",
)
"""Platforms whose vendors document a NETCONF server after RFC 6241; on most of them it has to be switched on."""

NETCONF_PORT: Final = 830
"""IANA's `netconf-ssh` (RFC 6242 §7)."""


class NetconfPlugin:
    """Serves what NETCONF servers have in common.

    Configurations are XML here, so vendors' platforms are served only when the inventory prefers `netconf`: else they
    are configured in their own words. `extras` of the plugin's entry in `connection_options` are arguments of
    `asyncssh.connect`; they win over ours.
    """

    name = "netconf"
    extra = "netconf"
    modules = ("asyncssh", "lxml")
    priority = 20
    platforms: Mapping[str, str] = dict.fromkeys((*VENDORS, GENERIC), "rfc6241")
    on_request = VENDORS
    ports: Mapping[str, int] = dict.fromkeys(VENDORS, NETCONF_PORT)

    def capabilities(self, platform: str) -> frozenset[type]:
        """The same everywhere: what a server lacks, it says when a session opens."""
        known = frozenset({ReadsConfig, WritesConfig, SpeaksNetconf})
        return known if platform in self.platforms else frozenset()

    def session(self, device: Device, options: ConnectionOptions) -> Session:
        from neops_netconf.session import NetconfSession

        return NetconfSession(device=device, options=options)
