"""Cisco IOS and IOS XE, by ntc-templates. Output formats: Cisco IOS Configuration Fundamentals Command Reference."""

from __future__ import annotations

from neops.devices.parsing.names import by_interface, long_name
from neops.devices.parsing.reads import Answers, ConfigRead, Interfaces, Neighbors, PlatformReads, Read
from neops.devices.parsing.units import duration_s, mac_address, speed_mbps, whole_number
from neops.devices.results import Facts, InterfaceDetails
from neops.errors import ParseFailed

SHORT = "show lldp neighbors"
DETAIL = "show lldp neighbors detail"
PREFIXES = {
    "Ap": "AppGigabitEthernet",
    "Et": "Ethernet",
    "Fa": "FastEthernet",
    "Fi": "FiveGigabitEthernet",
    "Fo": "FortyGigabitEthernet",
    "Fou": "FourHundredGigE",
    "Gi": "GigabitEthernet",
    "Hu": "HundredGigE",
    "Po": "Port-channel",
    "Te": "TenGigabitEthernet",
    "Tw": "TwoGigabitEthernet",
    "Twe": "TwentyFiveGigE",
}
"""Ports that LLDP runs on, as Catalyst IOS XE 17 abbreviates them."""


def facts(answers: Answers) -> Facts:
    version = answers.row("show version")
    return Facts(
        hostname=version["hostname"],
        vendor="Cisco",
        model=next(iter(version["hardware"]), ""),
        serial_number=next(iter(version["serial"]), ""),
        os_version=version["version"],
        uptime=duration_s(version["uptime"]),
        interface_list=tuple(row["interface"] for row in answers.rows("show ip interface brief")),
    )


def interfaces(answers: Answers) -> Interfaces:
    return {
        row["interface"]: InterfaceDetails(
            is_up=row["link_status"] == "up" and row["protocol_status"].startswith("up"),
            is_enabled=not row["link_status"].startswith("admin"),
            description=row["description"],
            mac_address=mac_address(row["mac_address"] or row["bia"]),
            mtu=whole_number(row["mtu"]),
            speed=_speed(row["speed"], row["bandwidth"]),
        )
        for row in answers.rows("show interfaces")
    }


def _speed(negotiated: str, bandwidth: str) -> float:
    """What was negotiated; `Auto-speed` while the link is down, and nothing on virtual interfaces: then BW."""
    return next((speed for speed in (speed_mbps(negotiated), speed_mbps(bandwidth)) if speed > 0), -1.0)


def neighbors(answers: Answers) -> Neighbors:
    """From the detailed table; before 15.2 it lacks the local interface, and the short one has it, row by row."""
    rows = answers.rows(DETAIL)
    places = [row["local_interface"] for row in rows]
    if not all(places):
        places = [row["local_interface"] for row in answers.rows(SHORT)]
    if len(places) != len(rows):
        raise ParseFailed(answers.device, DETAIL, f"{len(rows)} neighbours, but {len(places)} in {SHORT!r}")
    return by_interface(
        (
            long_name(place, PREFIXES),
            row["neighbor_name"] or row["chassis_id"],
            row["neighbor_port_id"] or row["neighbor_interface"],
        )
        for place, row in zip(places, rows, strict=True)
    )


READS = PlatformReads(
    facts=Read(commands=("show version", "show ip interface brief"), parse=facts),
    interfaces=Read(commands=("show interfaces",), parse=interfaces),
    neighbors=Read(commands=(DETAIL, SHORT), parse=neighbors),
    config=ConfigRead(
        commands={"running": ("show running-config",), "startup": ("show startup-config",)},
        volatile=(
            r"^Building configuration\.\.\..*",  # while the text is generated
            r"^Current configuration : .*",  # its size
            r"^Using \d+ out of \d+ bytes.*",  # show startup-config
            r"^! Last configuration change at .*",
            r"^! NVRAM config last updated at .*",
            r"^! No configuration change since last restart.*",
            r"^ntp clock-period .*",  # measured anew all the time; gone since 15.0, and NAPALM's ios driver drops it
        ),
    ),
)
