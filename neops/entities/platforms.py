"""The name under which neops knows a platform: netmiko's device type."""

from __future__ import annotations

from netutils.lib_mapper import NAPALM_LIB_MAPPER, NETMIKO_LIB_MAPPER, SCRAPLI_LIB_MAPPER


def netmiko_name(platform: str) -> str:
    """netmiko's device type of a platform that netmiko, NAPALM (`ios`) or scrapli (`cisco_iosxe`) named.

    A name that none of them knows comes back as it is.
    """
    if platform in NETMIKO_LIB_MAPPER:
        return platform
    return NAPALM_LIB_MAPPER.get(platform) or SCRAPLI_LIB_MAPPER.get(platform) or platform
