"""The example on four simulated vendors: `neops run`, as an operator does it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from neops.testing.simulator import SimulatedDevice, SimulatedNetwork

WORKFLOW = Path(__file__).with_name("workflow.yaml")
PLATFORMS = ("cisco_ios", "arista_eos", "juniper_junos", "nokia_srl")

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def network() -> Iterator[SimulatedNetwork]:
    with SimulatedNetwork([SimulatedDevice(name=name, platform=name) for name in PLATFORMS]) as running:
        yield running


@pytest.fixture
def run(network: SimulatedNetwork, tmp_path: Path) -> Run:
    """Runs the workflow with some parameters; gives the report that `--json` prints."""
    inventory = network.write_inventory(tmp_path / "inventory")

    def call(*parameters: str) -> dict[str, Any]:
        settings = [argument for parameter in parameters for argument in ("--set", parameter)]
        command = ["run", str(WORKFLOW), "--inventory", f"nornir:{inventory}", "--json", *settings]
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "neops", *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    return call


@pytest.mark.slow
def test_every_vendor_gets_the_server_once(run: Run, network: SimulatedNetwork) -> None:
    first, again = run(), run()

    assert {device["device"]: device["result"] for device in first["devices"]} == dict.fromkeys(PLATFORMS, "changed")
    assert {device["device"]: device["result"] for device in again["devices"]} == dict.fromkeys(PLATFORMS, "ok")
    assert all("192.0.2.7" in device.running_config for device in network)
    assert not any(device.awaits_confirmation or device.configuration_locked for device in network)


@pytest.mark.slow
def test_a_dry_run_changes_nothing(run: Run, network: SimulatedNetwork) -> None:
    before = {device.spec.name: device.running_config for device in network}

    report = run("dry_run=true", "server=198.51.100.1")

    assert {device["result"] for device in report["devices"]} == {"ok"}
    assert all(device["message"].startswith("would change: +") for device in report["devices"])
    assert {device.spec.name: device.running_config for device in network} == before
