"""What gives a platform away, as data.

A weight is how sure the clue alone makes: NAMED where a system gives its own name in words that no other uses, less
where several share the habit. Patterns are searched with MULTILINE. Sources: for answers to commands, the test data of
ntc-templates 9 (Apache-2.0) and the command references of the vendors; for SSH versions, what servers of these systems
send in the identification line of RFC 4253 §4.2. Prior art: netmiko's SSHDetect, which looks for words in outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from neops.devices.detection.evidence import BANNER, GREETING, PROMPT, SSH

NAMED: Final = 0.99
SHAPE: Final = 0.9
"""A form that no other system has, without the name."""

SHOW, DISPLAY, UNAME = "show version", "display version", "uname -a"
FORTI, PANOS = "get system status", "show system info"
VTYSH = "vtysh -c 'show version'"

COMMANDS: Final = (SHOW, DISPLAY, UNAME, FORTI, PANOS)
"""All of them only read, on every system that knows them; the others call them unknown. In the order of asking, unless
other evidence speaks for a platform that one of them would settle."""

ASK_FURTHER: Final[Mapping[str, tuple[str, ...]]] = {"linux": (VTYSH,)}
"""What is asked before a platform is believed, because something more special may hide behind it."""

MORE_GENERAL: Final[Mapping[str, str]] = dict.fromkeys(
    ("arista_eos", "cumulus_linux", "frr", "ubiquiti_edgerouter", "vyos"), "linux"
)
"""What else the evidence of a platform speaks for, without meaning it."""


@dataclass(frozen=True, kw_only=True)
class Clue:
    platform: str
    source: str
    pattern: str
    weight: float


def _clues(source: str, *rows: tuple[str, float, str]) -> tuple[Clue, ...]:
    return tuple(Clue(platform=name, source=source, weight=weight, pattern=pattern) for name, weight, pattern in rows)


_FRR_HELLO = r"^Hello, this is FRRouting \(version .*\)"
_FRR = r"FRRouting \d\S* \(.*$"
"""Not at the start of a line: vtysh complains about PAM without a line break before it (vtysh_user.c, FRR 8.4)."""

_JUNOS = r"^-+ JUNOS \S+"
_LINUX = r"^Linux \S+ \d+\.\d+\.\d+.*$"
_CISCO_SSH, _HUAWEI_SSH = r"^SSH-[\d.]+-Cisco-1\.\d+", r"^SSH-[\d.]+-(?:-|HUAWEI-|VRP-)"
_VTY_USERS = r"^Info: The max number of VTY users is .*$"
_UNRECOGNIZED = r"^\s*Error:\s?Unrecognized command found at .*$"

_BEFORE_LOGIN = (
    *_clues(
        SSH,
        ("mikrotik_routeros", NAMED, r"^SSH-[\d.]+-ROSSSH"),
        ("cisco_wlc", NAMED, r"^SSH-[\d.]+-CISCO_WLC"),
        ("juniper_screenos", SHAPE, r"^SSH-[\d.]+-NetScreen"),
        ("cisco_ios", 0.4, _CISCO_SSH),
        ("cisco_xe", 0.4, _CISCO_SSH),
        ("cisco_asa", 0.2, _CISCO_SSH),
        ("cisco_xr", 0.6, r"^SSH-[\d.]+-Cisco-2\.\d+"),
        ("huawei_vrp", 0.45, _HUAWEI_SSH),
        ("huawei_vrpv8", 0.45, _HUAWEI_SSH),
        ("huawei_smartax", 0.2, _HUAWEI_SSH),
        ("hp_comware", 0.7, r"^SSH-[\d.]+-Comware-"),
        ("zte_zxros", 0.6, r"^SSH-[\d.]+-ZTE_SSH"),
        ("ruijie_os", 0.8, r"^SSH-[\d.]+-RGOS_"),
        ("linux", 0.5, r"^SSH-[\d.]+-OpenSSH_\S+ (?:Debian|Ubuntu|Raspbian)"),
        ("juniper_junos", 0.2, r"^SSH-[\d.]+-OpenSSH_\S+ FreeBSD"),
    ),
    *_clues(
        BANNER,
        ("frr", NAMED, _FRR_HELLO),
        ("vyos", 0.8, r"^Welcome to VyOS"),
        ("nokia_srl", 0.8, r"^.*Nokia SR Linux.*$"),
        ("cumulus_linux", 0.8, r"^.*Cumulus Linux.*$"),
        ("hp_comware", 0.5, r"^.*Copyright \(c\).*(?:H3C|Hewlett Packard Enterprise).*$"),
        ("linux", 0.4, r"^(?:Debian GNU/Linux|Ubuntu) \d+.*$"),
    ),
)

_AFTER_LOGIN = (
    *_clues(
        GREETING,
        ("frr", NAMED, _FRR_HELLO),
        ("juniper_junos", NAMED, _JUNOS),
        ("nokia_srl", NAMED, r"^Welcome to the srlinux CLI.*$"),
        ("nokia_srl", SHAPE, r"^--\{ [+*! ]*(?:running|candidate[^{}]*) \}--\[.*\]--.*$"),
        ("mikrotik_routeros", NAMED, r"^.*MikroTik RouterOS \d.*$"),
        ("nokia_sros", NAMED, r"^TiMOS-[A-Z]-\d\S*"),
        ("huawei_vrp", 0.45, _VTY_USERS),
        ("huawei_vrpv8", 0.45, _VTY_USERS),
        ("vyos", 0.85, r"^.*Welcome to VyOS.*$"),
        ("cumulus_linux", 0.85, r"^.*Welcome to (?:NVIDIA )?Cumulus.*$"),
        ("linux", 0.85, _LINUX),
        ("linux", 0.5, r"^Last login: .* from \S+$"),
        ("juniper_junos", 0.1, r"^Last login: .* from \S+$"),
    ),
    *_clues(
        PROMPT,
        ("cisco_xr", SHAPE, r"^RP/\d+/\S+/CPU\d+:\S+#$"),
        ("huawei_vrp", 0.35, r"^<[^<>\s]+>$"),
        ("huawei_vrpv8", 0.35, r"^<[~*]?[^<>\s]+>$"),
        ("hp_comware", 0.3, r"^<[^<>\s]+>$"),
        ("mikrotik_routeros", 0.8, r"^\[[^\[\]@\s]+@[^\[\]]+\] >$"),
        ("linux", 0.6, r"^\[?[\w.-]+@[\w.-]+[: ]\S*\]?[$#]$"),
        ("juniper_junos", 0.4, r"^[\w.-]+@[\w.-]+>$"),
        ("paloalto_panos", 0.4, r"^[\w.-]+@[\w.-]+(?:\([\w-]+\))?>$"),
        ("nokia_sros", 0.4, r"^\*?[AB]:[\w.@-]+#$"),
        ("extreme_exos", 0.5, r"^\*? ?(?:Slot-\d+ )?[\w.-]+\.\d+ [#>]$"),
        ("ubiquiti_edgeswitch", 0.3, r"^\([\w. -]+\) [>#]$"),
        ("aruba_os", 0.3, r"^\([\w. -]+\) [>#]$"),
        ("fortinet", 0.2, r"^[\w.-]+ (?:\([\w-]+\) )?[#$]$"),
    ),
)

_ANSWERS = (
    *_clues(
        SHOW,
        ("cisco_xe", NAMED, r"^Cisco IOS(?: Software,)?[ -](?:IOS-)?XE Software.*$"),
        # the name of IOS is in the output of IOS XE as well
        ("cisco_ios", NAMED, r"\A(?![\s\S]*IOS[ -]XE)[\s\S]*?^(Cisco IOS Software.*$)"),
        ("cisco_ios", NAMED, r"^(?:Cisco )?Internetwork Operating System Software.*$"),
        ("cisco_xr", NAMED, r"^Cisco IOS XR Software.*$"),
        ("cisco_nxos", NAMED, r"^Cisco Nexus Operating System.*$"),
        ("cisco_nxos", NAMED, r"^\s*(?:NXOS|kickstart): +version .*$"),
        ("cisco_asa", NAMED, r"^Cisco Adaptive Security Appliance Software.*$"),
        ("cisco_ftd", NAMED, r"^Model\s*: Cisco .*Threat Defense.*$"),
        ("cisco_s300", SHAPE, r"^SW version +\d\S* \( date .*$"),
        ("arista_eos", NAMED, r"^Arista \S+$"),
        ("juniper_junos", NAMED, r"^(?:Junos: |JUNOS (?:OS |Base |\w+ +Software |Software Release )).*$"),
        ("nokia_srl", NAMED, r"^OS +: SR Linux$"),
        ("nokia_sros", NAMED, r"^TiMOS-[A-Z]-\d\S*.*$"),
        ("frr", NAMED, _FRR),
        ("hp_procurve", SHAPE, r"^\s*Image stamp:\s+/\S*/code/build\S*"),
        ("aruba_os", NAMED, r"^Aruba Operating System Software.*$"),
        ("aruba_aoscx", NAMED, r"^(?:ArubaOS-CX|Version +: [A-Z]{2}\.\d\d\.\d\d\.\S+).*$"),
        ("dell_os10", NAMED, r"^Dell (?:EMC Networking|SmartFabric) OS10.*$"),
        ("dell_force10", SHAPE, r"^Dell (?:Real Time Operating System Software|EMC Networking OS Version +: 9).*$"),
        ("extreme_exos", NAMED, r"^Image +: (?:ExtremeXOS|Extreme Networks Switch Engine).*$"),
        ("extreme_slx", NAMED, r"^SLX-OS Operating System.*$"),
        (
            "ruckus_fastiron",
            SHAPE,
            r"^\s*Copyright \(c\) .*(?:Ruckus|CommScope|Brocade)[\s\S]{0,800}?(SW: Version .*$)",
        ),
        ("ubiquiti_edgeswitch", NAMED, r"^System Description\.+ (?:EdgeSwitch|USW).*$"),
        ("ubiquiti_edgerouter", NAMED, r"^HW model: +EdgeRouter.*$"),
        ("broadcom_icos", SHAPE, r"^Network Processing Device\.+ BCM\d.*$"),
        ("vyos", NAMED, r"^Version: +VyOS .*$"),
        ("zte_zxros", NAMED, r"^ZTE ZX\S+ .*Software, .*Version.*$"),
        ("ericsson_ipos", NAMED, r"^Ericsson IPOS Version .*$"),
        ("mellanox_mlnxos", NAMED, r"^Product name: +(?:MLNX-OS|Onyx).*$"),
        ("allied_telesis_awplus", NAMED, r"^AlliedWare Plus.*$"),
        ("ipinfusion_ocnos", NAMED, r"^\s*Software version: .*OcNOS.*$"),
        ("checkpoint_gaia", SHAPE, r"^CLINFR\d{4} .*$"),
        ("huawei_vrp", 0.45, _UNRECOGNIZED),
        ("huawei_vrpv8", 0.45, _UNRECOGNIZED),
    ),
    *_clues(
        DISPLAY,
        ("huawei_vrp", NAMED, r"^VRP \(R\) [Ss]oftware, Version [3-5]\..*$"),
        ("huawei_vrpv8", NAMED, r"^VRP \(R\) [Ss]oftware, Version (?:[89]|\d\d)\..*$"),
        ("huawei_smartax", SHAPE, r"^\s*PRODUCT *: MA5\d{3}.*$"),
        ("h3c_comware", NAMED, r"^H3C Comware (?:Platform )?Software.*$"),
        ("hp_comware", NAMED, r"^(?:HPE?|Hewlett.Packard Enterprise) Comware (?:Platform )?Software.*$"),
    ),
    *_clues(
        UNAME,
        ("linux", 0.95, _LINUX),
        ("cumulus_linux", NAMED, r"^Linux \S+ \d[\d.]*-cl-\d.*$"),
        ("juniper_junos", 0.95, r"^JUNOS \S+ \d.*$"),
    ),
    *_clues(FORTI, ("fortinet", NAMED, r"^Version: Forti\S+ v\d.*$")),
    *_clues(PANOS, ("paloalto_panos", NAMED, r"^sw-version: \d.*$")),
    *_clues(VTYSH, ("frr", NAMED, _FRR)),
)

CLUES: Final = _BEFORE_LOGIN + _AFTER_LOGIN + _ANSWERS
