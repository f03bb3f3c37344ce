"""Juniper Junos. Output formats: Junos OS CLI Reference, 13.3 to 23.4.

ntc-templates reads versions and neighbours; its interface template knows neither speed nor MAC address, so that text
is read here.
"""

from __future__ import annotations

import re

from neops.devices.parsing.names import by_interface
from neops.devices.parsing.reads import Answers, ConfigRead, Interfaces, Neighbors, PlatformReads, Read
from neops.devices.parsing.units import duration_s, mac_address, speed_mbps, whole_number
from neops.devices.results import Facts, InterfaceDetails
from neops.errors import ParseFailed

_PHYSICAL = re.compile(
    r"^Physical interface: (?P<name>[^\s,]+)\s*, (?P<admin>[^,]+), Physical link is (?P<link>\w+)", re.MULTILINE
)


def facts(answers: Answers) -> Facts:
    version = answers.row("show version")
    return Facts(
        hostname=version["hostname"],
        vendor="Juniper",
        model=version["model"],
        serial_number=answers.find("show chassis hardware", r"^Chassis\s+(?:REV \S+\s+\S+\s+)?(\S+)\s+\S", ""),
        os_version=version["junos_version"],
        uptime=duration_s(answers.find("show system uptime", r"^System booted: .*\((.+) ago\)", "")),
        interface_list=tuple(interfaces(answers)),
    )


def interfaces(answers: Answers) -> Interfaces:
    text = answers.text("show interfaces")
    starts = list(_PHYSICAL.finditer(text))
    if not starts and text.strip():
        raise ParseFailed(answers.device, "show interfaces", "no line starts with 'Physical interface:'")
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return {
        start["name"]: _interface(start, text[start.end() : end].partition("\n  Logical interface ")[0])
        for start, end in zip(starts, ends, strict=True)
    }


def _interface(start: re.Match[str], body: str) -> InterfaceDetails:
    return InterfaceDetails(
        is_up=start["link"] == "Up",
        is_enabled=start["admin"] == "Enabled",
        description=_first(r"^  Description: (.*)$", body),
        mac_address=mac_address(_first(r"Current address: ([0-9a-f:]{17})", body)),
        mtu=whole_number(_first(r"\bMTU: (\w+)", body)),
        speed=speed_mbps(_first(r"\bSpeed: (\w+)", body)),
        last_flapped=duration_s(_first(r"^  Last flapped   : .*\((.+) ago\)", body)),
    )


def _first(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1].strip() if match else ""


def neighbors(answers: Answers) -> Neighbors:
    return by_interface(
        (row["local_interface"], row["neighbor_name"] or row["chassis_id"], row["neighbor_interface"])
        for row in answers.rows("show lldp neighbors")
    )


READS = PlatformReads(
    facts=Read(
        commands=("show version", "show chassis hardware", "show system uptime", "show interfaces"), parse=facts
    ),
    interfaces=Read(commands=("show interfaces",), parse=interfaces),
    neighbors=Read(commands=("show lldp neighbors",), parse=neighbors),
    # What is committed is what runs and what is booted: Junos has no startup configuration.
    config=ConfigRead(
        commands={"running": ("show configuration",)},
        volatile=(
            r"^## Last commit: .*",
            r"^## Last changed: .*",
            r"^\{(?:master|backup|linecard|primary|secondary)(?::\w+)?\}$",  # the routing engine's role, above a prompt
        ),
    ),
)
