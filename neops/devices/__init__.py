"""The device layer: what block authors ask of a device, and what plugin authors implement."""

from neops.devices.admission import LoginStatistics
from neops.devices.breakers import OpenBreaker
from neops.devices.capabilities import (
    CAPABILITIES,
    ReadsAddresses,
    ReadsArp,
    ReadsBgp,
    ReadsConfig,
    ReadsFacts,
    ReadsInterfaces,
    ReadsMacTable,
    ReadsNeighbors,
    ReadsRoutes,
    ReadsVlans,
    RunsCommands,
    WritesConfig,
    capabilities_of,
)
from neops.devices.catalogue import PluginCatalogue, PluginEntry
from neops.devices.config_change import ChangeMode, ChangeOutcome, ConfigChange, ConfirmStrength
from neops.devices.connector import Connector
from neops.devices.credential_catalogue import CREDENTIAL_GROUP, credential_providers
from neops.devices.credentials import EntityCredentials, EnvironmentCredentials
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
from neops.devices.providers import CredentialProvider
from neops.devices.proxy import BlockingDevice
from neops.devices.results import (
    AddressDetails,
    ArpEntry,
    BgpInstance,
    BgpPeer,
    BgpPrefixes,
    CommandOutput,
    Configs,
    DeviceResult,
    Facts,
    InterfaceAddresses,
    InterfaceDetails,
    LldpNeighbor,
    MacEntry,
    Parse,
    ParseName,
    Route,
    Ttp,
    Vlan,
)
from neops.devices.runtime import DeviceRuntime

__all__ = [
    "CAPABILITIES",
    "CONNECTION_GROUP",
    "CREDENTIAL_GROUP",
    "AddressDetails",
    "ArpEntry",
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
    "InterfaceAddresses",
    "InterfaceDetails",
    "LldpNeighbor",
    "LoginEvent",
    "LoginStatistics",
    "MacEntry",
    "OpenBreaker",
    "Parse",
    "ParseName",
    "PluginCatalogue",
    "PluginEntry",
    "PoolStatistics",
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
    "Route",
    "RunsCommands",
    "Session",
    "Ttp",
    "Vlan",
    "WritesConfig",
    "capabilities_of",
    "credential_providers",
]
