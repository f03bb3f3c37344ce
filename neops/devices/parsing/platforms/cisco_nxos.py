"""Cisco NX-OS, by ntc-templates. Output formats: Cisco Nexus 9000 Series NX-OS Command Reference."""

from __future__ import annotations

from neops.devices.parsing.names import by_interface, long_name
from neops.devices.parsing.reads import Answers, ConfigRead, Interfaces, Neighbors, PlatformReads, Read
from neops.devices.parsing.units import duration_s, mac_address, speed_mbps, whole_number
from neops.devices.results import Facts, InterfaceDetails

PREFIXES = {"Eth": "Ethernet", "Po": "port-channel"}


def facts(answers: Answers) -> Facts:
    version = answers.row("show version")
    return Facts(
        hostname=version["hostname"],
        vendor="Cisco",
        model=version["platform"],
        serial_number=version["serial"],
        os_version=version["os"],
        uptime=duration_s(version["uptime"]),
        interface_list=tuple(row["interface"] for row in answers.rows("show interface")),
    )


def interfaces(answers: Answers) -> Interfaces:
    return {
        row["interface"]: InterfaceDetails(
            is_up=row["link_status"].startswith("up"),
            is_enabled="Administratively" not in row["link_status"],
            description=row["description"],
            mac_address=mac_address(row["mac_address"] or row["bia"]),
            mtu=whole_number(row["mtu"]),
            speed=_speed(row["speed"], row["bandwidth"]),
            last_flapped=duration_s(row["last_link_flapped"]),
        )
        for row in answers.rows("show interface")
    }


def _speed(negotiated: str, bandwidth: str) -> float:
    """`auto-speed` while the link is down, and nothing on virtual interfaces: then BW."""
    return next((speed for speed in (speed_mbps(negotiated), speed_mbps(bandwidth)) if speed > 0), -1.0)


def neighbors(answers: Answers) -> Neighbors:
    return by_interface(
        (long_name(row["local_interface"], PREFIXES), row["neighbor_name"], row["neighbor_interface"])
        for row in answers.rows("show lldp neighbors detail")
    )


READS = PlatformReads(
    facts=Read(commands=("show version", "show interface"), parse=facts),
    interfaces=Read(commands=("show interface",), parse=interfaces),
    neighbors=Read(commands=("show lldp neighbors detail",), parse=neighbors),
    config=ConfigRead(
        commands={"running": ("show running-config",), "startup": ("show startup-config",)},
        volatile=(
            r"^!Command: show (?:running|startup)-config.*",
            r"^!(?:Running|Startup) (?:configuration|config) (?:last done|last saved|saved) at: .*",
            r"^!No configuration change since last restart.*",
            r"^!Time: .*",  # of the reading
        ),
    ),
)
