"""Arista EOS, by ntc-templates. Output formats: Arista EOS User Manual 4.31."""

from __future__ import annotations

from neops.devices.parsing.names import by_interface
from neops.devices.parsing.reads import Answers, ConfigRead, Interfaces, Neighbors, PlatformReads, Read
from neops.devices.parsing.units import duration_s, mac_address, speed_mbps, whole_number
from neops.devices.results import Facts, InterfaceDetails


def facts(answers: Answers) -> Facts:
    version, name = answers.row("show version"), answers.row("show hostname")
    return Facts(
        hostname=name["hostname"],
        fqdn=name["fqdn"],
        vendor="Arista",
        model=version["model"],
        serial_number=version["serial_number"],
        os_version=version["image"],
        uptime=duration_s(version["uptime"]),
        interface_list=tuple(row["interface"] for row in answers.rows("show interfaces")),
    )


def interfaces(answers: Answers) -> Interfaces:
    return {
        row["interface"]: InterfaceDetails(
            is_up=row["link_status"] == "up" and row["protocol_status"].startswith("up"),
            is_enabled=row["link_status"] != "administratively down",
            description=row["description"],
            mac_address=mac_address(row["mac_address"] or row["bia"]),
            mtu=whole_number(row["mtu"]),
            speed=speed_mbps(row["bandwidth"]),
            last_flapped=duration_s(row["last_link_flapped"]),
        )
        for row in answers.rows("show interfaces")
    }


def neighbors(answers: Answers) -> Neighbors:
    return by_interface(
        (row["local_interface"], row["neighbor_name"] or row["chassis_id"], row["neighbor_interface"])
        for row in answers.rows("show lldp neighbors detail")
    )


READS = PlatformReads(
    facts=Read(commands=("show version", "show hostname", "show interfaces"), parse=facts),
    interfaces=Read(commands=("show interfaces",), parse=interfaces),
    neighbors=Read(commands=("show lldp neighbors detail",), parse=neighbors),
    config=ConfigRead(
        commands={"running": ("show running-config",), "startup": ("show startup-config",)},
        volatile=(
            r"^! Command: show (?:running|startup)-config.*",
            r"^! Startup-config last modified at .*",
            r"^! Time: .*",  # of the reading
        ),
    ),
)
