"""Huawei VRP 5 and 8, by ntc-templates. Output formats: Huawei S and AR series Command Reference, V200R019."""

from __future__ import annotations

from neops.devices.parsing.names import by_interface
from neops.devices.parsing.reads import Answers, ConfigRead, Interfaces, Neighbors, PlatformReads, Read
from neops.devices.parsing.units import duration_s, mac_address, speed_mbps, whole_number
from neops.devices.results import Facts, InterfaceDetails

SYSNAME = "display current-configuration | include sysname"


def facts(answers: Answers) -> Facts:
    version = answers.row("display version")
    return Facts(
        hostname=answers.find(SYSNAME, r"^\s*sysname (\S+)"),
        vendor="Huawei",
        model=version["model"],
        serial_number=answers.find("display esn", r"^\s*ESN of .*?:\s*(\S+)", ""),
        os_version=version["product_version"] or version["vrp_version"],
        uptime=duration_s(version["uptime"]),
        interface_list=tuple(row["interface"] for row in answers.rows("display interface")),
    )


def interfaces(answers: Answers) -> Interfaces:
    return {
        row["interface"]: InterfaceDetails(
            is_up=row["link_status"].upper() == "UP" and row["protocol_status"].upper().startswith("UP"),
            is_enabled=not row["link_status"].lower().startswith("administratively"),
            description=row["interface_description"],
            mac_address=mac_address(row["mac_address"]),
            mtu=whole_number(row["mtu"]),
            speed=speed_mbps(f"{row['speed']} Mbit" if row["speed"].isdecimal() else row["speed"]),
        )
        for row in answers.rows("display interface")
    }


def neighbors(answers: Answers) -> Neighbors:
    return by_interface(
        (
            row["local_interface"],
            row["neighbor_name"] or row["chassis_id"],
            row["neighbor_port_id"] or row["neighbor_interface"],
        )
        for row in answers.rows("display lldp neighbor")
        if row["chassis_id"]
    )


READS = PlatformReads(
    facts=Read(commands=("display version", SYSNAME, "display esn", "display interface"), parse=facts),
    interfaces=Read(commands=("display interface",), parse=interfaces),
    neighbors=Read(commands=("display lldp neighbor",), parse=neighbors),
    config=ConfigRead(
        commands={"running": ("display current-configuration",), "startup": ("display saved-configuration",)},
        volatile=(r"^!Last configuration was (?:updated|saved) at .*",),
    ),
)
