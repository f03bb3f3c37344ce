"""A plausible network to try things on: sites with a core of two vendors, distribution, access and servers."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from neops.testing.simulator.network import SimulatedNetwork
from neops.testing.simulator.spec import Facts, Interface, Neighbor, SimulatedDevice

SITES = (
    "zrh", "gva", "bsl", "brn", "lug", "stg", "lsn", "win", "lzn",
    "fri", "chu", "nch", "sio", "bie", "thn", "zug", "aar", "sol",
)  # fmt: skip
_LINKS = ipaddress.IPv4Address("10.0.0.0")  # a /30 for each link
_LOOPBACKS = ipaddress.IPv4Address("172.16.0.0")


@dataclass(frozen=True, kw_only=True)
class _Role:
    """What stands at a place of a site; `uplinks` are the places in the same site that it is connected to."""

    name: str
    platform: str
    port: str
    first_port: int
    speed_mbps: int
    models: Sequence[str]
    versions: Sequence[str]
    serial: str
    loopback: str = ""
    uplinks: Sequence[int] = ()


_ROLES = (
    _Role(
        name="core-01", platform="juniper_junos", port="ge-0/0/{}", first_port=0, speed_mbps=1_000,
        models=("MX204", "MX240"), versions=("21.4R3-S5.4", "22.4R3-S2.11"), serial="BV", loopback="lo0",
    ),
    _Role(
        name="core-02", platform="nokia_srl", port="ethernet-1/{}", first_port=1, speed_mbps=100_000,
        models=("7220 IXR-D2L", "7220 IXR-D3L"), versions=("v23.10.1", "v24.3.2"), serial="NS", loopback="system0",
        uplinks=(0,),
    ),
    _Role(
        name="dist-01", platform="arista_eos", port="Ethernet{}", first_port=1, speed_mbps=10_000,
        models=("DCS-7050SX3-48YC8", "DCS-7280SR-48C6"), versions=("4.31.2F", "4.30.5M"), serial="JPE",
        loopback="Loopback0", uplinks=(0, 1),
    ),
    _Role(
        name="acc-01", platform="cisco_ios", port="GigabitEthernet1/0/{}", first_port=1, speed_mbps=1_000,
        models=("C9300-48T", "C9300-24P"), versions=("17.9.4a", "17.12.3"), serial="FCW", loopback="Loopback0",
        uplinks=(2,),
    ),
    _Role(
        name="acc-02", platform="cisco_ios", port="GigabitEthernet1/0/{}", first_port=1, speed_mbps=1_000,
        models=("C9200L-24T", "C9200L-48P"), versions=("17.9.4a", "17.6.6"), serial="FOC", loopback="Loopback0",
        uplinks=(2,),
    ),
    _Role(
        name="srv-01", platform="linux", port="eth{}", first_port=0, speed_mbps=1_000, models=("x86_64",),
        versions=("Debian GNU/Linux 12 (bookworm)",), serial="", uplinks=(3,),
    ),
)  # fmt: skip


@dataclass(kw_only=True)
class _Draft:
    """A device that is being cabled."""

    name: str
    site: str
    role: _Role
    model: str
    version: str
    serial: str
    uptime_s: int
    interfaces: list[Interface] = field(default_factory=list)
    neighbors: list[Neighbor] = field(default_factory=list)

    def next_port(self) -> str:
        return self.role.port.format(self.role.first_port + len(self.neighbors))

    def cable(self, other: _Draft, port: str, other_port: str, address: str) -> None:
        self.interfaces.append(
            Interface(name=port, description=f"to {other.name}", address=address, speed_mbps=self.role.speed_mbps)
        )
        system = f"{other.role.platform} {other.model} {other.version}"
        self.neighbors.append(Neighbor(interface=port, name=other.name, port=other_port, system=system))


def demo_network(count: int = 12, *, seed: int = 1, latency_s: float = 0.0) -> SimulatedNetwork:
    """A network of that many devices, not started yet: five platforms, cabled, the same for the same seed.

    Sites of six: `zrh-core-01` (Junos), `zrh-core-02` (SR Linux), `zrh-dist-01` (EOS), two access switches (IOS) and a
    Linux server; the cores of neighbouring sites are connected. Log in as `neops`, password `neops`.
    """
    return SimulatedNetwork(demo_devices(count, seed=seed, latency_s=latency_s))


def demo_devices(count: int = 12, *, seed: int = 1, latency_s: float = 0.0) -> tuple[SimulatedDevice, ...]:
    """The devices of `demo_network`, to change some before they start."""
    chance = random.Random(seed)  # noqa: S311 - plausible data, no secret
    drafts = [_draft(number, chance) for number in range(count)]
    for number, (one, other) in enumerate(_links(drafts)):
        _connect(one, other, number)
    return tuple(_finished(draft, number, latency_s) for number, draft in enumerate(drafts))


def _draft(number: int, chance: random.Random) -> _Draft:
    place, role = divmod(number, len(_ROLES))
    round_, index = divmod(place, len(SITES))
    site = SITES[index] + (str(round_ + 1) if round_ else "")
    chosen = _ROLES[role]
    digits = chance.getrandbits(128)
    return _Draft(
        name=f"{site}-{chosen.name}",
        site=site,
        role=chosen,
        model=chance.choice(chosen.models),
        version=chance.choice(chosen.versions),
        serial=f"{chosen.serial}{digits % 16**8:08X}" if chosen.serial else f"{digits:032x}",  # machine-id(5)
        uptime_s=chance.randrange(86_400, 200 * 86_400),
    )


def _links(drafts: Sequence[_Draft]) -> list[tuple[_Draft, _Draft]]:
    size = len(_ROLES)
    inside = [
        (drafts[number - number % size + uplink], draft)
        for number, draft in enumerate(drafts)
        for uplink in draft.role.uplinks
    ]
    between = [(drafts[first], drafts[first + size]) for first in range(0, len(drafts) - size, size)]
    return inside + between


def _connect(one: _Draft, other: _Draft, number: int) -> None:
    port, other_port = one.next_port(), other.next_port()
    one.cable(other, port, other_port, f"{_LINKS + 4 * number + 1}/30")
    other.cable(one, other_port, port, f"{_LINKS + 4 * number + 2}/30")


def _finished(draft: _Draft, number: int, latency_s: float) -> SimulatedDevice:
    spare = Interface(name=draft.next_port(), enabled=False, up=False, speed_mbps=draft.role.speed_mbps)
    loopback = Interface(name=draft.role.loopback, address=f"{_LOOPBACKS + number + 1}/32")
    return SimulatedDevice(
        name=draft.name,
        platform=draft.role.platform,
        groups=(draft.site,),
        data={"site": draft.site, "role": draft.role.name.partition("-")[0]},
        facts=Facts(
            version=draft.version,
            model=draft.model,
            serial=draft.serial,
            uptime_s=draft.uptime_s,
            interfaces=(*draft.interfaces, spare, *([loopback] if draft.role.loopback else [])),
            neighbors=tuple(draft.neighbors),
        ),
        latency_s=latency_s,
    )
