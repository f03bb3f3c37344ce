"""What capabilities give back. Keys and units are NAPALM's where NAPALM has the getter (napalm.base.models, 5.x)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict

from neops.errors import CommandRejected

ParseName: TypeAlias = Literal["textfsm", "ttp", "json"]
"""How to read a command's output: ntc-templates' TextFSM template for it, ttp-templates' TTP template for it, or the
JSON that the device prints."""


@dataclass(frozen=True)
class Ttp:
    """A TTP template of your own: its text, or the path of the file that has it.

    A template is code: TTP runs the Python of its macros.
    """

    template: str | Path


Parse: TypeAlias = ParseName | Ttp | Callable[[str], Any]
"""How to read a command's output.

A function gets the output and gives back what it says, None when it does not match.
"""


class DeviceResult(BaseModel):
    """Base of all results: immutable, and JSON through `model_dump(mode="json")`."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CommandOutput(DeviceResult):
    """What a device answered to one command.

    `output` is the text without echo and prompt. `rejected` is True when it is the platform's error text.
    `parsed` is there when a parse was asked: a list of dicts with lower-case keys (TextFSM), the results of a
    template's groups (TTP), what the JSON says or the function gave; an empty list means that the device has none.
    `template` names what matched: the template, or the function.
    """

    device: str
    command: str
    output: str
    elapsed_s: float
    rejected: bool = False
    parsed: Any = None
    template: str | None = None

    def raise_for_status(self) -> Self:
        """Give the output back, or raise when the device rejected the command.

        Raises:
            CommandRejected: the output is the platform's error text.
        """
        if self.rejected:
            raise CommandRejected(self.device, self.command, self.output)
        return self


class Facts(DeviceResult):
    """Who a device is. `uptime` in seconds, -1 when unknown; `interface_list` in the device's order."""

    hostname: str
    fqdn: str = ""
    vendor: str
    model: str
    serial_number: str
    os_version: str
    uptime: float = -1.0
    interface_list: tuple[str, ...] = ()


class InterfaceDetails(DeviceResult):
    """One interface. `speed` in Mbit/s, -1 when unknown; `mtu` in bytes; `last_flapped` in seconds, -1 when unknown."""

    is_up: bool
    is_enabled: bool
    description: str = ""
    mac_address: str = ""
    mtu: int = -1
    speed: float = -1.0
    last_flapped: float = -1.0


class AddressDetails(DeviceResult):
    """What belongs to an address. `prefix_length` in bits, -1 when the device does not tell it."""

    prefix_length: int = -1


class InterfaceAddresses(DeviceResult):
    """The addresses of one interface by family, primary and secondary ones, link-local ones included."""

    ipv4: Mapping[str, AddressDetails] = {}
    ipv6: Mapping[str, AddressDetails] = {}


class LldpNeighbor(DeviceResult):
    """The far end of a link: its system name and its port, as it announced them."""

    hostname: str
    port: str


class ArpEntry(DeviceResult):
    """One resolved IPv4 neighbour. `age` in seconds since it was last refreshed, -1 when unknown or static."""

    interface: str
    mac: str
    ip: str
    age: float = -1.0


class MacEntry(DeviceResult):
    """One entry of a MAC address table. `vlan` is 0 where the entry belongs to none.

    `moves` counts the moves between ports, `last_move` is seconds ago; both -1 when the device does not tell.
    """

    mac: str
    interface: str
    vlan: int
    static: bool
    active: bool = True
    moves: int = -1
    last_move: float = -1.0


class Vlan(DeviceResult):
    """One VLAN: its name, and the ports in it, tagged or not, in the device's order."""

    name: str
    interfaces: tuple[str, ...] = ()


class BgpPrefixes(DeviceResult):
    """How many prefixes a session carries in one address family; -1 when the device does not tell."""

    received_prefixes: int = -1
    accepted_prefixes: int = -1
    sent_prefixes: int = -1


class BgpPeer(DeviceResult):
    """One BGP neighbour. `uptime` in seconds, -1 when it is down; `is_enabled` is False when it is shut down.

    `address_family` has NAPALM's names: `ipv4`, `ipv6`, `vpnv4`, `vpnv6`.
    """

    local_as: int
    remote_as: int
    remote_id: str = ""
    is_up: bool
    is_enabled: bool
    description: str = ""
    uptime: float = -1.0
    address_family: Mapping[str, BgpPrefixes] = {}


class BgpInstance(DeviceResult):
    """BGP in one VRF: who the device is there, and its neighbours by address."""

    router_id: str
    peers: Mapping[str, BgpPeer] = {}


class Route(DeviceResult):
    """One way to a destination. `age` in seconds, -1 when unknown; `preference` is the administrative distance.

    `protocol` is in lower case (`bgp`, `connected`, `ospf`, `static`). `current_active` says that packets go this way;
    `next_hop` is empty on a connected network and for what is dropped.
    """

    protocol: str
    current_active: bool
    last_active: bool = False
    age: float = -1.0
    next_hop: str = ""
    outgoing_interface: str = ""
    selected_next_hop: bool = False
    preference: int = -1
    inactive_reason: str = ""
    routing_table: str = "default"
    protocol_attributes: Mapping[str, Any] = {}


class Reboot(DeviceResult):
    """A reboot that was carried out.

    `back` says that the device let us in again, after `took_s` seconds and `attempts` logins; `uptime` is the one it
    told then, in seconds, -1 when it did not. Without waiting `took_s` ends with the device's answer.
    """

    device: str
    back: bool
    took_s: float
    attempts: int = 0
    uptime: float = -1.0


class RemoteFile(DeviceResult):
    """A file on a device; `size` in bytes."""

    name: str
    size: int


class FileTransfer(DeviceResult):
    """A file that is whole where it was to be.

    `path` is the device's name for it, `size` is in bytes. `verified` says how it was compared: with a checksum that
    the device computed (`md5`, `sha512`), or by its `size` alone where it computes none. `transferred` is False when
    the same content was there already.
    """

    device: str
    path: str
    size: int
    verified: Literal["size", "md5", "sha256", "sha512"]
    digest: str = ""
    transferred: bool = True


class Configs(DeviceResult):
    """A device's configurations as text; what was not asked or does not exist is empty."""

    running: str = ""
    startup: str = ""
    candidate: str = ""
