"""What is known of each platform, one module each; names are netmiko's device types."""

from __future__ import annotations

from collections.abc import Mapping

from neops.devices.parsing.platforms import (
    arista_eos,
    aruba_aoscx,
    cisco_ios,
    cisco_nxos,
    cisco_xr,
    frr,
    hp_procurve,
    huawei_vrp,
    juniper_junos,
    linux,
    nokia_srl,
)
from neops.devices.parsing.reads import PlatformReads

PLATFORMS: Mapping[str, PlatformReads] = {
    "arista_eos": arista_eos.READS,
    "aruba_aoscx": aruba_aoscx.READS,
    "aruba_osswitch": hp_procurve.READS,
    "aruba_procurve": hp_procurve.READS,
    "cisco_ios": cisco_ios.READS,
    "cisco_nxos": cisco_nxos.READS,
    "cisco_xe": cisco_ios.READS,
    "cisco_xr": cisco_xr.READS,
    "frr": frr.READS,
    "hp_procurve": hp_procurve.READS,
    "huawei_vrp": huawei_vrp.READS,
    "huawei_vrpv8": huawei_vrp.READS,
    "juniper_junos": juniper_junos.READS,
    "linux": linux.READS,
    "nokia_srl": nokia_srl.READS,
}

NOTHING = PlatformReads()


def reads_of(platform: str) -> PlatformReads:
    """The reads of a platform; `PlatformReads()` with none of them when nobody has described it."""
    return PLATFORMS.get(platform, NOTHING)
