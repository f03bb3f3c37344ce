"""Nokia SR Linux: its state as JSON, which it prints itself. Names: SR Linux YANG models, release 23.10."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from neops.devices.parsing import addresses
from neops.devices.parsing.names import by_interface, one_word
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
)
from neops.devices.parsing.units import mac_address, speed_mbps
from neops.devices.results import ArpEntry, BgpInstance, BgpPeer, BgpPrefixes, Facts, InterfaceDetails, MacEntry

VERSION = "show version"
INFORMATION = "info from state system information | as json"
INTERFACES = "info from state interface * | as json"
SUBINTERFACES = "info from state interface * subinterface * | as json"
MACS = "info from state network-instance * bridge-table mac-table mac * | as json"
BGP = "info from state network-instance * protocols bgp | as json"
NEIGHBORS = "info from state system lldp interface * neighbor * | as json"


def _json(answers: Answers, command: str) -> Any:
    """What `info … | as json` prints, which may be nothing where there is nothing."""
    return answers.json(command) if answers.text(command).strip() else {}


def facts(answers: Answers) -> Facts:
    information = answers.json(INFORMATION).get("system", {}).get("information", {})
    return Facts(
        hostname=answers.find(VERSION, r"^Hostname\s*: (.*)$"),
        vendor="Nokia",
        model=answers.find(VERSION, r"^Chassis Type\s*: (.*)$"),
        serial_number=answers.find(VERSION, r"^Serial Number\s*: (.*)$", ""),
        os_version=answers.find(VERSION, r"^Software Version\s*: (.*)$"),
        uptime=_seconds_between(information.get("last-booted"), information.get("current-datetime")),
        interface_list=tuple(interface["name"] for interface in _interfaces(answers)),
    )


def interfaces(answers: Answers) -> Interfaces:
    return {
        interface["name"]: InterfaceDetails(
            is_up=interface.get("oper-state") == "up",
            is_enabled=interface.get("admin-state") == "enable",
            description=interface.get("description", ""),
            mac_address=mac_address(interface.get("ethernet", {}).get("hw-mac-address", "")),
            mtu=int(interface.get("mtu", -1)),
            speed=speed_mbps(interface.get("ethernet", {}).get("port-speed", "")),
        )
        for interface in _interfaces(answers)
    }


def _interfaces(answers: Answers) -> list[dict[str, Any]]:
    return list(answers.json(INTERFACES).get("interface", []))


def neighbors(answers: Answers) -> Neighbors:
    lldp = _json(answers, NEIGHBORS).get("system", {}).get("lldp", {})
    return by_interface(
        (
            interface["name"],
            neighbor.get("system-name") or neighbor.get("chassis-id", ""),
            neighbor.get("port-id", ""),
        )
        for interface in lldp.get("interface", [])
        for neighbor in interface.get("neighbor", [])
    )


def interface_addresses(answers: Answers) -> Addresses:
    """Of subinterfaces (`ethernet-1/1.0`), where SR Linux has them."""
    return addresses.by_interface(
        (name, address["ip-prefix"])
        for name, subinterface in _subinterfaces(answers)
        for family in ("ipv4", "ipv6")
        for address in subinterface.get(family, {}).get("address", ())
    )


def _subinterfaces(answers: Answers) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for interface in _json(answers, SUBINTERFACES).get("interface", ()):
        for subinterface in interface.get("subinterface", ()):
            yield f"{interface['name']}.{subinterface['index']}", subinterface


def arp(vrf: str) -> Read[Arp]:
    """Of one network instance its interfaces' entries, for which its interfaces are asked too."""
    members = f"info from state network-instance {one_word(vrf)} interface * | as json" if vrf else ""

    def parse(answers: Answers) -> Arp:
        within = _members(answers, members) if members else None
        return [
            ArpEntry(interface=name, mac=mac_address(entry["link-layer-address"]), ip=entry["ipv4-address"])
            for name, subinterface in _subinterfaces(answers)
            if within is None or name in within
            for entry in subinterface.get("ipv4", {}).get("arp", {}).get("neighbor", ())
        ]

    return Read(commands=(SUBINTERFACES, members) if members else (SUBINTERFACES,), parse=parse)


def _members(answers: Answers, command: str) -> frozenset[str]:
    instances = _json(answers, command).get("network-instance", ())
    return frozenset(one["name"] for instance in instances for one in instance.get("interface", ()))


def macs(answers: Answers) -> Macs:
    """Of all bridges: they are network instances and know no VLAN."""
    return [
        MacEntry(
            mac=mac_address(entry["address"]),
            interface=entry["destination"],
            vlan=0,
            static=entry["type"] != "learnt",
            active=not entry.get("not-programmed-reason"),
        )
        for instance in _json(answers, MACS).get("network-instance", ())
        for entry in instance.get("bridge-table", {}).get("mac-table", {}).get("mac", ())
    ]


def bgp_neighbors(answers: Answers) -> Bgp:
    now = answers.json(INFORMATION)["system"]["information"].get("current-datetime")
    found = {
        instance["name"]: instance["protocols"]["bgp"]
        for instance in _json(answers, BGP).get("network-instance", ())
        if instance.get("protocols", {}).get("bgp")
    }
    return {
        "global" if name == "default" else name: BgpInstance(
            router_id=bgp.get("router-id", ""),
            peers={one["peer-address"]: _peer(one, bgp["autonomous-system"], now) for one in bgp.get("neighbor", ())},
        )
        for name, bgp in found.items()
    }


def _peer(one: Mapping[str, Any], own_as: int, now: str | None) -> BgpPeer:
    up = one.get("session-state") == "established"
    local = one.get("local-as") or {}
    return BgpPeer(
        local_as=local.get("as-number", own_as),
        remote_as=one["peer-as"],
        remote_id=one.get("peer-router-id", ""),
        is_up=up,
        is_enabled=one.get("admin-state", "enable") == "enable",
        description=one.get("description", ""),
        uptime=_seconds_between(one.get("last-established"), now) if up else -1.0,
        address_family={
            family["afi-safi-name"].rpartition(":")[2].removesuffix("-unicast"): BgpPrefixes(
                received_prefixes=family.get("received-routes", -1),
                accepted_prefixes=family.get("active-routes", -1),
                sent_prefixes=family.get("sent-routes", -1),
            )
            for family in one.get("afi-safi", ())
        },
    )


def _seconds_between(start: str | None, end: str | None) -> float:
    """Both are the device's own RFC 3339 times; -1.0 when one is missing."""
    if not start or not end:
        return -1.0
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


READS = PlatformReads(
    facts=Read(commands=(VERSION, INFORMATION, INTERFACES), parse=facts),
    interfaces=Read(commands=(INTERFACES,), parse=interfaces),
    addresses=Read(commands=(SUBINTERFACES,), parse=interface_addresses),
    arp=arp,
    macs=Read(commands=(MACS,), parse=macs),
    bgp=Read(commands=(INFORMATION, BGP), parse=bgp_neighbors),
    neighbors=Read(commands=(NEIGHBORS,), parse=neighbors),
    config=ConfigRead(commands={"running": ("info from running",)}),
)
