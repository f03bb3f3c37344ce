"""Linux hosts: files, iproute2 by ntc-templates or as JSON (since 4.14), and lldpd where it is installed.

Forms: lldpctl(8), key-value; ip-address(8), ip-neighbour(8), ip-route(8) and bridge(8) of iproute2 6.1, JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from neops.devices.parsing import addresses, routing
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
    RouteQuery,
    Routes,
    Vlans,
)
from neops.devices.parsing.units import mac_address, whole_number
from neops.devices.results import ArpEntry, Facts, InterfaceDetails, MacEntry, Route, Vlan

RELEASE = "cat /etc/os-release"
MACHINE = "cat /etc/machine-id"
ADDRESSES = "ip -j address show"
NEIGHBOURS = "ip -s -j -4 neigh show"
SBIN = "PATH=$PATH:/usr/sbin:/sbin"
"""Where bridge(8) is, which distributions keep from users who are not root."""
MACS = f"{SBIN} bridge -j fdb show"
VLANS = f"{SBIN} bridge -j vlan show"
LLDP = "lldpctl -f keyvalue"


def facts(answers: Answers) -> Facts:
    """`os_version` is os-release(5)'s PRETTY_NAME, `serial_number` machine-id(5), `model` the architecture."""
    name, fqdn = answers.text("uname -n").strip(), answers.text("hostname -f").strip()
    known = re.fullmatch(r"[\w.-]+", fqdn) is not None  # else it says that it cannot be looked up
    return Facts(
        hostname=name.partition(".")[0],
        fqdn=fqdn if known else "",
        vendor="Linux",
        model=answers.text("uname -m").strip(),
        serial_number=answers.text(MACHINE).strip(),
        os_version=answers.find(RELEASE, r'^PRETTY_NAME="?([^"\n]*)"?'),
        uptime=float(answers.find("cat /proc/uptime", r"^([\d.]+) ")),
        interface_list=tuple(_name(row["interface"]) for row in answers.rows("ip link show")),
    )


def interfaces(answers: Answers) -> Interfaces:
    """State of links; `speed` is not known to iproute2."""
    return {
        _name(row["interface"]): InterfaceDetails(
            is_up="LOWER_UP" in row["flags"] and "UP" in row["flags"].split(","),
            is_enabled="UP" in row["flags"].split(","),
            description=row["alias"],
            mac_address=mac_address(row["mac_address"]) if row["type"] == "ether" else "",
            mtu=whole_number(row["mtu"]),
        )
        for row in answers.rows("ip link show")
    }


def _name(text: str) -> str:
    """`eth0@if12` is eth0, whose other end is the twelfth interface of another namespace (ip-link(8))."""
    return text.partition("@")[0]


def neighbors(answers: Answers) -> Neighbors:
    lines = re.findall(
        r"^lldp\.(?P<interface>[^.=]+(?:\.\d+)?)\.(?P<key>chassis\.(?:name|mac)|port\.(?:ifname|mac|local|descr))=(?P<value>.*)$",
        answers.text(LLDP),
        re.MULTILINE,
    )
    found: dict[str, list[dict[str, str]]] = {}
    for interface, key, value in lines:
        neighbors = found.setdefault(interface, [])
        if not neighbors or key in neighbors[-1]:  # a key again: the next neighbour on the same interface
            neighbors.append({})
        neighbors[-1][key] = value.strip()
    return by_interface(
        (interface, one.get("chassis.name") or one.get("chassis.mac", ""), _port(one))
        for interface, neighbors in found.items()
        for one in neighbors
    )


def _port(neighbor: dict[str, str]) -> str:
    return next(
        (neighbor[key] for key in ("port.ifname", "port.local", "port.mac", "port.descr") if key in neighbor), ""
    )


def interface_addresses(answers: Answers) -> Addresses:
    return addresses.by_interface(
        (_name(link["ifname"]), f"{one['local']}/{one['prefixlen']}")
        for link in answers.json(ADDRESSES)
        for one in link.get("addr_info", ())
        if "local" in one
    )


def arp(vrf: str) -> Read[Arp]:
    command = in_vrf(NEIGHBOURS, vrf)

    def parse(answers: Answers) -> Arp:
        """Those whose MAC address is known, and believed; the age counts from the last confirmation."""
        return [
            ArpEntry(
                interface=one["dev"], mac=mac_address(one["lladdr"]), ip=one["dst"], age=float(one.get("confirmed", -1))
            )
            for one in answers.json(command)
            if "lladdr" in one and not {"FAILED", "INCOMPLETE", "NOARP"} & set(one["state"])
        ]

    return Read(commands=(command,), parse=parse)


def macs(answers: Answers) -> Macs:
    """Of bridges; what a network card filters for itself is left out."""
    return [
        MacEntry(
            mac=mac_address(one["mac"]),
            interface=one["ifname"],
            vlan=one.get("vlan", 0),
            static=one.get("state") in ("permanent", "static"),
            active=one.get("state") != "stale",
        )
        for one in answers.json(MACS)
        if "master" in one
    ]


def vlans(answers: Answers) -> Vlans:
    """Of bridges that filter by VLAN; Linux gives VLANs no names."""
    found: dict[int, list[str]] = {}
    for port in answers.json(VLANS):
        for one in port["vlans"]:
            for number in range(one["vlan"], one.get("vlanEnd", one["vlan"]) + 1):
                found.setdefault(number, []).append(port["ifname"])
    return {str(number): Vlan(name="", interfaces=tuple(ports)) for number, ports in sorted(found.items())}


def routes(query: RouteQuery) -> Read[Routes]:
    """Of the main table; the whole one is that of both families."""
    commands = tuple(f"ip -j -{family} route show" for family in routing.families_of(query))

    def parse(answers: Answers) -> Routes:
        return routing.chosen((one for command in commands for one in _routes(answers, command)), query)

    return Read(commands=commands, parse=parse)


def _routes(answers: Answers, command: str) -> Iterator[tuple[str, Route]]:
    """One for each next hop; `default` has no length, and neither have routes to a single host."""
    everything = "::/0" if " -6 " in command else "0.0.0.0/0"
    for one in answers.json(command):
        for hop in one.get("nexthops") or (one,):
            yield everything if one["dst"] == "default" else one["dst"], _route(one, hop)


def _route(one: Mapping[str, Any], hop: Mapping[str, Any]) -> Route:
    """A route without a protocol was added by hand ("boot", ip-route(8)); Linux has metrics and no distances."""
    protocol = one.get("protocol", "static")
    alive = not {"linkdown", "dead"} & {*one.get("flags", ()), *hop.get("flags", ())}
    return Route(
        protocol="connected" if protocol == "kernel" else protocol,
        current_active=alive,
        next_hop=hop.get("gateway") or hop.get("via", {}).get("host", ""),
        outgoing_interface=hop.get("dev", ""),
        selected_next_hop=alive,
        protocol_attributes={"metric": one["metric"]} if "metric" in one else {},
    )


MAC_TABLE = Read(commands=(MACS,), parse=macs)


# A Linux host has no one configuration: running is what the kernel has of addresses and routes, startup what ifupdown
# reads at boot (interfaces(5); Debian, Cumulus).
READS = PlatformReads(
    facts=Read(
        commands=("uname -n", "hostname -f", "uname -m", RELEASE, MACHINE, "cat /proc/uptime", "ip link show"),
        parse=facts,
        optional=("hostname -f", MACHINE),
    ),
    interfaces=Read(commands=("ip link show",), parse=interfaces),
    addresses=Read(commands=(ADDRESSES,), parse=interface_addresses),
    arp=arp,
    macs=MAC_TABLE,
    vlans=Read(commands=(VLANS,), parse=vlans),
    routes=routes,
    neighbors=Read(commands=(LLDP,), parse=neighbors),
    config=ConfigRead(
        commands={"running": ("ip -o address show", "ip route show"), "startup": ("cat /etc/network/interfaces",)},
        volatile=(r"\\?\s+valid_lft .*", r" expires \d+sec"),  # count down: DHCP, router advertisements
    ),
)
