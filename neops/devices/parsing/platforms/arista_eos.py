"""Arista EOS, by ntc-templates and by its own JSON, which alone has IPv6 and all VRFs.

Output formats: Arista EOS User Manual 4.31; keys of the JSON as NAPALM 5's eos driver reads them over eAPI.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from neops.devices.parsing import addresses, routing
from neops.devices.parsing.bgp import as_number
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
)
from neops.errors import ParseFailed

PREFIXES = {"Et": "Ethernet", "Lo": "Loopback", "Ma": "Management", "Po": "Port-Channel", "Vx": "Vxlan"}
IPV4 = "show ip interface | json"
IPV6 = "show ipv6 interface | json"
NEIGHBORS = "show lldp neighbors detail"
MACS = "show mac address-table"
VLANS = "show vlan"
VERSION = "show version | json"
BGP = {"ipv4": "show ip bgp summary vrf all | json", "ipv6": "show ipv6 bgp summary vrf all | json"}

_NEIGHBOR_LINE = re.compile(
    r"^Interface (?P<interface>\S+) detected \d+ LLDP neighbors?"
    r"|^ +Neighbor (?P<chassis>\"[^\"]*\"|[^\s/]+)/(?P<port>\"[^\"]*\"|[^,\n]+), age"
    r"|^ +- System Name: \"(?P<name>[^\"]+)\"",
    re.MULTILINE,
)


def facts(answers: Answers) -> Facts:
    version, name = answers.row("show version"), answers.row("show hostname")
    return Facts(
        hostname=name["hostname"],
        fqdn=name["fqdn"],
        vendor="Arista",
        model=version["model"],
        serial_number=version["serial_number"],
        os_version=version["image"],
        uptime=duration_s(version["uptime"]),
        interface_list=tuple(row["interface"] for row in answers.rows("show interfaces")),
    )


def interfaces(answers: Answers) -> Interfaces:
    return {
        row["interface"]: InterfaceDetails(
            is_up=row["link_status"] == "up" and row["protocol_status"].startswith("up"),
            is_enabled=row["link_status"] != "administratively down",
            description=row["description"],
            mac_address=mac_address(row["mac_address"] or row["bia"]),
            mtu=whole_number(row["mtu"]),
            speed=speed_mbps(row["bandwidth"]),
            last_flapped=duration_s(row["last_link_flapped"]),
        )
        for row in answers.rows("show interfaces")
    }


def neighbors(answers: Answers) -> Neighbors:
    """Read here: the ntc-template (9.3) knows no switch without neighbours, and no neighbour without a name."""
    found: list[list[str]] = []
    interface, text = "", answers.text(NEIGHBORS)
    for line in _NEIGHBOR_LINE.finditer(text):
        interface = line["interface"] or interface
        if line["port"]:
            found.append([interface, line["chassis"].strip('"'), line["port"].strip('"')])
        elif line["name"] and found:
            found[-1][1] = line["name"]
    if text.strip() and not interface and "LLDP is not enabled" not in text:
        raise ParseFailed(answers.device, NEIGHBORS, "no line names an interface")
    return by_interface((interface, hostname, port) for interface, hostname, port in found)


def interface_addresses(answers: Answers) -> Addresses:
    return addresses.by_interface([*_ipv4(answers), *_ipv6(answers)])


def _ipv4(answers: Answers) -> Iterator[tuple[str, str]]:
    """0.0.0.0/0 stands for an interface without an address; older EOS puts the addresses of one in a list."""
    for name, one in answers.json(IPV4).get("interfaces", {}).items():
        found = one.get("interfaceAddress", {})
        for block in found if isinstance(found, list) else [found]:
            for address in (block.get("primaryIp", {}), *block.get("secondaryIpsOrderedList", ())):
                if address.get("maskLen"):
                    yield name, f"{address['address']}/{address['maskLen']}"


def _ipv6(answers: Answers) -> Iterator[tuple[str, str]]:
    for name, one in answers.json(IPV6).get("interfaces", {}).items():
        for address in (*one.get("addresses", ()), one.get("linkLocal", {})):
            if address.get("address"):
                yield name, f"{address['address']}/{address['subnet'].rpartition('/')[2]}"


def arp(vrf: str) -> Read[Arp]:
    command = in_vrf("show ip arp", vrf)

    def parse(answers: Answers) -> Arp:
        """An entry of a VLAN interface names the port behind it too; the age is printed in minutes or as a time."""
        return [
            ArpEntry(
                interface=row["interface"].partition(",")[0],
                mac=mac_address(row["mac_address"]),
                ip=row["ip_address"],
                age=60.0 * int(row["age"]) if row["age"].isdecimal() else duration_s(row["age"]),
            )
            for row in answers.rows(command)
        ]

    return Read(commands=(command,), parse=parse)


def macs(answers: Answers) -> Macs:
    """Learned and configured addresses, and those of multicast groups with one entry for each port."""
    return [
        MacEntry(
            mac=mac_address(row["mac_address"]),
            interface=long_name(port, PREFIXES),
            vlan=vlan_number(row["vlan_id"]),
            static="DYNAMIC" not in row["type"].upper(),  # PEERDYNAMIC: the other switch of an MLAG has learned it
            moves=whole_number(row["moves"]),
            last_move=duration_s(row["last_move"]),
        )
        for row in answers.rows(MACS)
        for port in row["destination_port"]
    ]


def vlans(answers: Answers) -> Vlans:
    """The ntc-template (9.3) does not know the star of a dynamic VLAN."""
    text = re.sub(r"^(\d+)\*|^\* indicates .*", r"\1 ", answers.text(VLANS), flags=re.MULTILINE)
    return vlans_of(read_rows(answers.device, answers.platform, VLANS, text), PREFIXES)


def bgp_neighbors(answers: Answers) -> Bgp:
    """`upDownTime` is the device's time of day: its clock is what `show version` says of booting and since."""
    version = answers.json(VERSION)
    now = version["bootupTimestamp"] + version["uptime"]
    found: dict[str, tuple[str, dict[str, BgpPeer]]] = {}
    for family, command in BGP.items():
        if answers.text(command).startswith("% BGP inactive"):
            continue
        for name, vrf in answers.json(command).get("vrfs", {}).items():
            _, peers = found.setdefault("global" if name == "default" else name, (vrf["routerId"], {}))
            for address, peer in vrf.get("peers", {}).items():
                peers[address] = _peer(peer, as_number(str(vrf["asn"])), family, peers.get(address), now)
    return {name: BgpInstance(router_id=router_id, peers=peers) for name, (router_id, peers) in found.items()}


def _peer(peer: Mapping[str, Any], local_as: int, family: str, before: BgpPeer | None, now: float) -> BgpPeer:
    up = peer["peerState"] == "Established"
    prefixes = BgpPrefixes(
        received_prefixes=peer.get("prefixReceived", -1) if up else -1,
        accepted_prefixes=peer.get("prefixAccepted", -1) if up else -1,
    )
    return BgpPeer(
        local_as=local_as,
        remote_as=as_number(str(peer["asn"])),
        is_up=up,
        is_enabled=peer.get("peerStateIdleReason") != "Admin",
        description=peer.get("description", ""),
        uptime=max(0.0, now - peer["upDownTime"]) if up else -1.0,
        address_family={**(before.address_family if before else {}), family: prefixes},
    )


def routes(query: RouteQuery) -> Read[Routes]:
    """Routes of the default VRF; the whole table is that of both families."""
    commands = tuple(f"show {'ip' if family == 4 else 'ipv6'} route | json" for family in routing.families_of(query))

    def parse(answers: Answers) -> Routes:
        return routing.chosen((one for command in commands for one in _routes(answers.json(command))), query)

    return Read(commands=commands, parse=parse)


def _routes(document: Mapping[str, Any]) -> Iterator[tuple[str, Route]]:
    """The routes of IPv6 stand beside `vrfs` on older EOS."""
    table = document["vrfs"].get("default", {}) if "vrfs" in document else document
    for prefix, one in table.get("routes", {}).items():
        vias: list[Mapping[str, Any]] = one.get("vias") or [{}]
        for via in vias:
            yield prefix, _route(one, via)


def _route(one: Mapping[str, Any], via: Mapping[str, Any]) -> Route:
    kind = one["routeType"]
    return Route(
        protocol="bgp" if kind.endswith("BGP") else kind.lower().partition(" ")[0].rstrip("0123456789"),
        current_active=True,
        next_hop=via.get("nexthopAddr", ""),
        outgoing_interface=via.get("interface", ""),
        selected_next_hop=True,
        preference=one.get("preference", 0),
        protocol_attributes={"metric": one["metric"]} if "metric" in one else {},
    )


READS = PlatformReads(
    facts=Read(commands=("show version", "show hostname", "show interfaces"), parse=facts),
    interfaces=Read(commands=("show interfaces",), parse=interfaces),
    addresses=Read(commands=(IPV4, IPV6), parse=interface_addresses),
    arp=arp,
    macs=Read(commands=(MACS,), parse=macs),
    vlans=Read(commands=(VLANS,), parse=vlans),
    bgp=Read(commands=(VERSION, *BGP.values()), parse=bgp_neighbors),
    routes=routes,
    neighbors=Read(commands=(NEIGHBORS,), parse=neighbors),
    config=ConfigRead(
        commands={"running": ("show running-config",), "startup": ("show startup-config",)},
        volatile=(
            r"^! Command: show (?:running|startup)-config.*",
            r"^! Startup-config last modified at .*",
            r"^! Time: .*",  # of the reading
        ),
    ),
)
