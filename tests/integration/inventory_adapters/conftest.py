"""A small simulated network, and a job's context on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from neops import WorkflowContext
from neops.devices import DeviceRuntime
from neops.settings import DeviceSettings
from neops.testing import create_workflow_context
from neops.testing.simulator import SimulatedDevice, SimulatedNetwork

PLATFORMS = {"core-1": "cisco_ios", "core-2": "arista_eos", "edge-1": "cisco_ios", "edge-2": "juniper_junos"}


@pytest.fixture(scope="module")
def network() -> Iterator[SimulatedNetwork]:
    with SimulatedNetwork(SimulatedDevice(name=name, platform=of) for name, of in PLATFORMS.items()) as network:
        yield network


@pytest.fixture
def healthy(network: SimulatedNetwork) -> Iterator[SimulatedNetwork]:
    """The network, its faults and its evidence gone after the test."""
    yield network
    for device in network:
        device.fault = None
        device.forget()


@pytest.fixture
def runtime(network: SimulatedNetwork, tmp_path: Path) -> Iterator[DeviceRuntime]:
    known_hosts = network.write_known_hosts(tmp_path / "known_hosts")
    with DeviceRuntime(DeviceSettings(known_hosts=known_hosts, connect_timeout_s=5, command_timeout_s=5)) as runtime:
        yield runtime


@pytest.fixture
def fields(network: SimulatedNetwork) -> Callable[[str], dict[str, Any]]:
    """A device of the network as entity fields, in the group that its name begins with."""

    def describe(name: str) -> dict[str, Any]:
        running = network[name]
        return {
            "hostname": name,
            "ip": "127.0.0.1",
            "port": running.port,
            "platform": running.spec.platform,
            "username": running.spec.username,
            "password": running.spec.password,
            "groups": [{"id": 1 if name.startswith("core") else 2}],
        }

    return describe


@pytest.fixture
def context(runtime: DeviceRuntime, fields: Callable[[str], dict[str, Any]]) -> WorkflowContext:
    return create_workflow_context(
        devices=[fields(name) for name in PLATFORMS],
        device_groups=[{"name": "core"}, {"name": "edge"}],
        run_on="global",
        connector=runtime,
    )
