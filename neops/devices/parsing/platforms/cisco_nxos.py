"""Cisco NX-OS, by ntc-templates. Output formats: Cisco Nexus 9000 Series NX-OS Command Reference."""

from __future__ import annotations

import re
from collections.abc import Iterator

from neops.devices.parsing import addresses, bgp, lldp, routing
from neops.devices.parsing.names import by_interface, in_vrf, long_name, vlans_of
from neops.devices.parsing.reads import (
    Addresses,
    Answers,
    Arp,
    Bgp,
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
from neops.devices.parsing.textfsm import Row
from neops.devices.parsing.units import duration_s, first_speed, mac_address, vlan_number, whole_number
from neops.devices.results import ArpEntry, Facts, InterfaceDetails, MacEntry, Route
from neops.errors import ParseFailed

PREFIXES = {"Eth": "Ethernet", "Lo": "loopback", "Po": "port-channel"}
NEIGHBORS = "show lldp neighbors detail"
IPV4 = "show ip interface vrf all"
IPV6 = "show ipv6 interface vrf all"
PEER_LINK = "vPC Peer-Link"
"""Of which the ntc-template (9.3) takes the first word for the port."""
MACS = "show mac address-table"
VLANS = "show vlan brief"
BGP = "show bgp all summary vrf all"
ROUTES = "show ip route"

_IPV6_LINE = re.compile(
    r"^(?P<interface>\S+), Interface status:"
    r"|link-local address: (?P<link_local>[0-9A-Fa-f:]+)"
    r"|^\s+(?:IPv6 address:\s*)?(?P<address>[0-9A-Fa-f:]+/\d+)\s+\["
)


def facts(answers: Answers) -> Facts:
    version = answers.row("show version")
    return Facts(
        hostname=version["hostname"],
        vendor="Cisco",
        model=version["platform"],
        serial_number=version["serial"],
        os_version=version["os"],
        uptime=duration_s(version["uptime"]),
        interface_list=tuple(row["interface"] for row in answers.rows("show interface")),
    )


def interfaces(answers: Answers) -> Interfaces:
    return {
        row["interface"]: InterfaceDetails(
            is_up=row["link_status"].startswith("up"),
            is_enabled="Administratively" not in row["link_status"],
            description=row["description"],
            mac_address=mac_address(row["mac_address"] or row["bia"]),
            mtu=whole_number(row["mtu"]),
            speed=first_speed(row["speed"], row["bandwidth"]),
            last_flapped=duration_s(row["last_link_flapped"]),
        )
        for row in answers.rows("show interface")
    }


def neighbors(answers: Answers) -> Neighbors:
    seen = lldp.details(answers, NEIGHBORS, first="chassis id", local="local port id")
    return by_interface((long_name(place, PREFIXES), hostname, port) for place, hostname, port in seen)


def interface_addresses(answers: Answers) -> Addresses:
    return addresses.by_interface([*_ipv4(answers), *_ipv6(answers)])


def _ipv4(answers: Answers) -> Iterator[tuple[str, str]]:
    """`none` stands for an interface without an address; an unnumbered one has no subnet of its own."""
    for row in answers.rows(IPV4):
        secondary = zip(row["secondary_ip_address"], row["secondary_ip_subnet"], strict=False)
        for address, subnet in ((row["ip_address"], row["subnet"]), *secondary):
            if address.count(".") == 3:
                length = subnet.partition("/")[2]
                yield row["interface"], f"{address}/{length}" if length else address


def _ipv6(answers: Answers) -> Iterator[tuple[str, str]]:
    interface, text = "", answers.text(IPV6)
    for match in filter(None, map(_IPV6_LINE.search, text.splitlines())):
        interface = match["interface"] or interface
        if address := match["link_local"] or match["address"]:
            yield interface, address
    if text.strip() and not interface and "IPv6 Interface Status" not in text:
        raise ParseFailed(answers.device, IPV6, "no line names an interface")


def arp(vrf: str) -> Read[Arp]:
    command = in_vrf("show ip arp", vrf)

    def parse(answers: Answers) -> Arp:
        return [
            ArpEntry(
                interface=row["interface"],
                mac=mac_address(row["mac_address"]),
                ip=row["ip_address"],
                age=duration_s(row["age"]),
            )
            for row in answers.rows(command)
            if mac_address(row["mac_address"])
        ]

    return Read(commands=(command,), parse=parse)


def macs(answers: Answers) -> Macs:
    """`static` entries are the supervisor's own and those that somebody configured."""
    return [
        MacEntry(
            mac=mac_address(row["mac_address"]),
            interface=PEER_LINK if row["ports"] == "vPC" else long_name(row["ports"], PREFIXES),
            vlan=vlan_number(row["vlan_id"]),
            static=row["type"] != "dynamic",
        )
        for row in answers.rows(MACS, heading=r"^\s*VLAN\s+MAC Address")
    ]


def vlans(answers: Answers) -> Vlans:
    return vlans_of(answers.rows(VLANS), PREFIXES)


def bgp_neighbors(answers: Answers) -> Bgp:
    return bgp.summaries(answers, BGP)


def routes(query: RouteQuery) -> Read[Routes]:
    """IPv4 routes of the default VRF."""
    return routing.ipv4_table(ROUTES, query, _route)


def _route(row: Row) -> Route:
    protocol = row["protocol"].partition("-")[0]  # the process or its name follows: ospf-10
    return Route(
        protocol="connected" if protocol == "direct" else protocol,
        current_active=True,
        age=duration_s(row["uptime"]),
        next_hop="" if protocol in ("direct", "local") else row["nexthop_ip"],
        outgoing_interface=long_name(row["nexthop_if"], PREFIXES),
        selected_next_hop=True,
        preference=whole_number(row["distance"]),
        protocol_attributes={"metric": int(row["metric"])} if row["metric"] else {},
    )


READS = PlatformReads(
    facts=Read(commands=("show version", "show interface"), parse=facts),
    interfaces=Read(commands=("show interface",), parse=interfaces),
    addresses=Read(commands=(IPV4, IPV6), parse=interface_addresses),
    arp=arp,
    macs=Read(commands=(MACS,), parse=macs),
    vlans=Read(commands=(VLANS,), parse=vlans),
    bgp=Read(commands=(BGP,), parse=bgp_neighbors),
    routes=routes,
    neighbors=Read(commands=(NEIGHBORS,), parse=neighbors),
    config=ConfigRead(
        commands={"running": ("show running-config",), "startup": ("show startup-config",)},
        volatile=(
            r"^!Command: show (?:running|startup)-config.*",
            r"^!(?:Running|Startup) (?:configuration|config) (?:last done|last saved|saved) at: .*",
            r"^!No configuration change since last restart.*",
            r"^!Time: .*",  # of the reading
        ),
    ),
)
