"""What the plugin serves; asyncssh is imported when a session is made."""

from __future__ import annotations

from collections.abc import Mapping

from neops.devices import (
    ConnectionOptions,
    ReadsBgp,
    ReadsConfig,
    ReadsFacts,
    ReadsInterfaces,
    ReadsNeighbors,
    ReadsRoutes,
    RunsCommands,
    Session,
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
        """All that vtysh tells; neighbours are lldpd's and asked of it in a shell."""
        reads = {ReadsFacts, ReadsInterfaces, ReadsNeighbors, ReadsBgp, ReadsRoutes, ReadsConfig}
        known = frozenset({RunsCommands, WritesConfig, *reads})
        return known if platform in self.platforms else frozenset()

    def session(self, device: Device, options: ConnectionOptions) -> Session:
        from neops_frr.session import FrrSession

        return FrrSession(device=device, options=options)
