"""Juniper Junos. Output formats: Junos OS CLI Reference, 13.3 to 23.4.

ntc-templates reads versions and neighbours; its interface template knows neither speed nor MAC address, so that text
is read here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from neops.devices.parsing import addresses, routing
from neops.devices.parsing.bgp import as_number
from neops.devices.parsing.names import by_interface, in_vrf
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
from neops.devices.parsing.textfsm import SAYS_NOTHING
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

_PHYSICAL = re.compile(
    r"^Physical interface: (?P<name>[^\s,]+)\s*, (?P<admin>[^,]+), Physical link is (?P<link>\w+)", re.MULTILINE
)

_HEADING = re.compile(
    rf"{SAYS_NOTHING['juniper_junos']}|^(?:\S+: \d+ destinations, .*|\+ = Active Route, .*)$", re.MULTILINE
)
"""What says nothing, and the heads of routing tables."""

NEIGHBORS = "show lldp neighbors"
TERSE = "show interfaces terse"
MACS = "show ethernet-switching table"
VLANS = "show vlans"
BGP = "show bgp neighbor"
_NEIGHBOR_HEADING = re.compile(
    r"^Local Interface +(?P<parent>Parent Interface +)?Chassis Id +Port info +(?P<name>System Name) *$", re.MULTILINE
)
_MAC = re.compile(
    r"^\s*(?P<vlan>\S+)\s+(?P<mac>[0-9a-f]{2}(?::[0-9a-f]{2}){5})\s+(?P<flags>\S+)\s+\S+\s+(?P<interface>\S+)",
    re.MULTILINE,
)


def facts(answers: Answers) -> Facts:
    version = answers.row("show version")
    return Facts(
        hostname=version["hostname"],
        vendor="Juniper",
        model=version["model"],
        serial_number=answers.find("show chassis hardware", r"^Chassis\s+(?:REV \S+\s+\S+\s+)?(\S+)\s+\S", ""),
        os_version=version["junos_version"],
        uptime=duration_s(answers.find("show system uptime", r"^System booted: .*\((.+) ago\)", "")),
        interface_list=tuple(interfaces(answers)),
    )


def interfaces(answers: Answers) -> Interfaces:
    return {
        start["name"]: _interface(start, body.partition("\n  Logical interface ")[0])
        for start, body in answers.sections("show interfaces", _PHYSICAL)
    }


def _interface(start: re.Match[str], body: str) -> InterfaceDetails:
    return InterfaceDetails(
        is_up=start["link"] == "Up",
        is_enabled=start["admin"] == "Enabled",
        description=_first(r"^  Description: (.*)$", body),
        mac_address=mac_address(_first(r"Current address: ([0-9a-f:]{17})", body)),
        mtu=whole_number(_first(r"\bMTU: (\w+)", body)),
        speed=speed_mbps(_first(r"\bSpeed: (\w+)", body)),
        last_flapped=duration_s(_first(r"^  Last flapped   : .*\((.+) ago\)", body)),
    )


def _first(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1].strip() if match else ""


def neighbors(answers: Answers) -> Neighbors:
    """Read here: the ntc-template (9.3) knows no port of several words, and no neighbour without a name."""
    text = _HEADING.sub("", answers.text(NEIGHBORS))
    heading = _NEIGHBOR_HEADING.search(text)
    if heading is None and text.strip():
        raise ParseFailed(answers.device, NEIGHBORS, "there is no line of headings")
    if heading is None:
        return {}
    lines = (line.rstrip() for line in text[heading.end() :].splitlines())
    return by_interface(_neighbor(line, heading) for line in lines if line)


def _neighbor(line: str, heading: re.Match[str]) -> tuple[str, str, str]:
    """Local interface, name and port. A port too long for its column shifts the name; without a name the line ends."""
    before = 3 if heading["parent"] else 2
    words = [*line.split(maxsplit=before), ""]
    local, chassis, rest = words[0], words[before - 1], words[before]
    port, _, name = rest.rpartition("  ")
    if not port and len(line) > heading.start("name") - heading.start():
        port, _, name = rest.rpartition(" ")
    return (local, name, port.strip()) if name and port else (local, chassis, rest)


def interface_addresses(answers: Answers) -> Addresses:
    """Of logical interfaces (`ge-0/0/0.0`), where Junos has them."""
    return addresses.by_interface(_local(answers))


def _local(answers: Answers) -> Iterator[tuple[str, str]]:
    """Of each line the first address, which is the local one; one printed without a length is a host's."""
    text, interface = answers.text(TERSE), ""
    for line in text.splitlines():
        words = line.split()
        interface = words[0] if line[:1].strip() else interface
        for word in words[1:] if line[:1].strip() else words:
            if _is_address(word):
                length = "" if "/" in word else "/32" if "." in word else "/128"
                yield interface, word + length
                break
    if text.strip() and not re.search(r"^Interface +Admin +Link", text, re.MULTILINE):
        raise ParseFailed(answers.device, TERSE, "there is no line of headings")


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_interface(word)
    except ValueError:
        return False
    return True


def arp(vrf: str) -> Read[Arp]:
    command = in_vrf("show arp no-resolve", vrf, word="vpn")

    def parse(answers: Answers) -> Arp:
        return [
            ArpEntry(interface=row["interface"], mac=mac_address(row["mac_address"]), ip=row["ip_address"])
            for row in answers.rows(command)
        ]

    return Read(commands=(command,), parse=parse)


def macs(answers: Answers) -> Macs:
    """The table of ELS switches names VLANs, `show vlans` their tags.

    The ntc-template (9.3) knows no VLAN that has a name of its own.
    """
    tags = {row["vlan_name"]: vlan_number(row["tag"]) for row in answers.rows(VLANS)}
    text = _HEADING.sub("", answers.text(MACS))
    if text.strip() and "MAC flags" not in text:
        raise ParseFailed(answers.device, MACS, "there is no line 'MAC flags'")
    return [
        MacEntry(
            mac=mac_address(line["mac"]),
            interface=line["interface"],
            vlan=tags.get(line["vlan"], 0),
            static="S" in line["flags"].split(","),
        )
        for line in _MAC.finditer(text)
    ]


def vlans(answers: Answers) -> Vlans:
    """VLANs that have a tag; a star marks a port that is up."""
    return {
        row["tag"]: Vlan(name=row["vlan_name"], interfaces=tuple(port.rstrip("*") for port in row["interfaces"]))
        for row in answers.rows(VLANS)
        if row["tag"]
    }


_PEER = re.compile(
    r"^Peer: (?P<peer>[0-9A-Fa-f:.]+(?:%[^\s+]+)?)(?:\+\d+)?\s+AS (?P<remote_as>[\d.]+)"
    r"\s+Local: \S+\s+AS (?P<local_as>[\d.]+)",
    re.MULTILINE,
)
_TABLE = re.compile(r"^  Table (?P<table>\S+)(?P<body>.*?)(?=^  Table |\Z)", re.MULTILINE | re.DOTALL)
_FAMILIES = {"inet": "ipv4", "inet6": "ipv6", "bgp.l3vpn": "vpnv4", "bgp.l3vpn-inet6": "vpnv6"}


def bgp_neighbors(answers: Answers) -> Bgp:
    """BGP by routing instance, `master` as `global`; the router identifier is known once a peer is up."""
    if "BGP is not running" in answers.text(BGP):
        return {}
    found: dict[str, tuple[list[str], dict[str, BgpPeer]]] = {}
    for start, body in answers.sections(BGP, _PEER, _HEADING):
        instance = _first(r"Routing-Instance: (\S+)", body)
        ids, peers = found.setdefault("global" if instance in ("", "master") else instance, ([], {}))
        ids.append(_first(r"Local ID: (\S+)", body))
        peers[start["peer"]] = _peer(start, body)
    return {
        name: BgpInstance(router_id=next(filter(None, ids), ""), peers=peers) for name, (ids, peers) in found.items()
    }


def _peer(start: re.Match[str], body: str) -> BgpPeer:
    up = _first(r"\bState: (\w+)", body) == "Established"
    return BgpPeer(
        local_as=as_number(start["local_as"]),
        remote_as=as_number(start["remote_as"]),
        remote_id=_first(r"Peer ID: (\S+)", body),
        is_up=up,
        is_enabled="Shutdown" not in _first(r"^  Options: (.*)$", body),
        description=_first(r"^  Description: (.*)$", body),
        address_family={
            _family(table["table"]): BgpPrefixes(
                received_prefixes=whole_number(_first(r"Received prefixes: +(\d+)", table["body"])),
                accepted_prefixes=whole_number(_first(r"Accepted prefixes: +(\d+)", table["body"])),
                sent_prefixes=whole_number(_first(r"Advertised prefixes: +(\d+)", table["body"])),
            )
            for table in _TABLE.finditer(body)
        },
    )


def _family(table: str) -> str:
    """`blue.inet.0` → `ipv4`; tables of other families under their own name."""
    family = table.rpartition(".")[0]
    return _FAMILIES.get(family) or _FAMILIES.get(family.rpartition(".")[2], table)


_WAY = re.compile(
    r"^(?P<prefix>[0-9A-Fa-f.:]+/\d+)?\s*(?P<mark>[*+-])?"
    r"\[(?P<protocol>[\w-]+)/(?P<preference>\d+)\S*\] (?P<age>[\w: ]+)"
    r"|^\s+(?P<used>>)?\s*(?:to (?P<hop>\S+) |Local )?via (?P<interface>[^\s,]+)",
    re.MULTILINE,
)
"""A way, on the line below its prefix when that is too long for its column; a next hop."""


def routes(query: RouteQuery) -> Read[Routes]:
    """Of the tables inet.0 and inet6.0; the whole table is that of both families."""
    tables = {4: "inet.0", 6: "inet6.0"}
    commands = tuple(f"show route table {tables[family]}" for family in routing.families_of(query))

    def parse(answers: Answers) -> Routes:
        return routing.chosen((one for command in commands for one in _routes(answers, command)), query)

    return Read(commands=commands, parse=parse)


def _routes(answers: Answers, command: str) -> Iterator[tuple[str, Route]]:
    """One for each next hop; a way that leads nowhere (Discard, Reject) has none."""
    prefix, way, hops = "", None, 0
    for found, _ in answers.sections(command, _WAY, _HEADING):
        if found["interface"] and way:
            hops += 1
            yield prefix, _through(way, found)
        elif found["protocol"]:
            if way and not hops:
                yield prefix, way
            prefix, way, hops = found["prefix"] or prefix, _way(found), 0
    if way and not hops:
        yield prefix, way


def _through(way: Route, found: re.Match[str]) -> Route:
    hop = found["hop"] or ""
    used = bool(found["used"]) or not hop
    return way.model_copy(update={"next_hop": hop, "outgoing_interface": found["interface"], "selected_next_hop": used})


def _way(found: re.Match[str]) -> Route:
    protocol = found["protocol"].lower()
    return Route(
        protocol="connected" if protocol == "direct" else protocol,
        current_active=found["mark"] in ("*", "+"),
        last_active=found["mark"] in ("*", "-"),
        age=duration_s(found["age"]),
        preference=int(found["preference"]),
    )


READS = PlatformReads(
    facts=Read(
        commands=("show version", "show chassis hardware", "show system uptime", "show interfaces"), parse=facts
    ),
    interfaces=Read(commands=("show interfaces",), parse=interfaces),
    addresses=Read(commands=(TERSE,), parse=interface_addresses),
    arp=arp,
    macs=Read(commands=(MACS, VLANS), parse=macs),
    vlans=Read(commands=(VLANS,), parse=vlans),
    routes=routes,
    bgp=Read(commands=(BGP,), parse=bgp_neighbors),
    neighbors=Read(commands=(NEIGHBORS,), parse=neighbors),
    # What is committed is what runs and what is booted: Junos has no startup configuration.
    config=ConfigRead(
        commands={"running": ("show configuration",)},
        volatile=(
            r"^## Last commit: .*",
            r"^## Last changed: .*",
            r"^\{(?:master|backup|linecard|primary|secondary)(?::\w+)?\}$",  # the routing engine's role, above a prompt
        ),
    ),
)
