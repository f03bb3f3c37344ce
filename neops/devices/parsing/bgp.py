"""The summary table of BGP as IOS, NX-OS and IOS XR print it, one for each VRF and address family.

Output formats: Cisco IOS IP Routing: BGP Command Reference ("show bgp all summary"), Cisco Nexus 9000 Series NX-OS
Unicast Routing Command Reference ("show bgp all summary"), IOS XR Routing Command Reference ("show bgp summary").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from neops.devices.parsing.reads import Answers, Bgp
from neops.devices.parsing.units import duration_s
from neops.devices.results import BgpInstance, BgpPeer, BgpPrefixes
from neops.errors import ParseFailed

_WRAPPED = re.compile(r"^(\*?[0-9A-Fa-f:.]+(?:%\S+)?)[ \t]*\n[ \t]+(?=\d)", re.MULTILINE)
"""An IPv6 address too long for its column stands on a line of its own."""

_LINE = re.compile(
    r"^BGP summary information for VRF (?P<vrf>\S+), address family (?P<nxos_family>\S.*?)\s*$"
    r"|^VRF: (?P<xr_vrf>\S+)\s*$"
    r"|^(?:For address family|Address Family): (?P<family>\S.*?)\s*$"
    r"|^BGP router identifier (?P<router_id>\S+?), local AS number (?P<local_as>[\d.]+)"
    r"|^\*?(?P<peer>[0-9A-Fa-f:.]+(?:%\S+)?)\s+\d+\s+(?P<remote_as>[\d.]+)\s+(?:\d+\s+){5}(?P<since>\S+)\s+(?P<state>\S.*?)\s*$"
    r"|^(?P<silent>%.*(?:not active|None of the requested address families).*|Note: +process currently not running.*)$",
    re.MULTILINE,
)


@dataclass(kw_only=True)
class _Vrf:
    router_id: str = ""
    local_as: int = 0
    peers: dict[str, BgpPeer] = field(default_factory=dict)


def summaries(answers: Answers, *commands: str) -> Bgp:
    """BGP by VRF, the default one as `global`; a VRF is there when it has a router identifier.

    Raises:
        ParseFailed: a text that is not blank has neither a table nor the platform's word for "there is no BGP".
    """
    found: dict[str, _Vrf] = {}
    for command in commands:
        text = _WRAPPED.sub(r"\1 ", answers.text(command))
        if not _read(text, found) and text.strip():
            raise ParseFailed(answers.device, command, "no line is of a BGP summary")
    return {name: BgpInstance(router_id=vrf.router_id, peers=vrf.peers) for name, vrf in found.items() if vrf.router_id}


def _read(text: str, found: dict[str, _Vrf]) -> bool:
    """Add what a text says; whether it says anything."""
    vrf, family, known = found.setdefault("global", _Vrf()), "ipv4", False
    for line in _LINE.finditer(text):
        known = True
        if name := line["vrf"] or line["xr_vrf"]:
            vrf = found.setdefault("global" if name == "default" else name, _Vrf())
        if name := line["nxos_family"] or line["family"]:
            family = family_name(name)
        if line["router_id"]:
            vrf.router_id, vrf.local_as = line["router_id"], as_number(line["local_as"])
        if line["peer"]:
            vrf.peers[line["peer"]] = _peer(line.groupdict(), vrf, family)
    return known


def _peer(line: Mapping[str, str], vrf: _Vrf, family: str) -> BgpPeer:
    state, before = line["state"], vrf.peers.get(line["peer"])
    up = state.isdecimal()
    prefixes = {family: BgpPrefixes(received_prefixes=int(state) if up else -1)}
    return BgpPeer(
        local_as=vrf.local_as,
        remote_as=as_number(line["remote_as"]),
        is_up=up or (before is not None and before.is_up),
        is_enabled="Admin" not in state,
        uptime=duration_s(line["since"]) if up else before.uptime if before else -1.0,
        address_family={**(before.address_family if before else {}), **prefixes},
    )


def family_name(text: str) -> str:
    """NAPALM's name of an address family: `IPv4 Unicast` → `ipv4`, `VPNv4 Unicast` → `vpnv4`; others in lower case."""
    return text.lower().removesuffix(" unicast")


def as_number(text: str) -> int:
    """An AS number, written plainly or with a dot (RFC 5396): `1.10` → 65546."""
    high, _, low = text.rpartition(".")
    return int(high or 0) * 65_536 + int(low)
