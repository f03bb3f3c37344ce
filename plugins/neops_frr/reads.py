"""vtysh's JSON as results. Keys: FRR 8.4 to 10, bgpd/bgp_vty.c, zebra/interface.c, zebra/zebra_vty.c."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from neops.devices import BgpInstance, BgpPeer, BgpPrefixes, Facts, InterfaceAddresses, InterfaceDetails, Route
from neops.devices.parsing import Answers, Read
from neops.devices.parsing.addresses import by_interface
from neops.devices.parsing.units import duration_s, mac_address
from neops.errors import ParseFailed

JsonObject = Mapping[str, Any]

UNKNOWN_SPEED = 4_294_967_295
"""What the kernel's -1 becomes (struct interface of lib/if.h has an unsigned speed)."""


def facts(answers: Answers) -> Facts:
    """FRR knows no serial number; `model` is the kernel that it runs on."""
    return Facts(
        hostname=answers.find("show version", r"^FRRouting \S+ \((\S+)\)"),
        vendor="FRRouting",
        model=answers.find("show version", r"^FRRouting \S+ \(\S+\) on ([^\s.]\S*?)\.?$", ""),
        serial_number="",
        os_version=answers.find("show version", r"^FRRouting (\S+)"),
        interface_list=tuple(_object(answers, SHOW_INTERFACES)),
    )


def interfaces(answers: Answers) -> Mapping[str, InterfaceDetails]:
    """A loopback has no speed; an interface that is configured and not there has no more than a name."""
    with _expecting(answers.device, SHOW_INTERFACES):
        return {name: _interface(one) for name, one in _object(answers, SHOW_INTERFACES).items()}


def _interface(one: JsonObject) -> InterfaceDetails:
    enabled, speed = one["administrativeStatus"] == "up", one.get("speed", 0)
    return InterfaceDetails(
        is_up=enabled and one.get("operationalStatus") == "up",
        is_enabled=enabled,
        description=one.get("description", ""),
        mac_address=mac_address(one.get("hardwareAddress", "")),
        mtu=one.get("mtu", -1),
        speed=float(speed) if 0 < speed < UNKNOWN_SPEED else -1.0,
    )


def addresses(answers: Answers) -> Mapping[str, InterfaceAddresses]:
    with _expecting(answers.device, SHOW_INTERFACES):
        return by_interface(
            (name, address["address"])
            for name, one in _object(answers, SHOW_INTERFACES).items()
            for address in one.get("ipAddresses", ())
        )


def bgp_neighbors(answers: Answers) -> Mapping[str, BgpInstance]:
    """BGP by VRF. `router_id` is empty in a VRF without a neighbour, `remote_as` 0 for one that is not heard yet.

    FRR counts prefixes after its policy: those received before it are not known.
    """
    with _expecting(answers.device, SHOW_BGP):
        return {
            "global" if name == "default" else name: BgpInstance(
                router_id=next((peer["localRouterId"] for peer in _peers(vrf).values()), ""),
                peers={address: _peer(peer) for address, peer in _peers(vrf).items()},
            )
            for name, vrf in _object(answers, SHOW_BGP).items()
        }


def _peers(vrf: JsonObject) -> Mapping[str, JsonObject]:
    """By address, or by interface where BGP is unnumbered; `vrfId` and `vrfName` stand beside them."""
    return {name: value for name, value in vrf.items() if isinstance(value, dict)}


def _peer(peer: JsonObject) -> BgpPeer:
    up = peer["bgpState"] == "Established"
    remote_id = peer.get("remoteRouterId", "")
    return BgpPeer(
        local_as=peer["localAs"],
        remote_as=peer["remoteAs"],
        remote_id="" if remote_id == "0.0.0.0" else remote_id,  # noqa: S104  # FRR's word for unknown
        is_up=up,
        is_enabled=not peer.get("adminShutDown", False),
        description=peer.get("nbrDesc", ""),
        uptime=peer["bgpTimerUpMsec"] / 1000 if up else -1.0,
        address_family={_family(name): _prefixes(one) for name, one in peer.get("addressFamilyInfo", {}).items()},
    )


def _family(name: str) -> str:
    """NAPALM's name of an address family: ipv4Unicast → ipv4, ipv4Vpn → vpnv4; others keep FRR's."""
    match = re.fullmatch(r"(ipv[46])(Unicast|Vpn)", name)
    if match is None:
        return name
    return match[1] if match[2] == "Unicast" else f"vpn{match[1][2:]}"


def _prefixes(one: JsonObject) -> BgpPrefixes:
    return BgpPrefixes(
        accepted_prefixes=one.get("acceptedPrefixCounter", -1), sent_prefixes=one.get("sentPrefixCounter", -1)
    )


def route_commands(destination: str, protocol: str, longer: bool) -> tuple[str, ...]:
    """What to ask for the routes to a destination; the whole table is that of both families.

    Raises:
        ValueError: the destination is neither an address nor a prefix, or the protocol is not one word.
    """
    if protocol and not re.fullmatch(r"[a-z][a-z0-9-]*", protocol):
        raise ValueError(f"{protocol!r} is not the name of a routing protocol")
    if not destination:
        words = f"{protocol} json" if protocol else "json"
        return (f"show ip route {words}", f"show ipv6 route {words}")
    prefix = ipaddress.ip_network(destination, strict=False)
    family = "ip" if prefix.version == 4 else "ipv6"
    if longer:
        return (f"show {family} route {prefix} longer-prefixes json",)
    return (f"show {family} route {prefix if '/' in destination else prefix.network_address} json",)


def routes(answers: Answers, protocol: str) -> Mapping[str, Sequence[Route]]:
    """Routes by prefix, one for each next hop; prefixes that have none of the protocol are left out."""
    with _expecting(answers.device, ", ".join(answers.outputs)):
        found = {
            prefix: [route for one in ways if protocol in ("", one["protocol"]) for route in _routes(one)]
            for command in answers.outputs
            for prefix, ways in _object(answers, command).items()
        }
    return {prefix: ways for prefix, ways in found.items() if ways}


def _routes(one: JsonObject) -> Iterator[Route]:
    for hop in one.get("nexthops", ()):
        yield Route(
            protocol=one["protocol"],
            current_active=one.get("selected", False) and hop.get("fib", False),
            age=duration_s(one.get("uptime", "")),
            next_hop=hop.get("ip", ""),
            outgoing_interface=hop.get("interfaceName", ""),
            selected_next_hop=hop.get("active", False),
            preference=one.get("distance", -1),
            routing_table=one.get("vrfName", "default"),
            protocol_attributes={"metric": one["metric"]} if "metric" in one else {},
        )


@contextmanager
def _expecting(device: str, command: str) -> Iterator[None]:
    """JSON with other keys than FRR's is output that does not match."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        raise ParseFailed(device, command, f"the JSON is not as FRR 8.4 to 10 write it: {error!r}") from error


def _object(answers: Answers, command: str) -> JsonObject:
    document = answers.json(command)
    if not isinstance(document, dict):
        raise ParseFailed(answers.device, command, "the output is not a JSON object")
    return document


SHOW_INTERFACES = "show interface vrf all json"
SHOW_BGP = "show bgp vrf all neighbors json"

FACTS = Read(commands=("show version", SHOW_INTERFACES), parse=facts)
INTERFACES = Read(commands=(SHOW_INTERFACES,), parse=interfaces)
ADDRESSES = Read(commands=(SHOW_INTERFACES,), parse=addresses)
BGP_NEIGHBORS = Read(commands=(SHOW_BGP,), parse=bgp_neighbors)
