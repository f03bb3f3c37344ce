"""NAPALM's own drivers, taken from an exported inventory by Nornir, go through whole cycles on simulated devices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from neops.testing.simulator import Facts, Interface, Neighbor, RunningDevice, SimulatedDevice, SimulatedNetwork


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """What to configure on one platform; `sign` is in the running configuration when it is, `bad` is refused."""

    platform: str
    ports: tuple[str, str]
    config: str
    bad: str
    sign: str = "to the edge"


CYCLES = [
    Cycle(
        platform="cisco_ios",
        ports=("GigabitEthernet1/0/1", "GigabitEthernet1/0/2"),
        config="interface GigabitEthernet1/0/2\n description to the edge\n",
        bad="interface GigabitEthernet1/0/2\n frobnicate 7\n description to the edge\n",
    ),
    Cycle(
        platform="arista_eos",
        ports=("Ethernet1", "Ethernet2"),
        config="interface Ethernet2\n   description to the edge\n",
        bad="interface Ethernet2\n   frobnicate 7\n",
    ),
    Cycle(
        platform="juniper_junos",
        ports=("ge-0/0/0", "ge-0/0/1"),
        config='interfaces {\n    ge-0/0/1 {\n        description "to the edge";\n    }\n}\n',
        bad="frobnicate 7;\n",
    ),
]
every_platform = pytest.mark.parametrize("cycle", CYCLES, ids=lambda cycle: cycle.platform)


def simulated(cycle: Cycle) -> SimulatedDevice:
    up, down = cycle.ports
    facts = Facts(
        interfaces=(
            Interface(name=up, description="to spine1", mac="02:00:5e:10:00:01", address="192.0.2.1/24"),
            Interface(name=down, description="spare", enabled=False, up=False),
        ),
        neighbors=(Neighbor(interface=up, name="spine1", port="Ethernet7"),),
    )
    return SimulatedDevice(name=cycle.platform, platform=cycle.platform, facts=facts)


@pytest.fixture
def network(cycle: Cycle) -> Iterator[SimulatedNetwork]:
    with SimulatedNetwork([simulated(cycle)]) as running:
        yield running


@pytest.fixture
def device(network: SimulatedNetwork, cycle: Cycle) -> RunningDevice:
    return network[cycle.platform]


@pytest.fixture
def driver(device: RunningDevice, network: SimulatedNetwork, tmp_path: Path) -> Iterator[Any]:
    from nornir import InitNornir
    from nornir.core.plugins.connections import ConnectionPluginRegister
    from nornir_napalm.plugins.connections import CONNECTION_NAME, Napalm

    nornir = InitNornir(config_file=str(network.write_inventory(tmp_path)))
    ConnectionPluginRegister.register(CONNECTION_NAME, Napalm)
    yield nornir.inventory.hosts[device.spec.name].get_connection(CONNECTION_NAME, nornir.config)
    nornir.close_connections()


@every_platform
def test_facts_interfaces_and_neighbours(driver: Any, cycle: Cycle) -> None:
    up, down = cycle.ports

    facts, interfaces, neighbors = driver.get_facts(), driver.get_interfaces(), driver.get_lldp_neighbors()

    assert (facts["hostname"], facts["fqdn"]) == (cycle.platform, f"{cycle.platform}.example.net")
    assert facts["serial_number"]
    assert facts["uptime"] > 1_000_000
    assert (interfaces[up]["is_up"], interfaces[up]["description"]) == (True, "to spine1")
    assert interfaces[up]["mac_address"] == "02:00:5E:10:00:01"
    assert interfaces[down]["is_enabled"] is False
    assert neighbors[up] == [{"hostname": "spine1", "port": "Ethernet7"}]


@every_platform
def test_a_merge_is_compared_committed_and_rolled_back(driver: Any, device: RunningDevice, cycle: Cycle) -> None:
    before = device.running_config

    driver.load_merge_candidate(config=cycle.config)
    diff, compared = driver.compare_config(), device.running_config
    driver.commit_config()
    after = device.running_config
    driver.rollback()
    driver.close()

    assert cycle.sign in diff
    assert compared == before
    assert cycle.sign in after
    assert device.running_config == before


@every_platform
def test_a_discarded_candidate_leaves_nothing(driver: Any, device: RunningDevice, cycle: Cycle) -> None:
    driver.load_merge_candidate(config=cycle.config)
    driver.discard_config()

    assert cycle.sign not in driver.compare_config()
    assert not device.configuration_locked
    assert not device.candidates


@every_platform
def test_a_replacement_has_to_be_confirmed(driver: Any, device: RunningDevice, cycle: Cycle) -> None:
    golden = driver.get_config(retrieve="running")["running"]

    driver.load_replace_candidate(config=golden.replace("spare", cycle.sign))
    diff = driver.compare_config()
    driver.commit_config(revert_in=60)
    waits = (driver.has_pending_commit(), device.awaits_confirmation)
    driver.confirm_commit()

    assert cycle.sign in diff
    assert "spine1" not in diff
    assert waits == (True, True)
    assert cycle.sign in device.running_config
    assert not device.awaits_confirmation


@every_platform
def test_a_line_that_is_refused_changes_nothing(driver: Any, device: RunningDevice, cycle: Cycle) -> None:
    from napalm.base.exceptions import MergeConfigException

    before = device.running_config

    def change() -> None:
        driver.load_merge_candidate(config=cycle.bad)
        driver.commit_config()

    with pytest.raises(MergeConfigException, match="frobnicate"):
        change()
    driver.close()

    assert device.running_config == before
    assert not device.configuration_locked
    assert not device.candidates
