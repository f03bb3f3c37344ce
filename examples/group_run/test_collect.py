"""The three blocks on one simulated group: the same answers, one member unreachable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.group_run import simulated
from examples.group_run.collect import CollectNornir, CollectParallel, CollectProxy
from neops.blocks import BlockClass
from neops.devices import DeviceRuntime
from neops.settings import DeviceSettings
from neops.testing import Case, run_case
from neops.testing.simulator import Facts, Fault, FaultKind, SimulatedDevice, SimulatedNetwork
from neops_nornir_inventory import load

MEMBERS = ("sw1", "sw2", "sw3")


@pytest.fixture(scope="module")
def network() -> Iterator[SimulatedNetwork]:
    specs = [SimulatedDevice(name=name, platform="cisco_ios", facts=Facts(version="15.2(7)E3")) for name in MEMBERS]
    with SimulatedNetwork(specs) as network:
        network["sw3"].fault = Fault(kind=FaultKind.REJECT_PASSWORD)
        yield network


@pytest.fixture
def devices(network: SimulatedNetwork) -> list[dict[str, Any]]:
    return [
        {
            "hostname": name,
            "ip": "127.0.0.1",
            "port": network[name].port,
            "username": network[name].spec.username,
            "password": network[name].spec.password,
        }
        for name in MEMBERS
    ]


@pytest.fixture
def runtime(network: SimulatedNetwork, tmp_path: Path) -> Iterator[DeviceRuntime]:
    with DeviceRuntime(DeviceSettings(known_hosts=network.write_known_hosts(tmp_path / "known_hosts"))) as runtime:
        yield runtime


def test_the_simulated_switches_are_an_inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    monkeypatch.setattr("builtins.input", lambda _: read.append(load(str(tmp_path / "config.yaml"))))

    simulated.main(str(tmp_path))

    (batch,) = read
    assert [device.hostname for device in batch.devices if "core" in device.groups] == [
        f"core-{n}" for n in range(1, 7)
    ]


@pytest.mark.parametrize("block", [CollectParallel, CollectNornir, CollectProxy])
def test_every_way_reads_the_same(block: BlockClass, devices: list[dict[str, Any]], runtime: DeviceRuntime) -> None:
    members = [{"id": number} for number in range(1, len(devices) + 1)]

    result = run_case(
        block, Case(devices=devices, device_groups=[{"name": "access", "devices": members}], connector=runtime)
    )

    outcomes = result.data["devices"]
    assert {name: one["status"] for name, one in outcomes.items()} == {"sw1": "ok", "sw2": "ok", "sw3": "unreachable"}
    assert result.success
    assert all("15.2(7)E3" in outcomes[name]["data"]["os_version"] for name in ("sw1", "sw2"))
    assert len(result.updates) == 2
