"""Which platforms scrapli serves; scrapli itself is imported when a session is made."""

from __future__ import annotations

from collections.abc import Mapping

from netutils.lib_mapper import SCRAPLI_LIB_MAPPER_REVERSE

from neops.devices import ConnectionOptions, RunsCommands, Session
from neops.devices.acting import acting_capabilities, acting_session_class
from neops.devices.changes import change_capabilities, change_session_class
from neops.devices.detection import AUTODETECT, GreetsAtLogin
from neops.devices.parsing import parsed_capabilities, platform_name, session_class
from neops.entities import Device

COMMUNITY = {
    "alcatel_aos": "alcatel_aos",
    "cisco_asa": "cisco_asa",
    "cisco_ftd": "cisco_ftd",
    "cumulus_linux": "cumulus_linux",
    "dell_os10": "dell_emc",
    "dlink_ds": "dlink_os",
    "eltex_esr": "eltex_esr",
    "fortinet": "fortinet_fortios",
    "hp_comware": "hp_comware",
    "huawei": "huawei_vrp",
    "huawei_smartax": "huawei_smartax",
    "huawei_vrp": "huawei_vrp",
    "huawei_vrpv8": "huawei_vrp",
    "mikrotik_routeros": "mikrotik_routeros",
    "nokia_sros": "nokia_sros",
    "paloalto_panos": "paloalto_panos",
    "ruckus_fastiron": "ruckus_fastiron",
    "vyos": "vyos_vyos",
}
"""Platforms of scrapli-community 2025.1.30 that have a netmiko device type and that netutils 1.19 does not map."""

OTHERS = {"frr": "cisco_iosxe", "linux": "generic", AUTODETECT: AUTODETECT}
"""FRR's vtysh speaks as IOS does; the generic driver knows a prompt and neither privilege levels nor set-up."""


class ScrapliPlugin:
    """Serves what scrapli and scrapli-community know, and Linux shells.

    The plugin's entry in `connection_options` holds arguments of `AsyncScrapli` under `extras`; they win over ours.
    """

    name = "scrapli"
    extra = "scrapli"
    modules = ("scrapli", "scrapli_community", "asyncssh")
    priority = 40
    platforms: Mapping[str, str] = {**SCRAPLI_LIB_MAPPER_REVERSE, **COMMUNITY, **OTHERS}

    def capabilities(self, platform: str) -> frozenset[type]:
        if platform == AUTODETECT:
            return frozenset({RunsCommands, GreetsAtLogin})
        return parsed_capabilities(platform) | change_capabilities(platform) | acting_capabilities(platform)

    def session(self, device: Device, options: ConnectionOptions) -> Session:
        from neops_scrapli.session import ScrapliSession

        platform = platform_name(device, options, self.platforms)
        if platform == AUTODETECT:
            from neops_scrapli.unknown import UnknownShell

            return UnknownShell(device=device, platform=platform, options=options)
        base = change_session_class(session_class(ScrapliSession, platform), platform)
        return acting_session_class(base, platform)(device=device, platform=platform, options=options)
