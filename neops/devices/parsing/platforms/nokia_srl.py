"""Nokia SR Linux: its state as JSON, which it prints itself. Names: SR Linux YANG models, release 23.10."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from neops.devices.parsing.names import by_interface
from neops.devices.parsing.reads import Answers, ConfigRead, Interfaces, Neighbors, PlatformReads, Read
from neops.devices.parsing.units import mac_address, speed_mbps
from neops.devices.results import Facts, InterfaceDetails

VERSION = "show version"
INFORMATION = "info from state system information | as json"
INTERFACES = "info from state interface * | as json"
NEIGHBORS = "info from state system lldp interface * neighbor * | as json"


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
    lldp = answers.json(NEIGHBORS).get("system", {}).get("lldp", {})
    return by_interface(
        (
            interface["name"],
            neighbor.get("system-name") or neighbor.get("chassis-id", ""),
            neighbor.get("port-id", ""),
        )
        for interface in lldp.get("interface", [])
        for neighbor in interface.get("neighbor", [])
    )


def _seconds_between(start: str | None, end: str | None) -> float:
    """Both are the device's own RFC 3339 times; -1.0 when one is missing."""
    if not start or not end:
        return -1.0
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


READS = PlatformReads(
    facts=Read(commands=(VERSION, INFORMATION, INTERFACES), parse=facts),
    interfaces=Read(commands=(INTERFACES,), parse=interfaces),
    neighbors=Read(commands=(NEIGHBORS,), parse=neighbors),
    config=ConfigRead(commands={"running": ("info from running",)}),
)
