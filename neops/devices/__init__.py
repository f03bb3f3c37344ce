"""The device layer: what block authors ask of a device, and what plugin authors implement.

- What is asked: `capabilities`, with their `results`, `answers` and `config_change`.
- The way of a call: `proxy`, which `connect` returns; `resolving` (which plugin) and `options` (what it is told);
  `runtime`, `calls`, `lanes` and `operations` (whose turn, for how long); `pool`; `logins` with `credentials` and
  `jumps`; and the session of a `plugin`.
- What sessions are made of: `parsing` (getters over commands), `changes` (transactions), `acting` (dialogues, files,
  reboots); `ssh`, `ssh_login`, `host_keys` and `keys`; `aborting`, `blocking` and `sockets` for their logins;
  `failures`.
- Beside it: `detection` of platforms; `transcript`, which records and replays what an `observer` sees; `fleet` and
  `connector`, which are all that a job knows of it.

Names are imported when they are used, so that a block that only says what it asks of a device opens no way to one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from neops._lazily import lazily

if TYPE_CHECKING:
    from neops.devices.answers import Answer
    from neops.devices.capabilities import (
        CAPABILITIES,
        Interacts,
        Progress,
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
        Reboots,
        RunsCommands,
        SchedulesReboots,
        SpeaksNetconf,
        TransfersFiles,
        WritesConfig,
        capabilities_of,
    )
    from neops.devices.config_change import ChangeMode, ChangeOutcome, ConfigChange, ConfirmStrength
    from neops.devices.connector import Connector
    from neops.devices.credentials import CredentialProvider, EntityCredentials, EnvironmentCredentials
    from neops.devices.credentials.catalogue import CREDENTIAL_GROUP, credential_providers
    from neops.devices.logins import LoginEvent, LoginStatistics, OpenBreaker
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
    from neops.devices.resolving.catalogue import PluginCatalogue, PluginEntry
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
        FileTransfer,
        InterfaceAddresses,
        InterfaceDetails,
        LldpNeighbor,
        MacEntry,
        Parse,
        ParseName,
        Reboot,
        RemoteFile,
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
    "Answer",
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
    "FileTransfer",
    "HostKeyPolicy",
    "HostKeys",
    "Interacts",
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
    "Reboot",
    "Reboots",
    "RemoteFile",
    "Route",
    "RunsCommands",
    "SchedulesReboots",
    "Session",
    "SpeaksNetconf",
    "TransfersFiles",
    "Ttp",
    "Vlan",
    "WritesConfig",
    "capabilities_of",
    "credential_providers",
]

_ROOMS = (
    *("answers", "capabilities", "config_change", "results", "plugin", "connector", "credentials"),
    *("resolving.catalogue", "credentials.catalogue", "pool", "logins", "proxy", "runtime"),
)
"""Light ones first."""

if not TYPE_CHECKING:  # type checkers see the imports above, and names that are none
    __getattr__, __dir__ = lazily(__name__, __all__, [f"{__name__}.{room}" for room in _ROOMS])
