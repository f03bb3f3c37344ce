"""Linux hosts: files, iproute2 by ntc-templates, and lldpd where it is installed (lldpctl(8), key-value form)."""

from __future__ import annotations

import re

from neops.devices.parsing.names import by_interface
from neops.devices.parsing.reads import Answers, ConfigRead, Interfaces, Neighbors, PlatformReads, Read
from neops.devices.parsing.units import mac_address, whole_number
from neops.devices.results import Facts, InterfaceDetails

RELEASE = "cat /etc/os-release"
MACHINE = "cat /etc/machine-id"
LLDP = "lldpctl -f keyvalue"


def facts(answers: Answers) -> Facts:
    """`os_version` is os-release(5)'s PRETTY_NAME, `serial_number` machine-id(5), `model` the architecture."""
    fqdn = answers.text("hostname -f").strip()
    return Facts(
        hostname=fqdn.partition(".")[0],
        fqdn=fqdn,
        vendor="Linux",
        model=answers.text("uname -m").strip(),
        serial_number=answers.text(MACHINE).strip(),
        os_version=answers.find(RELEASE, r'^PRETTY_NAME="?([^"\n]*)"?'),
        uptime=float(answers.find("cat /proc/uptime", r"^([\d.]+) ")),
        interface_list=tuple(_name(row["interface"]) for row in answers.rows("ip link show")),
    )


def interfaces(answers: Answers) -> Interfaces:
    """State of links; `speed` is not known to iproute2."""
    return {
        _name(row["interface"]): InterfaceDetails(
            is_up="LOWER_UP" in row["flags"] and "UP" in row["flags"].split(","),
            is_enabled="UP" in row["flags"].split(","),
            description=row["alias"],
            mac_address=mac_address(row["mac_address"]) if row["type"] == "ether" else "",
            mtu=whole_number(row["mtu"]),
        )
        for row in answers.rows("ip link show")
    }


def _name(text: str) -> str:
    """`eth0@if12` is eth0, whose other end is the twelfth interface of another namespace (ip-link(8))."""
    return text.partition("@")[0]


def neighbors(answers: Answers) -> Neighbors:
    lines = re.findall(
        r"^lldp\.(?P<interface>[^.=]+(?:\.\d+)?)\.(?P<key>chassis\.(?:name|mac)|port\.(?:ifname|mac|local|descr))=(?P<value>.*)$",
        answers.text(LLDP),
        re.MULTILINE,
    )
    found: dict[str, list[dict[str, str]]] = {}
    for interface, key, value in lines:
        neighbors = found.setdefault(interface, [])
        if not neighbors or key in neighbors[-1]:  # a key again: the next neighbour on the same interface
            neighbors.append({})
        neighbors[-1][key] = value.strip()
    return by_interface(
        (interface, one.get("chassis.name") or one.get("chassis.mac", ""), _port(one))
        for interface, neighbors in found.items()
        for one in neighbors
    )


def _port(neighbor: dict[str, str]) -> str:
    return next(
        (neighbor[key] for key in ("port.ifname", "port.local", "port.mac", "port.descr") if key in neighbor), ""
    )


# A Linux host has no one configuration: running is what the kernel has of addresses and routes, startup what ifupdown
# reads at boot (interfaces(5); Debian, Cumulus).
READS = PlatformReads(
    facts=Read(commands=("hostname -f", "uname -m", RELEASE, MACHINE, "cat /proc/uptime", "ip link show"), parse=facts),
    interfaces=Read(commands=("ip link show",), parse=interfaces),
    neighbors=Read(commands=(LLDP,), parse=neighbors),
    config=ConfigRead(
        commands={"running": ("ip -o address show", "ip route show"), "startup": ("cat /etc/network/interfaces",)},
        volatile=(r"\\?\s+valid_lft .*", r" expires \d+sec"),  # count down: DHCP, router advertisements
    ),
)
