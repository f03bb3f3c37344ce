"""What the plugin serves; asyncssh is imported when a session is made."""

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
    ReadsRoutes,
    RunsCommands,
    Session,
    TransfersFiles,
    WritesConfig,
)
from neops.entities import Device


class FrrPlugin:
    """Serves FRRouting, whether its users log in to a shell or are forced into vtysh.

    `extras` of the plugin's entry in `connection_options` are `neops_frr.login.FrrExtras`: how vtysh is called there,
    and arguments for asyncssh.
    """

    name = "frr"
    extra = "frr"
    modules = ("asyncssh",)
    priority = 100
    platforms: Mapping[str, str] = {"frr": "frr"}

    def capabilities(self, platform: str) -> frozenset[type]:
        """All that vtysh tells; in a shell lldpd is asked for neighbours, the kernel for ARP and MAC addresses.

        Files are the host's, over SFTP.
        """
        reads = {ReadsFacts, ReadsInterfaces, ReadsAddresses, ReadsBgp, ReadsRoutes, ReadsConfig}
        in_a_shell = {ReadsNeighbors, ReadsArp, ReadsMacTable, TransfersFiles}
        known = frozenset({RunsCommands, WritesConfig, *reads, *in_a_shell})
        return known if platform in self.platforms else frozenset()

    def session(self, device: Device, options: ConnectionOptions) -> Session:
        from neops_frr.session import FrrSession

        return FrrSession(device=device, options=options)
