"""Interfaces and neighbours under the names that the platform's own interface list has; VRFs in commands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from neops.devices.parsing.textfsm import Row
from neops.devices.results import LldpNeighbor, Vlan


def long_name(text: str, prefixes: Mapping[str, str]) -> str:
    """The interface's whole name, its short prefix replaced: `Gi1/0/2` → `GigabitEthernet1/0/2`; else as it is."""
    match = re.fullmatch(r"([A-Za-z-]+)\s*(\d.*)", text)
    return f"{prefixes[match[1]]}{match[2]}" if match and match[1] in prefixes else text


def in_vrf(command: str, vrf: str, word: str = "vrf") -> str:
    """`show ip arp` → `show ip arp vrf blue`; the command as it is without a VRF.

    Raises:
        ValueError: `vrf` is not one word of letters, digits and `_.:-`.
    """
    return f"{command} {word} {one_word(vrf)}" if vrf else command


def one_word(vrf: str) -> str:
    """The name itself, which is safe in a command.

    Raises:
        ValueError: it is not one word of letters, digits and `_.:-`.
    """
    if not re.fullmatch(r"\w[\w.:-]*", vrf):
        raise ValueError(f"{vrf!r} is not the name of a VRF")
    return vrf


def vlans_of(rows: Iterable[Row], prefixes: Mapping[str, str]) -> Mapping[str, Vlan]:
    """VLANs out of the rows of `show vlan`, whose ports have short names."""
    return {
        row["vlan_id"]: Vlan(
            name=row["vlan_name"], interfaces=tuple(long_name(port, prefixes) for port in row["interfaces"])
        )
        for row in rows
    }


def by_interface(seen: Iterable[tuple[str, str, str]]) -> Mapping[str, Sequence[LldpNeighbor]]:
    """Neighbours by local interface, from (local interface, host name, port) in the device's order."""
    found: dict[str, list[LldpNeighbor]] = {}
    for interface, hostname, port in seen:
        found.setdefault(interface, []).append(LldpNeighbor(hostname=hostname, port=port))
    return found
