"""Which platforms Nornir's connections serve; Nornir and netmiko are imported when a session is made."""

from __future__ import annotations

from collections.abc import Mapping

from netutils.lib_mapper import NETMIKO_LIB_MAPPER_REVERSE

from neops.devices import ConnectionOptions, Session
from neops.devices.acting import acting_capabilities, acting_session_class
from neops.devices.parsing import parsed_capabilities, platform_name, session_class
from neops.entities import Device
from neops_nornir.choice import Choice

NOT_IN_NETMIKO = frozenset({"bigip_f5"})
"""A name that netutils 1.19 has, but netmiko 4.8 not."""

NOT_IN_NETUTILS = frozenset(
    [
        "apc_aos",
        "avara_aos",
        "aviat_wtm",
        "calix_exa",
        "cisco_ap",
        "cisco_ioswlc",
        "cisco_s500",
        "cisco_viptela",
        "f5_linux",
        "f5_ltm",
        "f5_tmsh",
        "fiberstore_networkos",
        "fsas_sir",
        "fujitsu_sir",
        "furukawa_fitelnet",
        "garderos_grs",
        "hirschmann_hios",
        "huawei_ont",
        "iij_seilos",
        "lancom_lcossx5",
        "nokia_isam",
        "opengear_linux",
        "perle_iolan",
        "raisecom_ros",
        "smartoptics_dwdm",
        "supermicro_smis",
        "zpe_nodegrid",
    ]
)
"""The other way round."""


class NornirPlugin:
    """Serves every netmiko device type over SSH.

    The plugin's entry in `connection_options` may choose another Nornir connection plugin: `extras: {connection:
    scrapli}`. The entry under that connection's name (`netmiko`, `scrapli`, …) is read as Nornir reads it, so an
    existing inventory works as it is.
    """

    name = "nornir"
    extra = "netmiko"
    modules = ("nornir", "nornir_netmiko", "netmiko")
    priority = 30
    platforms: Mapping[str, str] = {
        **{ours: theirs for ours, theirs in NETMIKO_LIB_MAPPER_REVERSE.items() if ours not in NOT_IN_NETMIKO},
        **{name: name for name in NOT_IN_NETUTILS},
        "frr": "cisco_ios",  # vtysh speaks as IOS does; netmiko has no type of its own
    }

    def capabilities(self, platform: str) -> frozenset[type]:
        return parsed_capabilities(platform) | acting_capabilities(platform)

    def session(self, device: Device, options: ConnectionOptions) -> Session:
        platform = platform_name(device, options, self.platforms)
        choice = Choice.of(device, options, platform)
        if choice.connection == "netmiko":
            from neops_nornir.netmiko import NetmikoSession

            base = acting_session_class(session_class(NetmikoSession, platform), platform)
            return base(device=device, platform=platform, options=options, choice=choice)
        from neops_nornir.session import NornirSession

        return session_class(NornirSession, platform)(device=device, platform=platform, options=options, choice=choice)
