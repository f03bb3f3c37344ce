"""Cisco IOS and IOS XE, by ntc-templates. Output formats: Cisco IOS Configuration Fundamentals Command Reference."""

from __future__ import annotations

from collections.abc import Iterator

from neops.devices.parsing import addresses, bgp, routing
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

SHORT = "show lldp neighbors"
DETAIL = "show lldp neighbors detail"
IPV4 = "show ip interface"
IPV6 = "show ipv6 interface"
MACS = "show mac address-table"
VLANS = "show vlan brief"
BGP = "show bgp all summary"
ROUTES = "show ip route"
PREFIXES = {
    "Ap": "AppGigabitEthernet",
    "Et": "Ethernet",
    "Fa": "FastEthernet",
    "Fi": "FiveGigabitEthernet",
    "Fo": "FortyGigabitEthernet",
    "Fou": "FourHundredGigE",
    "Gi": "GigabitEthernet",
    "Hu": "HundredGigE",
    "Po": "Port-channel",
    "Te": "TenGigabitEthernet",
    "Tw": "TwoGigabitEthernet",
    "Twe": "TwentyFiveGigE",
    "Vl": "Vlan",
}
"""Interfaces that tables name shortly, as Catalyst IOS XE 17 abbreviates them."""


def facts(answers: Answers) -> Facts:
    version = answers.row("show version")
    return Facts(
        hostname=version["hostname"],
        vendor="Cisco",
        model=next(iter(version["hardware"]), ""),
        serial_number=next(iter(version["serial"]), ""),
        os_version=version["version"],
        uptime=duration_s(version["uptime"]),
        interface_list=tuple(row["interface"] for row in answers.rows("show ip interface brief")),
    )


def interfaces(answers: Answers) -> Interfaces:
    return {
        row["interface"]: InterfaceDetails(
            is_up=row["link_status"] == "up" and row["protocol_status"].startswith("up"),
            is_enabled=not row["link_status"].startswith("admin"),
            description=row["description"],
            mac_address=mac_address(row["mac_address"] or row["bia"]),
            mtu=whole_number(row["mtu"]),
            speed=first_speed(row["speed"], row["bandwidth"]),
        )
        for row in answers.rows("show interfaces")
    }


def neighbors(answers: Answers) -> Neighbors:
    """From the detailed table; before 15.2 it lacks the local interface, and the short one has it, row by row."""
    rows = answers.rows(DETAIL)
    places = [row["local_interface"] for row in rows]
    if not all(places):
        places = [row["local_interface"] for row in answers.rows(SHORT)]
    if len(places) != len(rows):
        raise ParseFailed(answers.device, DETAIL, f"{len(rows)} neighbours, but {len(places)} in {SHORT!r}")
    return by_interface(
        (
            long_name(place, PREFIXES),
            row["neighbor_name"] or row["chassis_id"],
            row["neighbor_port_id"] or row["neighbor_interface"],
        )
        for place, row in zip(places, rows, strict=True)
    )


def interface_addresses(answers: Answers) -> Addresses:
    return addresses.by_interface([*_ipv4(answers), *addresses.ipv6_of(answers, IPV6)])


def _ipv4(answers: Answers) -> Iterator[tuple[str, str]]:
    """An address negotiated by PPP has no length; `unassigned` interfaces have no address."""
    for row in answers.rows(IPV4):
        for address, length in zip(row["ip_address"], row["prefix_length"], strict=True):
            yield row["interface"], f"{address}/{length}" if length else address


def arp(vrf: str) -> Read[Arp]:
    command = in_vrf("show ip arp", vrf)

    def parse(answers: Answers) -> Arp:
        """Resolved ones; the age is in whole minutes, and `-` for the device's own addresses."""
        return [
            ArpEntry(
                interface=row["interface"],
                mac=mac_address(row["mac_address"]),
                ip=row["ip_address"],
                age=60.0 * int(row["age"]) if row["age"].isdecimal() else -1.0,
            )
            for row in answers.rows(command)
            if mac_address(row["mac_address"])
        ]

    return Read(commands=(command,), parse=parse)


def macs(answers: Answers) -> Macs:
    return [
        MacEntry(
            mac=mac_address(row["destination_address"]),
            interface=long_name(port, PREFIXES),
            vlan=vlan_number(row["vlan_id"]),
            static=row["type"].lower() != "dynamic",
        )
        for row in answers.rows(MACS)
        for port in row["destination_port"]
    ]


def vlans(answers: Answers) -> Vlans:
    """Ports are those that have the VLAN as their access VLAN: trunks are not in the table."""
    return vlans_of(answers.rows(VLANS), PREFIXES)


def bgp_neighbors(answers: Answers) -> Bgp:
    return bgp.summaries(answers, BGP)


def routes(query: RouteQuery) -> Read[Routes]:
    """IPv4 routes of the default VRF."""
    return routing.ipv4_table(ROUTES, query, _route, heading="^Default gateway is ")  # a switch that does not route


def _route(row: Row) -> Route:
    return Route(
        protocol=routing.PROTOCOLS.get(row["protocol"], row["protocol"].lower()),
        current_active=True,
        age=duration_s(row["uptime"]),
        next_hop=row["nexthop_ip"],
        outgoing_interface=row["nexthop_if"],
        selected_next_hop=True,
        preference=0 if row["protocol"] in "CL" else whole_number(row["distance"]),
        protocol_attributes={"metric": int(row["metric"])} if row["metric"] else {},
    )


READS = PlatformReads(
    facts=Read(commands=("show version", "show ip interface brief"), parse=facts),
    interfaces=Read(commands=("show interfaces",), parse=interfaces),
    addresses=Read(commands=(IPV4, IPV6), parse=interface_addresses, optional=(IPV6,)),  # a switch may know no IPv6
    neighbors=Read(commands=(DETAIL, SHORT), parse=neighbors),
    arp=arp,
    macs=Read(commands=(MACS,), parse=macs),
    vlans=Read(commands=(VLANS,), parse=vlans),
    bgp=Read(commands=(BGP,), parse=bgp_neighbors),
    routes=routes,
    config=ConfigRead(
        commands={"running": ("show running-config",), "startup": ("show startup-config",)},
        volatile=(
            r"^Building configuration\.\.\..*",  # while the text is generated
            r"^Current configuration : .*",  # its size
            r"^Using \d+ out of \d+ bytes.*",  # show startup-config
            r"^! Last configuration change at .*",
            r"^! NVRAM config last updated at .*",
            r"^! No configuration change since last restart.*",
            r"^ntp clock-period .*",  # measured anew all the time; gone since 15.0, and NAPALM's ios driver drops it
        ),
    ),
)
