"""Cisco IOS XR, by ntc-templates. Output formats: Cisco IOS XR System Management Command Reference.

XR starts every answer with the time of day; the templates skip it.
"""

from __future__ import annotations

from neops.devices.parsing.names import by_interface
from neops.devices.parsing.reads import Answers, ConfigRead, Interfaces, Neighbors, PlatformReads, Read
from neops.devices.parsing.units import duration_s, mac_address, speed_mbps, whole_number
from neops.devices.results import Facts, InterfaceDetails


def facts(answers: Answers) -> Facts:
    version = answers.row("show version")
    chassis = next(iter(answers.rows("show inventory")), {"pid": version["hardware"], "sn": ""})
    return Facts(
        hostname=answers.find("show running-config hostname", r"^hostname (\S+)"),
        vendor="Cisco",
        model=chassis["pid"] or version["hardware"],
        serial_number=chassis["sn"],
        os_version=version["version"].partition(" ")[0].partition("[")[0],  # "7.9.2 LNT", "6.2.2[Default]"
        uptime=duration_s(version["uptime"]),
        interface_list=tuple(row["interface"] for row in answers.rows("show interfaces")),
    )


def interfaces(answers: Answers) -> Interfaces:
    return {
        row["interface"]: InterfaceDetails(
            is_up=row["link_status"] == "up" and row["admin_state"] == "up",
            is_enabled="administratively" not in row["link_status"],
            description=row["description"],
            mac_address=mac_address(row["mac_address"] or row["bia"]),
            mtu=whole_number(row["mtu"]),
            speed=_speed(row["speed"], row["bandwidth"]),
        )
        for row in answers.rows("show interfaces")
    }


def _speed(negotiated: str, bandwidth: str) -> float:
    """The line's speed; virtual interfaces have only BW, 0 when nobody set it."""
    return next((speed for speed in (speed_mbps(negotiated), speed_mbps(bandwidth)) if speed > 0), -1.0)


def neighbors(answers: Answers) -> Neighbors:
    return by_interface(
        (row["local_interface"], row["neighbor"] or row["chassis_id"], row["neighbor_port_id"])
        for row in answers.rows("show lldp neighbors detail")
    )


READS = PlatformReads(
    facts=Read(
        commands=("show version", "show inventory", "show running-config hostname", "show interfaces"), parse=facts
    ),
    interfaces=Read(commands=("show interfaces",), parse=interfaces),
    neighbors=Read(commands=("show lldp neighbors detail",), parse=neighbors),
    # XR keeps its configuration in the commit database: there is no startup configuration to read.
    config=ConfigRead(
        commands={"running": ("show running-config",)},
        volatile=(
            r"^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} +\d+ \d\d:\d\d:\d\d.*",  # of the reading
            r"^Building configuration\.\.\..*",
            r"^!! Last configuration change at .*",
        ),
    ),
)
