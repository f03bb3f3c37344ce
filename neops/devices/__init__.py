"""The device layer: what block authors ask of a device, and what plugin authors implement."""

from neops.devices.capabilities import (
    CAPABILITIES,
    ReadsConfig,
    ReadsFacts,
    ReadsInterfaces,
    ReadsNeighbors,
    RunsCommands,
    capabilities_of,
)
from neops.devices.connector import Connector
from neops.devices.plugin import (
    CONNECTION_GROUP,
    ConnectionOptions,
    ConnectionPlugin,
    Credentials,
    HostKeyPolicy,
    HostKeys,
    Session,
)
from neops.devices.results import (
    CommandOutput,
    Configs,
    DeviceResult,
    Facts,
    InterfaceDetails,
    LldpNeighbor,
    Parse,
)

__all__ = [
    "CAPABILITIES",
    "CONNECTION_GROUP",
    "CommandOutput",
    "Configs",
    "ConnectionOptions",
    "ConnectionPlugin",
    "Connector",
    "Credentials",
    "DeviceResult",
    "Facts",
    "HostKeyPolicy",
    "HostKeys",
    "InterfaceDetails",
    "LldpNeighbor",
    "Parse",
    "ReadsConfig",
    "ReadsFacts",
    "ReadsInterfaces",
    "ReadsNeighbors",
    "RunsCommands",
    "Session",
    "capabilities_of",
]
