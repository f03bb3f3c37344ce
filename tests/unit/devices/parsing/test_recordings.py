"""Every parser on every recording of ntc-templates' own tests, where a checkout of them is at hand.

    git clone https://github.com/networktocode/ntc-templates
    NTC_TEMPLATES_TESTS=ntc-templates/tests pytest tests/unit/devices/parsing/test_recordings.py

The recordings (Apache-2.0) are in no distribution of ntc-templates on the package index.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neops.devices.parsing import PLATFORMS, Answers, Read, RouteQuery, template_for

TESTS = os.environ.get("NTC_TEMPLATES_TESTS")

OF_NO_TEMPLATE = {
    "display bgp peer": "display_bgp_peer",
    "show bgp all all summary": "show_ip_bgp_summary",
    "show bgp all summary": "show_ip_bgp_summary",
    "show bgp all summary vrf all": "show_ip_bgp_summary_vrf",
    "show bgp vrf all summary": "show_bgp_vrf_all_ipv4_unicast_summary",
    "show ethernet-switching table": "show_ethernet-switching_table",
}
"""Commands that are read without a template, and the folder of what they print."""

RECORDED_NOWHERE = {
    "display ip interface",
    "display ip routing-table",
    "display ipv6 interface",
    "show interfaces terse",
    "show vlans ports all detail",
}
"""Commands whose beginning has a template, which is not for them."""

NOT_WHAT_IS_ASKED = {
    "cisco_ios_show_lldp_neighbors_detail2": "without the local interface, which the short table has",
    "cisco_ios_show_lldp_neighbors_detail5": "without the local interface, which the short table has",
    "juniper_junos_show_interfaces_irb": "one logical interface",
}


def reads() -> Iterator[tuple[str, Read[Any]]]:
    for platform, known in PLATFORMS.items():
        arp = known.arp("") if known.arp else None
        routes = known.routes(RouteQuery()) if known.routes else None
        tables: list[Read[Any] | None] = [
            known.interfaces,
            known.addresses,
            known.neighbors,
            arp,
            known.macs,
            known.vlans,
            known.bgp,
            routes,
        ]
        yield from ((platform, read) for read in tables if read is not None)


def recordings() -> Iterator[Any]:
    for platform, read in reads():
        for command in read.commands:
            for file in sorted((Path(TESTS or "") / platform / _folder(platform, command)).glob("*.raw")):
                if file.stem not in NOT_WHAT_IS_ASKED:
                    yield pytest.param(platform, read, command, file, id=f"{platform}-{command}-{file.stem}")


def _folder(platform: str, command: str) -> str:
    if command in OF_NO_TEMPLATE:
        return OF_NO_TEMPLATE[command]
    template = None if command in RECORDED_NOWHERE or command.endswith("| json") else template_for(platform, command)
    return template.partition(":")[0].removesuffix(".textfsm").removeprefix(f"{platform}_") if template else "none"


@pytest.mark.skipif(not TESTS, reason="NTC_TEMPLATES_TESTS names no checkout of ntc-templates' tests")
@pytest.mark.parametrize(("platform", "read", "command", "file"), list(recordings()) if TESTS else [])
def test_a_recording_of_a_device_is_read(platform: str, read: Read[Any], command: str, file: Path) -> None:
    outputs = dict.fromkeys(read.commands, "") | {command: file.read_text(encoding="utf-8")}

    read.parse(Answers(device="r1", platform=platform, outputs=outputs))
