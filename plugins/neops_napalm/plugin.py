"""Which platforms NAPALM serves; NAPALM itself is imported when a session is made."""

from __future__ import annotations

from collections.abc import Mapping

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
)
from neops.devices.parsing import platform_name
from neops.entities import Device

GETTERS: frozenset[type] = frozenset(
    {
        RunsCommands,
        ReadsFacts,
        ReadsInterfaces,
        ReadsAddresses,
        ReadsNeighbors,
        ReadsArp,
        ReadsMacTable,
        ReadsVlans,
        ReadsConfig,
    }
)

KEEPS_BGP_PEERS = frozenset({"ios"})
"""Not nxos_ssh: of a VRF with two address families it keeps the peers of the last one ("FIX" in its source, 5.2)."""


class NapalmPlugin:
    """Serves the platforms whose NAPALM driver needs nothing but the SSH login that every other plugin uses.

    Drivers that speak to an API of the device (eos: eAPI, nxos: NX-API, junos: NETCONF, iosxr: XML agent) need that
    API switched on, mostly on another port, so they are not chosen by themselves. `extras: {optional_args: …}` of the
    plugin's entry in `connection_options` is handed to the driver as nornir-napalm does.
    """

    name = "napalm"
    extra = "napalm"
    modules = ("napalm",)
    priority = 50
    platforms: Mapping[str, str] = {"cisco_ios": "ios", "cisco_nxos": "nxos_ssh", "cisco_xe": "ios"}

    def capabilities(self, platform: str) -> frozenset[type]:
        """What a platform's driver implements (NAPALM 5, https://napalm.readthedocs.io/en/latest/support/).

        Not ReadsRoutes: get_route_to of both drivers takes neither the whole table nor longer prefixes.
        """
        driver = self.platforms.get(platform)
        if driver is None:
            return frozenset()
        return GETTERS | {ReadsBgp} if driver in KEEPS_BGP_PEERS else GETTERS

    def session(self, device: Device, options: ConnectionOptions) -> Session:
        from neops_napalm.session import NapalmBgpSession, NapalmSession

        session = NapalmBgpSession if options.platform in KEEPS_BGP_PEERS else NapalmSession
        return session(device=device, platform=platform_name(device, options, self.platforms), options=options)
