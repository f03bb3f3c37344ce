"""Huawei VRP 5 and 8, by ntc-templates. Output formats: Huawei S and AR series Command Reference, V200R019."""

from __future__ import annotations

import re
from collections.abc import Iterator

from neops.devices.parsing import addresses, routing
from neops.devices.parsing.bgp import as_number
from neops.devices.parsing.names import by_interface, in_vrf, long_name
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
from neops.devices.parsing.textfsm import read_rows
from neops.devices.parsing.units import duration_s, mac_address, speed_mbps, vlan_number, whole_number
from neops.devices.results import (
    ArpEntry,
    BgpInstance,
    BgpPeer,
    BgpPrefixes,
    Facts,
    InterfaceDetails,
    MacEntry,
    Route,
    Vlan,
)
from neops.errors import ParseFailed

SYSNAME = "display current-configuration | include sysname"
ESN = "display esn"
IPV4 = "display ip interface"
IPV6 = "display ipv6 interface"
NEIGHBORS = "display lldp neighbor"
MACS = "display mac-address"
VLANS = "display vlan"
BGP = "display bgp peer"
ROUTES = "display ip routing-table"
PREFIXES = {"GE": "GigabitEthernet", "XGE": "XGigabitEthernet", "Eth": "Ethernet"}

_IPV4_LINE = re.compile(
    r"^(?P<interface>\S+) current state ?:|^Internet Address is (?P<address>\d[\d.]+/\d+)", re.IGNORECASE
)
_PEER = re.compile(
    r"^ +(?P<peer>\d[\d.]+) +4 +(?P<remote_as>[\d.]+) +(?:\d+ +){3}(?P<since>\S+) +(?P<state>\S+) +(?P<received>\d+)",
    re.MULTILINE,
)
_PORTS_LINE = re.compile(r"^ *(?P<vlan>\d+) +(?:\w+ +)?(?=(?:UT|TG|MP|ST):)")
_PORT = re.compile(r"(?:(?:UT|TG|MP|ST):)?(?P<name>[\w/.-]+)\([UD]\)")


def facts(answers: Answers) -> Facts:
    version = answers.row("display version")
    return Facts(
        hostname=answers.find(SYSNAME, r"^\s*sysname (\S+)"),
        vendor="Huawei",
        model=version["model"],
        serial_number=answers.find(ESN, r"^\s*ESN of .*?:\s*(\S+)", ""),
        os_version=version["product_version"] or version["vrp_version"],
        uptime=duration_s(version["uptime"]),
        interface_list=tuple(row["interface"] for row in answers.rows("display interface")),
    )


def interfaces(answers: Answers) -> Interfaces:
    return {
        row["interface"]: InterfaceDetails(
            is_up=row["link_status"].upper() == "UP" and row["protocol_status"].upper().startswith("UP"),
            is_enabled=not row["link_status"].lower().startswith("administratively"),
            description=row["interface_description"],
            mac_address=mac_address(row["mac_address"]),
            mtu=whole_number(row["mtu"]),
            speed=speed_mbps(f"{row['speed']} Mbit" if row["speed"].isdecimal() else row["speed"]),
        )
        for row in answers.rows("display interface")
    }


def neighbors(answers: Answers) -> Neighbors:
    return by_interface(
        (
            row["local_interface"],
            row["neighbor_name"] or row["chassis_id"],
            row["neighbor_port_id"] or row["neighbor_interface"],
        )
        for row in answers.rows(NEIGHBORS, nothing=r"^\s*(?:Info|Error): Global LLDP is not enabled")
        if row["chassis_id"]
    )


def interface_addresses(answers: Answers) -> Addresses:
    return addresses.by_interface([*_ipv4(answers), *addresses.ipv6_of(answers, IPV6)])


def _ipv4(answers: Answers) -> Iterator[tuple[str, str]]:
    interface, text = "", answers.text(IPV4)
    for match in filter(None, map(_IPV4_LINE.search, text.splitlines())):
        interface = match["interface"] or interface
        if match["address"]:
            yield interface, match["address"]
    if text.strip() and not interface:
        raise ParseFailed(answers.device, IPV4, "no line names an interface")


def arp(vrf: str) -> Read[Arp]:
    command = "display arp all" if not vrf else in_vrf("display arp", vrf, word="vpn-instance")

    def parse(answers: Answers) -> Arp:
        """VRP counts down to the entry's end (20 minutes by default): how old it is, is not known."""
        return [
            ArpEntry(
                interface=long_name(row["interface"], PREFIXES),
                mac=mac_address(row["mac_address"]),
                ip=row["ip_address"],
            )
            for row in read_rows(answers.device, answers.platform, "display arp all", answers.text(command))
            if mac_address(row["mac_address"])
        ]

    return Read(commands=(command,), parse=parse)


def macs(answers: Answers) -> Macs:
    return [
        MacEntry(
            mac=mac_address(row["destination_address"]),
            interface=long_name(row["destination_port"], PREFIXES),
            vlan=vlan_number(row["vlan_id"]),
            static=row["type"] != "dynamic",
        )
        for row in answers.rows(MACS)
    ]


def vlans(answers: Answers) -> Vlans:
    """The name is the VLAN's description; VRP has no other."""
    ports = _ports(answers.text(VLANS))
    return {
        row["vlan_id"]: Vlan(name=row["vlan_description"].strip(), interfaces=tuple(ports.get(row["vlan_id"], ())))
        for row in answers.rows(VLANS)
    }


def _ports(text: str) -> dict[str, list[str]]:
    """Ports by VLAN, tagged or not: `1 common UT:GE0/0/1(D) …` and the lines below that go on with it."""
    found: dict[str, list[str]] = {}
    vlan = ""
    for line in text.splitlines():
        start = _PORTS_LINE.match(line)
        vlan = start["vlan"] if start else vlan if _PORT.search(line) else ""
        if vlan:
            found.setdefault(vlan, []).extend(long_name(port["name"], PREFIXES) for port in _PORT.finditer(line))
    return found


def bgp_neighbors(answers: Answers) -> Bgp:
    """IPv4 peers of the default VRF; VRP answers nothing when BGP is not configured.

    The ntc-template (9.3) knows no peer that is shut down.
    """
    if not answers.text(BGP).strip() or "BGP is not configured" in answers.text(BGP):
        return {}
    local_as = as_number(answers.find(BGP, r"^\s*[Ll]ocal AS number\s*: (\S+)"))
    peers = {line["peer"]: _peer(line, local_as) for line in _PEER.finditer(answers.text(BGP))}
    return {"global": BgpInstance(router_id=answers.find(BGP, r"^\s*BGP [Ll]ocal router ID\s*: (\S+)"), peers=peers)}


def _peer(line: re.Match[str], local_as: int) -> BgpPeer:
    up = line["state"] == "Established"
    return BgpPeer(
        local_as=local_as,
        remote_as=as_number(line["remote_as"]),
        is_up=up,
        is_enabled=line["state"] != "Idle(Admin)",
        uptime=duration_s(line["since"]) if up else -1.0,
        address_family={"ipv4": BgpPrefixes(received_prefixes=int(line["received"]) if up else -1)},
    )


_ROUTE = re.compile(
    r"^ *(?P<prefix>\d[\d.]+/\d+)? +(?P<protocol>[A-Z][\w-]+) +(?P<preference>\d+) +(?P<cost>\d+) +"
    r"(?P<flags>[A-Z]*) +(?P<hop>\d[\d.]+) +(?P<interface>\S+)$",
    re.MULTILINE,
)
"""A further next hop of the same prefix stands below without it."""


def routes(query: RouteQuery) -> Read[Routes]:
    """IPv4 routes of the default VRF."""
    routing.network_of(query)

    def parse(answers: Answers) -> Routes:
        return routing.chosen(_routes(answers), query)

    return Read(commands=(ROUTES,), parse=parse)


def _routes(answers: Answers) -> Iterator[tuple[str, Route]]:
    text, prefix = answers.text(ROUTES), ""
    if text.strip() and "Destination/Mask" not in text:
        raise ParseFailed(answers.device, ROUTES, "there is no line of headings")
    for line in _ROUTE.finditer(text):
        prefix = line["prefix"] or prefix
        yield prefix, _route(line)


def _route(line: re.Match[str]) -> Route:
    """In the forwarding table is what has the flag D."""
    protocol = line["protocol"].lower()
    known = {"direct": "connected", "ebgp": "bgp", "ibgp": "bgp", "o_ase": "ospf", "o_nssa": "ospf"}
    return Route(
        protocol=known.get(protocol, protocol),
        current_active="D" in line["flags"],
        next_hop="" if protocol == "direct" else line["hop"],
        outgoing_interface=line["interface"],
        selected_next_hop="D" in line["flags"],
        preference=int(line["preference"]),
        protocol_attributes={"metric": int(line["cost"])},
    )


READS = PlatformReads(
    facts=Read(commands=("display version", SYSNAME, ESN, "display interface"), parse=facts, optional=(ESN,)),
    interfaces=Read(commands=("display interface",), parse=interfaces),
    addresses=Read(commands=(IPV4, IPV6), parse=interface_addresses, optional=(IPV6,)),
    arp=arp,
    macs=Read(commands=(MACS,), parse=macs),
    vlans=Read(commands=(VLANS,), parse=vlans),
    routes=routes,
    bgp=Read(commands=(BGP,), parse=bgp_neighbors),
    neighbors=Read(commands=(NEIGHBORS,), parse=neighbors),
    config=ConfigRead(
        commands={"running": ("display current-configuration",), "startup": ("display saved-configuration",)},
        volatile=(r"^!Last configuration was (?:updated|saved) at .*",),
    ),
)
