"""Which platforms NAPALM serves; NAPALM itself is imported when a session is made."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from neops.devices import (
    ConnectionOptions,
    ReadsAddresses,
    ReadsArp,
    ReadsBgp,
    ReadsConfig,
    ReadsFacts,
    ReadsInterfaces,
    ReadsMacTable,
    ReadsNeighbors,
    ReadsVlans,
    RunsCommands,
    Session,
    WritesConfig,
)
from neops.devices.parsing import platform_name
from neops.entities import Device

if TYPE_CHECKING:
    from neops_napalm.session import NapalmSession

COMMON: frozenset[type] = frozenset({RunsCommands, ReadsFacts, ReadsInterfaces, ReadsNeighbors, ReadsConfig})
GETTERS: frozenset[type] = COMMON | {ReadsAddresses, ReadsArp, ReadsMacTable, ReadsVlans}

CAPABILITIES: Mapping[str, frozenset[type]] = MappingProxyType(
    {
        "eos": GETTERS | {WritesConfig},
        "ios": GETTERS | {ReadsBgp, WritesConfig},
        "junos": COMMON | {WritesConfig},
        "nxos_ssh": GETTERS,
    }
)
"""By driver. nxos_ssh has no ReadsBgp: of a VRF with two address families it keeps the peers of the last one ("FIX" in
its source, 5.2), and no WritesConfig: nothing takes back what is not confirmed."""


class NapalmPlugin:
    """Serves platforms through NAPALM's drivers; `extras: {optional_args: …}` of the plugin's entry in
    `connection_options` is handed to the driver as nornir-napalm does.

    Drivers that speak to an API of the device (eos: eAPI, junos: NETCONF) need that API switched on, mostly on another
    port, so they serve on request. Not iosxr, whose driver checks no host key and cannot be interrupted.
    """

    name = "napalm"
    extra = "napalm"
    modules = ("napalm",)
    priority = 35  # below scrapli, whose sessions open twice as fast and answer a command in a third of the time
    platforms: Mapping[str, str] = {
        "arista_eos": "eos",
        "cisco_ios": "ios",
        "cisco_nxos": "nxos_ssh",
        "cisco_xe": "ios",
        "juniper_junos": "junos",
    }
    on_request = frozenset({"arista_eos", "juniper_junos"})
    ports: Mapping[str, int] = {"arista_eos": 443}  # Junos' SSH port speaks NETCONF as well

    def capabilities(self, platform: str) -> frozenset[type]:
        """What a platform's driver implements (NAPALM 5, https://napalm.readthedocs.io/en/latest/support/).

        Not ReadsRoutes: get_route_to of both drivers takes neither the whole table nor longer prefixes.
        """
        return CAPABILITIES.get(self.platforms.get(platform, ""), frozenset())

    def session(self, device: Device, options: ConnectionOptions) -> Session:
        session = _session_class(options.platform)
        return session(device=device, platform=platform_name(device, options, self.platforms), options=options)


def _session_class(driver: str) -> type[NapalmSession]:
    """A driver's class; each import brings the libraries that the driver needs."""
    match driver:
        case "eos":
            from neops_napalm.eos import EosSession

            return EosSession
        case "ios":
            from neops_napalm.ios import IosSession

            return IosSession
        case "junos":
            from neops_napalm.junos import JunosSession

            return JunosSession
    from neops_napalm.session import NxosSession

    return NxosSession
