"""One simulated device per platform, and sessions of the three plugins on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from neops.devices import ConnectionOptions, ConnectionPlugin, Credentials, HostKeys
from neops.entities import Device, Platform, Secret
from neops.testing.simulator import Facts, Interface, Neighbor, RunningDevice, SimulatedDevice, SimulatedNetwork
from neops_frr import FrrPlugin
from neops_napalm import NapalmPlugin
from neops_nornir import NornirPlugin
from neops_scrapli import ScrapliPlugin

PORTS = {
    "arista_eos": ("Ethernet1", "Ethernet2"),
    "aruba_aoscx": ("1/1/1", "1/1/2"),
    "cisco_ios": ("GigabitEthernet1/0/1", "GigabitEthernet1/0/2"),
    "cisco_nxos": ("Ethernet1/1", "Ethernet1/2"),
    "cisco_xr": ("GigabitEthernet0/0/0/0", "GigabitEthernet0/0/0/1"),
    "frr": ("eth0", "eth1"),
    "hp_procurve": ("1", "2"),
    "huawei_vrp": ("GigabitEthernet0/0/1", "GigabitEthernet0/0/2"),
    "juniper_junos": ("ge-0/0/0", "ge-0/0/1"),
    "linux": ("eth0", "eth1"),
    "nokia_srl": ("ethernet-1/1", "ethernet-1/2"),
}
LIKE_PROMPTS = "<motd>\nhost$$\nroot#\nfull 100%\n</motd>"
RECORDED = Path(__file__).parents[2] / "unit" / "devices" / "parsing" / "data"
SPEAKS_BGP: Mapping[str, tuple[str, ...]] = {
    "arista_eos": ("show ip bgp summary vrf all | json", "show ipv6 bgp summary vrf all | json"),
    "cisco_ios": ("show bgp all summary",),
    "cisco_nxos": ("show bgp all summary vrf all",),
    "cisco_xr": ("show bgp all all summary", "show bgp vrf all summary"),
    "huawei_vrp": ("display bgp peer",),
    "juniper_junos": ("show bgp neighbor",),
    "nokia_srl": ("info from state network-instance * protocols bgp | as json",),
}
"""Commands that devices named after their platform and `-bgp` answer with recordings of the parsers' tests."""
WITHOUT_ADDRESS = {
    "ip": 'IP Interface Status for VRF "default"(1)',
    "ipv6": 'IPv6 Interface Status for VRF "default"(1)',
}
"""What a Nexus says of a family of which no interface has an address."""
ENABLE = ("arista_eos", "cisco_ios", "cisco_nxos")
MAC = "02:00:5e:10:00:01"
PASSWORD = "s3cret-of-all"
PEER, PEER_MAC = "192.0.2.9", "02:00:5e:10:00:09"


def recorded(platform: str, command: str) -> str:
    name = command.replace("|", "pipe").replace("*", "all").replace(" ", "_")
    return (RECORDED / platform / f"{name}.txt").read_text()


def simulated(
    name: str, platform: str, enable_secret: str = "", answers: Mapping[str, str] | None = None
) -> SimulatedDevice:
    up, down = PORTS[platform]
    facts = Facts(
        version="",
        interfaces=(
            Interface(name=up, description="to spine1", mac=MAC, address="192.0.2.1/24"),
            Interface(name=down, description="spare", enabled=False, up=False),
        ),
        neighbors=(Neighbor(interface=up, name="spine1", port="Ethernet7", address=PEER, mac=PEER_MAC),),
    )
    return SimulatedDevice(
        name=name,
        platform=platform,
        password=PASSWORD,
        enable_secret=enable_secret,
        facts=facts,
        answers=answers or ({"cat /etc/motd": LIKE_PROMPTS} if platform == "linux" else {}),
    )


@pytest.fixture(scope="session")
def network() -> Iterator[SimulatedNetwork]:
    devices = [simulated(platform, platform) for platform in PORTS]
    locked = [simulated(f"{platform}-enable", platform, enable_secret="up-up") for platform in ENABLE]
    speakers = [
        simulated(f"{platform}-bgp", platform, answers={command: recorded(platform, command) for command in commands})
        for platform, commands in SPEAKS_BGP.items()
    ]
    bare = {f"show {family} interface vrf all": text for family, text in WITHOUT_ADDRESS.items()}
    nexus = simulated("cisco_nxos-bare", "cisco_nxos", answers=bare)
    with SimulatedNetwork([*devices, *locked, *speakers, nexus]) as running:
        yield running


@pytest.fixture
def device(network: SimulatedNetwork) -> Iterator[Callable[[str], RunningDevice]]:
    """A device of the network by name; its fault and its evidence are gone after the test."""
    used: list[RunningDevice] = []

    def find(name: str) -> RunningDevice:
        one = network[name]
        one.forget()
        used.append(one)
        return one

    yield find
    for one in used:
        one.fault = None


PLUGINS: dict[str, Callable[[], ConnectionPlugin]] = {
    "frr": FrrPlugin,
    "napalm": NapalmPlugin,
    "nornir": NornirPlugin,
    "scrapli": ScrapliPlugin,
}


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """Makes sessions of one plugin; `open_session` closes what a test opened when the test ends."""

    plugin: ConnectionPlugin
    known_hosts: Path
    public_key: str

    def __call__(self, target: RunningDevice, entries: Mapping[str, Any] | None = None, **changes: Any) -> Any:
        """A session that is not open: `Any`, because its capabilities are those of a platform named at run time.

        `entries` are the device's `connection_options`; `changes` are for what a session is told.
        """
        platform = target.platform.inventory_name
        entity = Device(
            id=1,
            hostname=target.spec.name,
            ip="127.0.0.1",
            platform=Platform(short_name=platform),
            connection_options=Secret(json.dumps(entries)) if entries else None,
        )
        options = ConnectionOptions(
            host="127.0.0.1",
            **{"port": target.port, **self._of_api(target)},
            platform=self.plugin.platforms[platform],
            credentials=Credentials(username=target.spec.username, password=Secret(target.spec.password)),
            host_keys=HostKeys(known_hosts=self.known_hosts),
            connect_timeout_s=10.0,
            command_timeout_s=20.0,
        )
        return self.plugin.session(entity, replace(options, **changes))

    def _of_api(self, target: RunningDevice) -> dict[str, Any]:
        """What an inventory says of a device that this plugin does not reach over SSH."""
        if self.plugin.name != "napalm" or "eapi" not in target.ports:
            return {}
        return {"port": target.ports["eapi"], "extras": {"optional_args": {"transport": "http"}}}


@pytest.fixture
def sessions(request: pytest.FixtureRequest, tmp_path: Path, network: SimulatedNetwork) -> Sessions:
    """Sessions of the plugin that the test is parametrised with."""
    return Sessions(
        plugin=PLUGINS[request.getfixturevalue("plugin")](),
        known_hosts=tmp_path / "known_hosts",
        public_key=network.public_key,
    )


@pytest.fixture
def plugins() -> Mapping[str, ConnectionPlugin]:
    """All that sessions are made with here, by name."""
    return {name: make() for name, make in PLUGINS.items()}
