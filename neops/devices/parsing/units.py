"""Readings of what devices print, in our units: MAC addresses, durations in seconds, speeds in Mbit/s."""

from __future__ import annotations

import re

_HEX = re.compile(r"[0-9a-fA-F]")

_SECONDS = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
"""A year counts 365 days, as IOS counts it in `show version`."""

_PART = re.compile(
    r"(?P<number>\d+)\s*(?P<unit>y(?:ears?)?|w(?:eeks?)?|d(?:ays?|ay\(s\))?|h(?:ours?|our\(s\)|rs?)?|"
    r"m(?:inutes?|inute\(s\)|ins?)?|s(?:econds?|econd\(s\)|ecs?)?)(?![a-z])",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\b(?P<h>\d+):(?P<m>\d{2})(?::(?P<s>\d{2}))?\b")
_SPEED = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<prefix>[kmgt])?b?", re.IGNORECASE)
_MEGABITS = {"": 1e-6, "k": 1e-3, "m": 1.0, "g": 1e3, "t": 1e6}


def mac_address(text: str) -> str:
    """NAPALM's form `AA:BB:CC:DD:EE:FF` of a MAC address in any vendor's; empty when there is none."""
    digits = "".join(_HEX.findall(text)).upper()
    if len(digits) != 12:
        return ""
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))


def duration_s(text: str) -> float:
    """Seconds in `2 years, 31 weeks`, `5 day(s), 1 hour(s)`, `1w2d 03:04` or `00:01:11`; -1.0 when there are none."""
    parts = list(_PART.finditer(text))
    seconds = sum(int(part["number"]) * _SECONDS[part["unit"][0].lower()] for part in parts)
    clock = _CLOCK.search(text)
    if clock is not None:
        seconds += int(clock["h"]) * 3_600 + int(clock["m"]) * 60 + int(clock["s"] or 0)
    return float(seconds) if parts or clock else -1.0


def speed_mbps(text: str) -> float:
    """Mbit/s in `1000000 Kbit`, `1000Mb/s`, `10 Gb/s`, `25G`, `1000mbps`; -1.0 for `auto`, `unknown` and nothing."""
    match = _SPEED.search(text)
    if match is None:
        return -1.0
    return float(match["number"]) * _MEGABITS[(match["prefix"] or "").lower()]


def first_speed(*texts: str) -> float:
    """Mbit/s of the first text that tells one above 0: what was negotiated, else BW, which virtual interfaces have."""
    return next((speed for speed in map(speed_mbps, texts) if speed > 0), -1.0)


def whole_number(text: str) -> int:
    """The number at the start of a text such as `1514` or `9232 bytes`; -1 for `Unlimited` and nothing."""
    match = re.match(r"\s*(\d+)", text)
    return int(match[1]) if match else -1


def vlan_number(text: str) -> int:
    """The VLAN in `10` or `10/-`; 0 for `All`, `N/A` and nothing."""
    return max(0, whole_number(text))
