"""What a block can ask of a device, whatever its vendor.

A capability is a small Protocol with awaitable methods. Compose the ones a block needs:

    class Backup(ReadsConfig, RunsCommands, Protocol): ...

    router = context.connect(Backup)

A session subclasses the capabilities it implements, so that the type checker compares the signatures and
`capabilities_of` decides before any login which plugin can serve a device. Methods are declared as returning an
`Awaitable`: a native async session writes `async def`, a session over a blocking library `@run_in_thread def`.
"""

from neops.devices.capabilities.acting import REBOOT_S, TRANSFER_S, Progress, Reboots, SchedulesReboots, TransfersFiles
from neops.devices.capabilities.commands import Interacts, RunsCommands
from neops.devices.capabilities.config import ReadsConfig, WritesConfig
from neops.devices.capabilities.netconf import SpeaksNetconf
from neops.devices.capabilities.reads import (
    ReadsAddresses,
    ReadsArp,
    ReadsBgp,
    ReadsFacts,
    ReadsInterfaces,
    ReadsMacTable,
    ReadsNeighbors,
    ReadsRoutes,
    ReadsVlans,
)
from neops.devices.capabilities.wishes import capabilities_of, methods_of

__all__ = [
    "CAPABILITIES",
    "REBOOT_S",
    "TRANSFER_S",
    "Interacts",
    "Progress",
    "ReadsAddresses",
    "ReadsArp",
    "ReadsBgp",
    "ReadsConfig",
    "ReadsFacts",
    "ReadsInterfaces",
    "ReadsMacTable",
    "ReadsNeighbors",
    "ReadsRoutes",
    "ReadsVlans",
    "Reboots",
    "RunsCommands",
    "SchedulesReboots",
    "SpeaksNetconf",
    "TransfersFiles",
    "WritesConfig",
    "capabilities_of",
    "methods_of",
]

CAPABILITIES: tuple[type, ...] = (
    RunsCommands,
    Interacts,
    ReadsFacts,
    ReadsInterfaces,
    ReadsAddresses,
    ReadsNeighbors,
    ReadsArp,
    ReadsMacTable,
    ReadsVlans,
    ReadsBgp,
    ReadsRoutes,
    ReadsConfig,
    WritesConfig,
    TransfersFiles,
    Reboots,
    SchedulesReboots,
    SpeaksNetconf,
)
"""The capabilities that neops itself defines, in the order in which they are listed to people."""
