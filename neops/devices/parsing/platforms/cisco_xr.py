"""Cisco IOS XR, by ntc-templates. Output formats: Cisco IOS XR System Management Command Reference.

XR starts every answer with the time of day; the templates skip it.
"""

from __future__ import annotations

from collections.abc import Iterator

from neops.devices.parsing import addresses, bgp, lldp, routing
from neops.devices.parsing.names import by_interface, in_vrf
from neops.devices.parsing.reads import (
    Addresses,
    Answers,
    Arp,
    Bgp,
    ConfigRead,
    Interfaces,
    Neighbors,
    PlatformReads,
    Read,
    RouteQuery,
    Routes,
)
from neops.devices.parsing.textfsm import Row
from neops.devices.parsing.units import duration_s, first_speed, mac_address, whole_number
from neops.devices.results import ArpEntry, Facts, InterfaceDetails, Route

NEIGHBORS = "show lldp neighbors detail"
IPV4 = "show ipv4 vrf all interface"
IPV6 = "show ipv6 vrf all interface"
BGP = ("show bgp all all summary", "show bgp vrf all summary")
ROUTES = "show route"


def facts(answers: Answers) -> Facts:
    version = answers.row("show version")
    chassis = next(iter(answers.rows("show inventory")), {"pid": version["hardware"], "sn": ""})
    return Facts(
        hostname=answers.find("show running-config hostname", r"^hostname (\S+)"),
        vendor="Cisco",
        model=chassis["pid"] or version["hardware"],
        serial_number=chassis["sn"],
        os_version=version["version"].partition(" ")[0].partition("[")[0],  # "7.9.2 LNT", "6.2.2[Default]"
        uptime=duration_s(version["uptime"]),
        interface_list=tuple(row["interface"] for row in answers.rows("show interfaces")),
    )


def interfaces(answers: Answers) -> Interfaces:
    return {
        row["interface"]: InterfaceDetails(
            is_up=row["link_status"] == "up" and row["admin_state"] == "up",
            is_enabled="administratively" not in row["link_status"],
            description=row["description"],
            mac_address=mac_address(row["mac_address"] or row["bia"]),
            mtu=whole_number(row["mtu"]),
            speed=first_speed(row["speed"], row["bandwidth"]),
        )
        for row in answers.rows("show interfaces")
    }


def neighbors(answers: Answers) -> Neighbors:
    return by_interface(lldp.details(answers, NEIGHBORS, first="local interface", local="local interface"))


def interface_addresses(answers: Answers) -> Addresses:
    return addresses.by_interface([*_ipv4(answers), *addresses.ipv6_of(answers, IPV6)])


def _ipv4(answers: Answers) -> Iterator[tuple[str, str]]:
    for row in answers.rows(IPV4):
        secondary = zip(row["sec_ip_address"], row["sec_prefix_length"], strict=True)
        for address, length in ((row["ip_address"], row["prefix_length"]), *secondary):
            if address:
                yield row["interface"], f"{address}/{length}" if length else address


def arp(vrf: str) -> Read[Arp]:
    command = in_vrf("show arp", vrf)

    def parse(answers: Answers) -> Arp:
        """The device's own addresses have no age; nobody has answered for an incomplete one."""
        return [
            ArpEntry(
                interface=row["interface"],
                mac=mac_address(row["mac_address"]),
                ip=row["ip_address"],
                age=duration_s(row["age"]),
            )
            for row in answers.rows(command)
            if row["state"] != "Incomplete"
        ]

    return Read(commands=(command,), parse=parse)


def bgp_neighbors(answers: Answers) -> Bgp:
    return bgp.summaries(answers, *BGP)


def routes(query: RouteQuery) -> Read[Routes]:
    """IPv4 routes of the default VRF."""
    return routing.ipv4_table(ROUTES, query, _route)


def _route(row: Row) -> Route:
    letter = row["protocol"][:1]
    return Route(
        protocol=routing.PROTOCOLS.get(letter, row["protocol"].lower().partition(" ")[0]),
        current_active=True,
        age=duration_s(row["uptime"]),
        next_hop="" if row["next_hop"] == "connected" else row["next_hop"],
        outgoing_interface=row["interface"],
        selected_next_hop=True,
        preference=0 if letter in "CL" else whole_number(row["distance"]),
        protocol_attributes={"metric": int(row["metric"])} if row["metric"] else {},
    )


READS = PlatformReads(
    facts=Read(
        commands=("show version", "show inventory", "show running-config hostname", "show interfaces"), parse=facts
    ),
    interfaces=Read(commands=("show interfaces",), parse=interfaces),
    addresses=Read(commands=(IPV4, IPV6), parse=interface_addresses),
    arp=arp,
    bgp=Read(commands=BGP, parse=bgp_neighbors),
    routes=routes,
    neighbors=Read(commands=(NEIGHBORS,), parse=neighbors),
    # XR keeps its configuration in the commit database: there is no startup configuration to read.
    config=ConfigRead(
        commands={"running": ("show running-config",)},
        volatile=(
            r"^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} +\d+ \d\d:\d\d:\d\d.*",  # of the reading
            r"^Building configuration\.\.\..*",
            r"^!! Last configuration change at .*",
        ),
    ),
)
