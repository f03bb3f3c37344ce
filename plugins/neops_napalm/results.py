"""NAPALM's dictionaries (napalm.base.models, 5.x) as our results."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from napalm.base.helpers import canonical_interface_name

from neops.devices import (
    AddressDetails,
    ArpEntry,
    BgpInstance,
    BgpPeer,
    BgpPrefixes,
    Configs,
    Facts,
    InterfaceAddresses,
    InterfaceDetails,
    LldpNeighbor,
    MacEntry,
    Vlan,
)
from neops.devices.parsing import reads_of
from neops.devices.parsing.units import mac_address

EPOCH_FROM_S = 1e9
"""Above this (31 years) `last_flapped` is a time of day: eos and nxos give one, the other drivers seconds ago."""


def facts(found: Mapping[str, Any]) -> Facts:
    """A serial number may be a list on stacks (nxos): the first member's stands for all.

    The ios driver gives the whole line `…Software (CAT9K_IOSXE), Version 17.9.4a, RELEASE SOFTWARE (fc3)` as
    os_version; the other plugins give the version in it, and so does this one.
    """
    serial = found["serial_number"]
    return Facts(
        hostname=found["hostname"],
        fqdn=found["fqdn"] if found["fqdn"] not in ("Unknown", "N/A") else "",
        vendor=found["vendor"],
        model=found["model"],
        serial_number=serial if isinstance(serial, str) else next(iter(serial or []), ""),
        os_version=_version(found["os_version"]),
        uptime=float(found["uptime"]),
        interface_list=tuple(found["interface_list"]),
    )


def _version(text: str) -> str:
    match = re.search(r"\bVersion ([^\s,]+),", text)
    return match[1] if match else text


def interfaces(
    found: Mapping[str, Mapping[str, Any]], now: Callable[[], float] = time.time
) -> Mapping[str, InterfaceDetails]:
    """`last_flapped` becomes seconds ago; `now` is the time of day that an absolute one counts from."""
    return {
        name: InterfaceDetails(
            is_up=one["is_up"],
            is_enabled=one["is_enabled"],
            description=one["description"] if one["description"] != "N/A" else "",
            mac_address=mac_address(one["mac_address"] or ""),
            mtu=int(one["mtu"] or -1),
            speed=float(one["speed"]),
            last_flapped=_seconds_ago(float(one["last_flapped"]), now),
        )
        for name, one in found.items()
    }


def _seconds_ago(value: float, now: Callable[[], float]) -> float:
    return max(0.0, now() - value) if value > EPOCH_FROM_S else value


def neighbors(found: Mapping[str, Sequence[Mapping[str, str]]]) -> Mapping[str, Sequence[LldpNeighbor]]:
    return {
        interface: [LldpNeighbor(hostname=one["hostname"], port=one["port"]) for one in seen]
        for interface, seen in found.items()
        if seen
    }


def addresses(found: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Mapping[str, InterfaceAddresses]:
    """A length that the device does not tell is `N/A`."""
    return {
        name: InterfaceAddresses(ipv4=_addresses(one.get("ipv4", {})), ipv6=_addresses(one.get("ipv6", {})))
        for name, one in found.items()
        if one.get("ipv4") or one.get("ipv6")
    }


def _addresses(found: Mapping[str, Mapping[str, Any]]) -> dict[str, AddressDetails]:
    lengths = {address: one.get("prefix_length") for address, one in found.items()}
    return {
        address.lower(): AddressDetails(prefix_length=length if isinstance(length, int) else -1)
        for address, length in lengths.items()
    }


def arp_table(driver: str, found: Sequence[Mapping[str, Any]]) -> Sequence[ArpEntry]:
    """The ios driver gives the age as IOS prints it, in minutes, the others in seconds."""
    second = 60.0 if driver == "ios" else 1.0
    return [
        ArpEntry(
            interface=one["interface"].partition(",")[0],  # eos adds the port behind a VLAN's
            mac=mac_address(one["mac"]),
            ip=one["ip"],
            age=float(one["age"]) * second if one["age"] >= 0 else -1.0,
        )
        for one in found
    ]


def mac_table(found: Sequence[Mapping[str, Any]], now: Callable[[], float] = time.time) -> Sequence[MacEntry]:
    """What a driver does not know of moves is None, 0 or -1; ios gives interfaces the short names of the table."""
    return [
        MacEntry(
            mac=mac_address(one["mac"]),
            interface=canonical_interface_name(one["interface"]),
            vlan=max(0, int(one["vlan"] or 0)),
            static=one["static"],
            active=one["active"],
            moves=-1 if one["moves"] is None else int(one["moves"]),
            last_move=_seconds_ago(float(one["last_move"]), now) if one["last_move"] else -1.0,
        )
        for one in found
    ]


def vlans(found: Mapping[Any, Mapping[str, Any]]) -> Mapping[str, Vlan]:
    return {str(number): Vlan(name=one["name"], interfaces=tuple(one["interfaces"])) for number, one in found.items()}


def bgp_neighbors(found: Mapping[str, Mapping[str, Any]]) -> Mapping[str, BgpInstance]:
    return {
        vrf: BgpInstance(
            router_id=one["router_id"], peers={address: _peer(peer) for address, peer in one["peers"].items()}
        )
        for vrf, one in found.items()
    }


def _peer(one: Mapping[str, Any]) -> BgpPeer:
    return BgpPeer(
        local_as=one["local_as"],
        remote_as=one["remote_as"],
        remote_id=one["remote_id"] if one["remote_id"] != "0.0.0.0" else "",  # noqa: S104  # a driver's word for unknown
        is_up=one["is_up"],
        is_enabled=one["is_enabled"],
        description=one["description"],
        uptime=float(one["uptime"]) if one["is_up"] else -1.0,
        address_family={family: BgpPrefixes(**prefixes) for family, prefixes in one["address_family"].items()},
    )


def configs(platform: str, found: Mapping[str, str]) -> Configs:
    """Without the lines that change at every reading: NAPALM leaves some of them in."""
    read = reads_of(platform).config
    return Configs(**{name: read.clean(text) if read else text for name, text in found.items() if name in _NAMES})


_NAMES = frozenset(Configs.model_fields)
