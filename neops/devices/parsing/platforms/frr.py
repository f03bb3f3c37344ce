"""FRRouting's vtysh. Output formats: lib/if.c and vtysh/vtysh.c of FRR 8.4 to 10. It has no LLDP."""

from __future__ import annotations

import re

from neops.devices.parsing import addresses
from neops.devices.parsing.reads import Addresses, Answers, ConfigRead, Interfaces, PlatformReads, Read
from neops.devices.parsing.units import mac_address, whole_number
from neops.devices.results import Facts, InterfaceDetails

_START = re.compile(
    r"^Interface (?P<name>\S+) is (?P<admin>\w+)(?:, line protocol is (?P<protocol>\w+))?", re.MULTILINE
)

UNKNOWN_SPEED = 4_294_967_295
"""What the kernel's -1 becomes (struct interface has an unsigned speed)."""


def facts(answers: Answers) -> Facts:
    """FRR knows neither a serial number nor how long the host has been up; `model` is the kernel it runs on."""
    return Facts(
        hostname=answers.find("show version", r"^FRRouting \S+ \((\S+)\)"),
        vendor="FRRouting",
        model=answers.find("show version", r"^FRRouting \S+ \(\S+\) on ([^\s.]\S*?)\.?$", ""),
        serial_number="",
        os_version=answers.find("show version", r"^FRRouting (\S+)"),
        interface_list=tuple(interfaces(answers)),
    )


def interfaces(answers: Answers) -> Interfaces:
    return {start["name"]: _interface(start, body) for start, body in answers.sections("show interface", _START)}


def interface_addresses(answers: Answers) -> Addresses:
    return addresses.by_interface(
        (start["name"], line[1])
        for start, body in answers.sections("show interface", _START)
        for line in re.finditer(r"^  inet6? (\S+/\d+)", body, re.MULTILINE)
    )


def _interface(start: re.Match[str], body: str) -> InterfaceDetails:
    speed = whole_number(_first(r"\bspeed (\d+)", body))
    return InterfaceDetails(
        is_up=start["admin"] == "up" and start["protocol"] == "up",
        is_enabled=start["admin"] == "up",
        description=_first(r"^  Description: (.*)$", body),
        mac_address=mac_address(_first(r"^  HWaddr: (\S+)", body)),
        mtu=whole_number(_first(r"\bmtu (\d+)", body)),
        speed=float(speed) if 0 < speed < UNKNOWN_SPEED else -1.0,
    )


def _first(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1].strip() if match else ""


READS = PlatformReads(
    facts=Read(commands=("show version", "show interface"), parse=facts),
    interfaces=Read(commands=("show interface",), parse=interfaces),
    addresses=Read(commands=("show interface",), parse=interface_addresses),
    config=ConfigRead(
        commands={"running": ("show running-config",), "startup": ("show startup-config",)},
        volatile=(r"^Building configuration\.\.\..*", r"^Current configuration:.*"),
    ),
)
