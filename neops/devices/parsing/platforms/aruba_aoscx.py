"""Aruba AOS-CX, by ntc-templates. Output formats: AOS-CX 10.10 Command-Line Interface Guide."""

from __future__ import annotations

import re
from collections.abc import Iterator

from neops.devices.parsing import addresses
from neops.devices.parsing.names import by_interface, in_vrf
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
from neops.devices.parsing.textfsm import Row, read_rows
from neops.devices.parsing.units import mac_address, speed_mbps, vlan_number, whole_number
from neops.devices.results import ArpEntry, Facts, InterfaceDetails, MacEntry, Vlan

INTERFACES = "show interface"
NEIGHBORS = "show lldp neighbor-info detail"
ALL_ARP = "show arp all-vrfs"
MACS = "show mac-address-table"
VLANS = "show vlan"
EMPTY = r"^No (?:ARP|MAC) entries found"

_RANGE = re.compile(r"(?P<stem>(?:\d+/)*\D*)(?P<first>\d+)-(?P=stem)(?P<last>\d+)")


def facts(answers: Answers) -> Facts:
    system = answers.row("show system")
    return Facts(
        hostname=system["hostname"],
        vendor=system["vendor"],
        model=system["product"],
        serial_number=system["serial"],
        os_version=system["version"],
        uptime=_uptime_s(system),
        interface_list=tuple(row["interface"] for row in answers.rows(INTERFACES)),
    )


def _uptime_s(system: Row) -> float:
    units = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60}
    return float(sum(int(system[f"uptime_{unit}"] or 0) * seconds for unit, seconds in units.items()))


def interfaces(answers: Answers) -> Interfaces:
    """A port without a link has the speed 0: it is not known then."""
    return {
        row["interface"]: InterfaceDetails(
            is_up=row["link_status"] == "up",
            is_enabled=row["link_admin"] == "up",
            description=row["interface_desc"].strip(),
            mac_address=mac_address(row["mac_address"]),
            mtu=whole_number(row["mtu"]),
            speed=speed_mbps(row["speed"]) or -1.0,
        )
        for row in answers.rows(INTERFACES)
    }


def interface_addresses(answers: Answers) -> Addresses:
    """IPv4 addresses."""
    return addresses.by_interface(
        (row["interface"], address)
        for row in answers.rows(INTERFACES)
        for address in (row["ip_address"], *row["secondary_ip_address"])
        if address
    )


def neighbors(answers: Answers) -> Neighbors:
    return by_interface(
        (row["local_interface"], row["neighbor_name"] or row["chassis_id"], row["neighbor_port_id"])
        for row in answers.rows(NEIGHBORS)
    )


def arp(vrf: str) -> Read[Arp]:
    """Of one VRF or of all; permanent entries and those that are known to answer."""
    command = in_vrf("show arp", vrf) if vrf else ALL_ARP

    def parse(answers: Answers) -> Arp:
        return [
            ArpEntry(interface=row["port_id"], mac=mac_address(row["mac_address"]), ip=row["ip_address"])
            for row in read_rows(answers.device, answers.platform, ALL_ARP, answers.text(command), EMPTY)
            if row["state"] not in ("failed", "incomplete")
        ]

    return Read(commands=(command,), parse=parse)


def macs(answers: Answers) -> Macs:
    return [
        MacEntry(
            mac=mac_address(row["mac_address"]),
            interface=row["port"],
            vlan=vlan_number(row["vlan_id"]),
            static=row["type"] == "static",
        )
        for row in answers.rows(MACS, nothing=EMPTY)
    ]


def vlans(answers: Answers) -> Vlans:
    return {
        row["vlan_id"]: Vlan(
            name=row["vlan_name"],
            interfaces=tuple(port for text in row["interfaces"] for port in _ports(text.strip())),
        )
        for row in answers.rows(VLANS)
    }


def _ports(text: str) -> Iterator[str]:
    """`1/1/2-1/1/4` is three ports."""
    match = _RANGE.fullmatch(text)
    if match is None:
        yield from [text] if text else []
        return
    for number in range(int(match["first"]), int(match["last"]) + 1):
        yield f"{match['stem']}{number}"


READS = PlatformReads(
    facts=Read(commands=("show system", INTERFACES), parse=facts),
    interfaces=Read(commands=(INTERFACES,), parse=interfaces),
    addresses=Read(commands=(INTERFACES,), parse=interface_addresses),
    neighbors=Read(commands=(NEIGHBORS,), parse=neighbors),
    arp=arp,
    macs=Read(commands=(MACS,), parse=macs),
    vlans=Read(commands=(VLANS,), parse=vlans),
    config=ConfigRead(
        commands={"running": ("show running-config",), "startup": ("show startup-config",)},
        volatile=(r"^(?:Current|Startup) configuration:.*",),
    ),
)
