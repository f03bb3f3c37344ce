"""Which platforms NAPALM serves; NAPALM itself is imported when a session is made."""

from __future__ import annotations

from collections.abc import Mapping

from neops.devices import (
    ConnectionOptions,
    ReadsConfig,
    ReadsFacts,
    ReadsInterfaces,
    ReadsNeighbors,
    RunsCommands,
    Session,
)
from neops.devices.parsing import platform_name
from neops.entities import Device


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
        """All of them: cli, get_facts, get_interfaces, get_lldp_neighbors and get_config are in every core driver.

        Source: the support matrix of NAPALM 5, https://napalm.readthedocs.io/en/latest/support/.
        """
        known = frozenset({RunsCommands, ReadsFacts, ReadsInterfaces, ReadsNeighbors, ReadsConfig})
        return known if platform in self.platforms else frozenset()

    def session(self, device: Device, options: ConnectionOptions) -> Session:
        from neops_napalm.session import NapalmSession

        return NapalmSession(device=device, platform=platform_name(device, options, self.platforms), options=options)
