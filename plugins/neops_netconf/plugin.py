"""What the plugin serves; asyncssh and lxml are imported when a session is made."""

from __future__ import annotations

from collections.abc import Mapping

from neops.devices import ConnectionOptions, ReadsConfig, Session, SpeaksNetconf, WritesConfig
from neops.entities import Device

PLATFORMS = (
    "arista_eos",
    "cisco_nxos",
    "cisco_xe",
    "cisco_xr",
    "huawei_vrp",
    "huawei_vrpv8",
    "juniper_junos",
    "netconf",
    "nokia_srl",
    "nokia_sros",
)
"""Platforms whose vendors document a NETCONF server (RFC 6241), and `netconf` for any other device that has one."""


class NetconfPlugin:
    """Serves what NETCONF servers have in common, on port 830 unless the inventory says otherwise.

    It has the lowest priority: configurations are XML here, and a device whose own words another plugin speaks is
    configured in those unless its inventory prefers `netconf`. `extras` of the plugin's entry in `connection_options`
    are arguments of `asyncssh.connect`; they win over ours.
    """

    name = "netconf"
    extra = "netconf"
    modules = ("asyncssh", "lxml")
    priority = 10
    platforms: Mapping[str, str] = dict.fromkeys(PLATFORMS, "rfc6241")

    def capabilities(self, platform: str) -> frozenset[type]:
        """The same everywhere: what a server lacks, it says when a session opens."""
        known = frozenset({ReadsConfig, WritesConfig, SpeaksNetconf})
        return known if platform in self.platforms else frozenset()

    def session(self, device: Device, options: ConnectionOptions) -> Session:
        from neops_netconf.session import NetconfSession

        return NetconfSession(device=device, options=options)
