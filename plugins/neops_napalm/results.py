"""NAPALM's dictionaries (napalm.base.models, 5.x) as our results."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from neops.devices import Configs, Facts, InterfaceDetails, LldpNeighbor
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


def configs(platform: str, found: Mapping[str, str]) -> Configs:
    """Without the lines that change at every reading: NAPALM leaves some of them in."""
    read = reads_of(platform).config
    return Configs(**{name: read.clean(text) if read else text for name, text in found.items() if name in _NAMES})


_NAMES = frozenset(Configs.model_fields)
