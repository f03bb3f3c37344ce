"""What a simulated device is: its name, platform, credentials, facts and faults. Values only, nothing that runs."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

Face: TypeAlias = Literal["ssh", "netconf", "eapi"]
"""A protocol of a device besides transfers of files: its command line, and its interfaces for programs."""


@dataclass(frozen=True, kw_only=True)
class Interface:
    """One interface at start; the running configuration can describe, disable or add interfaces afterwards."""

    name: str
    description: str = ""
    enabled: bool = True
    up: bool = True
    address: str = ""
    """IPv4 address with prefix length, `10.0.0.1/24`; empty: none."""
    mac: str = ""
    """`aa:bb:cc:dd:ee:ff`; empty: derived from the names of device and interface."""
    mtu: int = 1500
    speed_mbps: int = 1000


@dataclass(frozen=True, kw_only=True)
class Neighbor:
    """What LLDP (and CDP on Cisco) reports on a local interface."""

    interface: str
    name: str
    """The neighbour's host name."""
    port: str
    """The neighbour's interface."""
    port_description: str = ""
    system: str = "Simulated network device"
    """The neighbour's system description: one line."""
    address: str = ""
    mac: str = ""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the device says about itself. What is left empty comes from the platform's defaults."""

    version: str = ""
    model: str = ""
    serial: str = ""
    domain: str = "example.net"
    uptime_s: int = 1_209_780
    """At the start of the network; it counts on from there."""
    interfaces: tuple[Interface, ...] = ()
    neighbors: tuple[Neighbor, ...] = ()


class FaultKind(StrEnum):
    """How a device misbehaves."""

    REFUSE = "refuse"
    """Nothing listens on the port: connection refused."""
    HANG = "hang"
    """The TCP connection is accepted, then silence: not even an SSH banner."""
    HANG_AFTER_LOGIN = "hang_after_login"
    """The login succeeds, then silence: no prompt, no output."""
    SLOW = "slow"
    """A command is carried out, and answered only `takes_s` seconds later."""
    HANG_ON_COMMAND = "hang_on_command"
    """The command is echoed, then silence for the rest of the session."""
    DROP = "drop"
    """The connection is cut in the middle of a command's output."""
    GARBLE = "garble"
    """Random bytes appear in a command's output; the prompt stays whole."""
    TRUNCATE = "truncate"
    """A command's output ends half way, as if it were complete."""
    REJECT_PASSWORD = "reject_password"  # noqa: S105 - the name of a fault
    """Every login is refused, whatever the password."""
    REFUSE_FORWARDING = "refuse_forwarding"
    """A jump host lets in and forwards nothing."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault of one device; change it at run time with `network["r1"].fault = Fault(kind=FaultKind.DROP)`."""

    kind: FaultKind
    command: str = ""
    """Only commands that contain this regular expression are struck; empty: every command. A transfer of a file is
    one too: `put /flash/new.bin`, `get /flash/new.bin`."""
    times: int | None = None
    """Strike this often, then work well again (a retry succeeds); None: always. Not counted for REFUSE."""
    takes_s: float = 1.0
    """What SLOW takes."""


@dataclass(frozen=True, kw_only=True)
class SimulatedDevice:
    """A device to simulate.

    `platform` is the name of a shipped platform (`cisco_ios`, `juniper_junos`, …) or the path of a YAML file of
    your own. With `enable_secret` a login starts unprivileged and `enable` asks for it, if the platform has that;
    without, the login is privileged at once. `answers` adds or replaces commands: command → output template, as
    in the platform files. `running_config` replaces the platform's start configuration.
    """

    name: str
    platform: str
    username: str = "neops"
    password: str = field(default="simulated", repr=False)
    enable_secret: str = field(default="", repr=False)
    facts: Facts = Facts()
    groups: tuple[str, ...] = ()
    """Inventory groups besides the one of the platform."""
    data: Mapping[str, object] = field(default_factory=dict)
    """Passed on to the inventory."""
    running_config: str = ""
    saved_by: str = ""
    """Version of the software that wrote the start-up configuration: another one after an upgrade; empty: this one."""
    answers: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Files that are there at the start, by name as the platform writes it: `flash:/old.bin`."""
    storage_bytes: int = 0
    """Room for files; 0: the platform's."""
    public_keys: tuple[str, ...] = ()
    """SSH keys that let in as well as the password, as in authorized_keys: `ssh-ed25519 AAAA…`."""
    is_jump_host: bool = False
    """Forwards connections (`ssh -J`) to 127.0.0.1, and to the other devices of the network by their names."""
    boot_s: float = 0.5
    """After a reboot connections are refused for this long."""
    faces: frozenset[Face] | None = None
    """The protocols that it speaks, of those that its platform has; None: all of them."""
    latency_s: float = 0.0
    """The device thinks this long about every command."""
    fault: Fault | None = None


def derived_mac(*names: str) -> str:
    """A locally administered MAC address that is always the same for these names."""
    number = zlib.crc32("/".join(names).encode()) | 0x0200_00 << 24
    digits = f"{number:012x}"
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def derived_serial(prefix: str, name: str) -> str:
    """A serial number that is always the same for this device: the platform's prefix and eight characters."""
    return f"{prefix}{zlib.crc32(name.encode()):08X}"
