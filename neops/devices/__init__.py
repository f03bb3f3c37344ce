"""The device layer: what block authors ask of a device, and what plugin authors implement."""

from neops.devices.capabilities import (
    CAPABILITIES,
    ReadsBgp,
    ReadsConfig,
    ReadsFacts,
    ReadsInterfaces,
    ReadsNeighbors,
    ReadsRoutes,
    RunsCommands,
    WritesConfig,
    capabilities_of,
)
from neops.devices.catalogue import PluginCatalogue, PluginEntry
from neops.devices.config_change import ChangeMode, ChangeOutcome, ConfigChange, ConfirmStrength
from neops.devices.connector import Connector
from neops.devices.credentials import (
    CredentialProvider,
    EntityCredentials,
    EnvironmentCredentials,
    credential_providers,
)
from neops.devices.events import LoginEvent
from neops.devices.plugin import (
    CONNECTION_GROUP,
    ConnectionOptions,
    ConnectionPlugin,
    Credentials,
    HostKeyPolicy,
    HostKeys,
    Session,
)
from neops.devices.pool import PoolStatistics
from neops.devices.proxy import BlockingDevice
from neops.devices.results import (
    BgpInstance,
    BgpPeer,
    BgpPrefixes,
    CommandOutput,
    Configs,
    DeviceResult,
    Facts,
    InterfaceDetails,
    LldpNeighbor,
    Parse,
    Route,
)
from neops.devices.runtime import DeviceRuntime

__all__ = [
    "CAPABILITIES",
    "CONNECTION_GROUP",
    "BgpInstance",
    "BgpPeer",
    "BgpPrefixes",
    "BlockingDevice",
    "ChangeMode",
    "ChangeOutcome",
    "CommandOutput",
    "ConfigChange",
    "Configs",
    "ConfirmStrength",
    "ConnectionOptions",
    "ConnectionPlugin",
    "Connector",
    "CredentialProvider",
    "Credentials",
    "DeviceResult",
    "DeviceRuntime",
    "EntityCredentials",
    "EnvironmentCredentials",
    "Facts",
    "HostKeyPolicy",
    "HostKeys",
    "InterfaceDetails",
    "LldpNeighbor",
    "LoginEvent",
    "Parse",
    "PluginCatalogue",
    "PluginEntry",
    "PoolStatistics",
    "ReadsBgp",
    "ReadsConfig",
    "ReadsFacts",
    "ReadsInterfaces",
    "ReadsNeighbors",
    "ReadsRoutes",
    "Route",
    "RunsCommands",
    "Session",
    "WritesConfig",
    "capabilities_of",
    "credential_providers",
]
