"""Four vendors on the simulator, whose clock a test turns, behind the real runtime and scrapli."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pytest

from neops.devices import DeviceRuntime, PluginCatalogue
from neops.entities import Device, Platform, Secret
from neops.settings import DeviceSettings
from neops.testing.simulator import RunningDevice, SimulatedDevice, SimulatedNetwork
from neops_frr import FrrPlugin
from neops_napalm import NapalmPlugin
from neops_netconf import NetconfPlugin
from neops_scrapli import ScrapliPlugin


@dataclass
class Clock:
    """The devices' time, in seconds."""

    now_s: float = 1_000.0

    def __call__(self) -> float:
        return self.now_s

    def turn(self, seconds: float) -> None:
        self.now_s += seconds


@dataclass(frozen=True, kw_only=True)
class Example:
    """A small change on one platform. `sign` is in the running configuration when it is made, `bad` is refused."""

    platform: str
    config: str
    sign: str
    bad: str
    bad_line: str
    strength: str = "native"
    plugin: str = "scrapli"

    @property
    def name(self) -> str:
        return f"{self.platform}-{self.plugin}"

    @property
    def takes_s(self) -> float:
        """Time enough for a commit, on a busy machine too."""
        return {"cisco_ios-napalm": 6.0, "juniper_junos-napalm": 3.0}.get(self.name, 1.5)

    @property
    def logs_in_for_each_request(self) -> bool:
        """eAPI has no sessions."""
        return (self.platform, self.plugin) == ("arista_eos", "napalm")


IN_XML = """\
<configuration xmlns="http://xml.juniper.net/xnm/1.1/xnm">
  <interfaces><interface><name>ge-0/0/1</name>{}</interface></interfaces>
</configuration>
"""

EXAMPLES = [
    Example(
        platform="cisco_ios",
        config="interface GigabitEthernet1/0/2\n description to the edge\nntp server 192.0.2.7\n",
        sign="description to the edge",
        bad="interface GigabitEthernet1/0/2\n description half way\n frobnicate 7\n",
        bad_line="frobnicate 7",
        strength="device-timer",
    ),
    Example(
        platform="arista_eos",
        config="interface Ethernet2\n   description to the edge\nntp server 192.0.2.7\n",
        sign="description to the edge",
        bad="interface Ethernet2\n   description half way\n   frobnicate 7\n",
        bad_line="frobnicate 7",
    ),
    Example(
        platform="juniper_junos",
        config='interfaces {\n    ge-0/0/1 {\n        description "to the edge";\n    }\n}\n',
        sign='description "to the edge"',
        bad='interfaces {\n    ge-0/0/1 {\n        description "half way";\n    }\n}\nfrobnicate 7;\n',
        bad_line="frobnicate 7;",
    ),
    Example(
        platform="nokia_srl",
        config='set / interface ethernet-1/2 description "to the edge"\nset / system ntp server 192.0.2.7\n',
        sign='description "to the edge"',
        bad='set / interface ethernet-1/2 description "half way"\nset / frobnicate 7\n',
        bad_line="set / frobnicate 7",
    ),
]

EXAMPLES += [
    replace(example, plugin="napalm") for example in EXAMPLES if example.platform in NapalmPlugin.platforms
] + [
    Example(
        platform="juniper_junos",
        config=IN_XML.format("<description>to the edge</description>"),
        sign='description "to the edge"',
        bad=IN_XML.format("<description>half way</description>").replace("</conf", "<frobnicate>7</frobnicate></conf"),
        bad_line="frobnicate",
        plugin="netconf",
    )
]


@pytest.fixture(params=EXAMPLES, ids=lambda example: example.name)
def example(request: pytest.FixtureRequest) -> Example:
    return request.param  # type: ignore[no-any-return]  # what params hold


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ios() -> Example:
    return EXAMPLES[0]


@pytest.fixture
def examples() -> list[Example]:
    return EXAMPLES


@pytest.fixture
def eos() -> Example:
    return EXAMPLES[1]


@pytest.fixture
def junos() -> Example:
    return EXAMPLES[2]


@pytest.fixture
def answers() -> dict[str, str]:
    """Commands that the device answers in another way."""
    return {}


@pytest.fixture
def saved_by() -> str:
    """Version of the software that wrote the device's start-up configuration, where it is another one."""
    return ""


@pytest.fixture
def network(clock: Clock, example: Example, answers: dict[str, str], saved_by: str) -> Iterator[SimulatedNetwork]:
    device = SimulatedDevice(name="r1", platform=example.platform, answers=answers, saved_by=saved_by)
    with SimulatedNetwork([device], clock=clock) as running:
        yield running


@pytest.fixture
def router(network: SimulatedNetwork) -> RunningDevice:
    return network["r1"]


class MakeRuntime(Protocol):
    def __call__(self, *, command_timeout_s: float = ...) -> DeviceRuntime: ...


@pytest.fixture
def make_runtime(network: SimulatedNetwork, tmp_path: Path) -> Iterator[MakeRuntime]:
    known_hosts = network.write_known_hosts(tmp_path / "known_hosts")
    started: list[DeviceRuntime] = []

    def make(*, command_timeout_s: float = 10) -> DeviceRuntime:
        settings = DeviceSettings(known_hosts=known_hosts, host_keys="strict", command_timeout_s=command_timeout_s)
        runtime = DeviceRuntime(
            settings, catalogue=PluginCatalogue.of(ScrapliPlugin(), NapalmPlugin(), NetconfPlugin(), FrrPlugin())
        )
        runtime.start()
        started.append(runtime)
        return runtime

    yield make
    for runtime in started:
        runtime.stop()


@pytest.fixture
def runtime(make_runtime: MakeRuntime) -> DeviceRuntime:
    return make_runtime()


@pytest.fixture
def device(router: RunningDevice, example: Example) -> Device:
    options: dict[str, object] = {
        "neops": {"extras": {"plugins": [example.plugin]}},
        "netconf": {"port": router.port},
    }
    if "eapi" in router.ports:
        options["napalm"] = {"port": router.ports["eapi"], "extras": {"optional_args": {"transport": "http"}}}
    return Device(
        id=1,
        hostname="r1",
        ip="127.0.0.1",
        port=router.port,
        username=router.spec.username,
        password=Secret(router.spec.password),
        platform=Platform(short_name=router.spec.platform),
        connection_options=Secret(json.dumps(options)),
    )
