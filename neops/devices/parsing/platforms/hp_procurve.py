"""HP ProCurve and ArubaOS-Switch, by ntc-templates.

Output formats: ArubaOS-Switch 16.10 Management and Configuration Guide, Basic Operation Guide. `show lldp info
remote-device detail` cuts no name short as the table without `detail` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from neops.devices.parsing import addresses
from neops.devices.parsing.names import by_interface
from neops.devices.parsing.reads import (
    Addresses,
    Answers,
    Arp,
    ConfigRead,
    Interfaces,
    Macs,
    Neighbors,
    PlatformReads,
    Read,
    Vlans,
)
from neops.devices.parsing.units import duration_s, mac_address, vlan_number
from neops.devices.results import ArpEntry, Facts, InterfaceDetails, MacEntry, Vlan
from neops.errors import ParseFailed

PORTS = "show interfaces brief"
NAMES = "show name"
NEIGHBORS = "show lldp info remote-device detail"
MACS = "show mac-address"
MEMBERS = "show vlans ports all detail"
RUNNING = "show running-config"

_SPEED = re.compile(r"^(?P<number>[\d.]+)(?P<giga>Gig)?[FH]Dx?")


def facts(answers: Answers) -> Facts:
    """`model` is the product number that heads the configuration (J9729A), `hpStack_…` on a stack.

    The up time is in whole days once there is one.
    """
    system = answers.row("show system")
    return Facts(
        hostname=system["name"],
        vendor="HP",
        model=answers.find(RUNNING, r"^; (\S+) Configuration Editor", ""),
        serial_number=system["serial"],
        os_version=system["software_version"],
        uptime=duration_s(system["uptime"]),
        interface_list=tuple(row["port"] for row in answers.rows(PORTS)),
    )


def interfaces(answers: Answers) -> Interfaces:
    """Ports; their MAC addresses and MTUs are not in a table."""
    names = dict(_names(answers))
    return {
        row["port"]: InterfaceDetails(
            is_up=row["status"] == "Up",
            is_enabled=row["enabled"] == "Yes",
            description=names.get(row["port"], ""),
            speed=_speed(row["mode"]),
        )
        for row in answers.rows(PORTS)
    }


def _names(answers: Answers) -> Iterator[tuple[str, str]]:
    """Ports that have one: `1  100/1000T  uplink`."""
    text = answers.text(NAMES)
    if text.strip() and "Port Names" not in text:
        raise ParseFailed(answers.device, NAMES, "there is no line 'Port Names'")
    for line in text.splitlines():
        words = line.split(maxsplit=2)
        if len(words) == 3 and re.fullmatch(r"[A-Z]?\d[\w/]*|Trk\d+", words[0]):
            yield words[0], words[2].strip()


def _speed(mode: str) -> float:
    """Mbit/s of `1000FDx` and `10GigFD`, which a port without a link shows too."""
    match = _SPEED.match(mode)
    return float(match["number"]) * (1000 if match["giga"] else 1) if match else -1.0


def interface_addresses(answers: Answers) -> Addresses:
    """IPv4 addresses of VLANs, under the VLANs' names."""
    return addresses.by_interface(
        (row["vlan_name"].strip(), addresses.with_netmask(row["ip_address"], row["subnet_mask"]))
        for row in answers.rows("show ip")
        if row["ip_address"]
    )


def neighbors(answers: Answers) -> Neighbors:
    return by_interface(
        (row["local_interface"], row["neighbor_name"].strip() or row["chassis_id"], row["neighbor_interface"].strip())
        for row in answers.rows(NEIGHBORS)
    )


def arp(vrf: str) -> Read[Arp]:
    """There are no VRFs.

    Raises:
        ValueError: one was asked for.
    """
    if vrf:
        raise ValueError(f"ProCurve knows no VRFs, but {vrf!r} was asked for")
    return Read(commands=("show arp",), parse=_arp)


def _arp(answers: Answers) -> Arp:
    return [
        ArpEntry(interface=row["port"], mac=mac_address(row["mac_address"]), ip=row["ip_address"])
        for row in answers.rows("show arp")
    ]


def macs(answers: Answers) -> Macs:
    """The table holds learned addresses only; older switches do not show their VLANs."""
    return [
        MacEntry(
            mac=mac_address(row["mac_address"]), interface=row["port"], vlan=vlan_number(row["vlan_id"]), static=False
        )
        for row in answers.rows(MACS)
    ]


def vlans(answers: Answers) -> Vlans:
    ports: dict[str, list[str]] = {}
    for port, vlan in _members(answers):
        ports.setdefault(vlan, []).append(port)
    return {
        row["vlan_id"]: Vlan(name=row["vlan_name"].strip(), interfaces=tuple(ports.get(row["vlan_id"], ())))
        for row in answers.rows("show vlans")
    }


def _members(answers: Answers) -> Iterator[tuple[str, str]]:
    port, text = "", answers.text(MEMBERS)
    for match in re.finditer(r"VLAN Information - for ports (?P<port>\S+)|^ +(?P<vlan>\d+) +\S", text, re.MULTILINE):
        port = match["port"] or port
        if match["vlan"] and port:
            yield port, match["vlan"]
    if text.strip() and not port:
        raise ParseFailed(answers.device, MEMBERS, "no line names a port")


READS = PlatformReads(
    facts=Read(
        commands=("show system", RUNNING, PORTS), parse=facts, optional=(RUNNING,)
    ),  # which operators may not read
    interfaces=Read(commands=(PORTS, NAMES), parse=interfaces),
    addresses=Read(commands=("show ip",), parse=interface_addresses),
    neighbors=Read(commands=(NEIGHBORS,), parse=neighbors),
    arp=arp,
    macs=Read(commands=(MACS,), parse=macs),
    vlans=Read(commands=("show vlans", MEMBERS), parse=vlans),
    config=ConfigRead(
        commands={"running": (RUNNING,), "startup": ("show config",)},
        volatile=(r"^(?:Running|Startup) configuration:.*",),
    ),
)
