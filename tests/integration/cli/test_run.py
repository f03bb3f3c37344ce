from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from neops.testing.simulator import Fault, FaultKind, SimulatedDevice, SimulatedNetwork

STEPS = """\
parameterSchema: {type: object, properties: {least: {type: integer, default: 0}}}
steps:
  - type: functionBlock
    label: facts
    functionBlock: core.neops.io/facts:1
    continueOnError: true
  - type: functionBlock
    label: old_enough
    functionBlock: core.neops.io/verify:1
    continueOnError: true
    parameters: {assertion: "uptime >= `{{ parameters.least }}`"}
"""


@pytest.fixture
def network() -> Iterator[SimulatedNetwork]:
    """Two good devices, one that refuses, one that rejects its password, one of a platform that nothing serves."""
    devices = [
        SimulatedDevice(name="ios1", platform="cisco_ios"),
        SimulatedDevice(name="eos1", platform="arista_eos"),
        SimulatedDevice(name="down1", platform="arista_eos", fault=Fault(kind=FaultKind.REFUSE)),
        SimulatedDevice(name="locked1", platform="cisco_ios", fault=Fault(kind=FaultKind.REJECT_PASSWORD)),
        SimulatedDevice(name="odd1", platform="cisco_ios"),
    ]
    with SimulatedNetwork(devices) as running:
        yield running


@pytest.fixture
def inventory(network: SimulatedNetwork, tmp_path: Path) -> str:
    config = network.write_inventory(tmp_path / "inventory")
    hosts_file = config.with_name("hosts.yaml")
    hosts = yaml.safe_load(hosts_file.read_text())
    hosts["odd1"]["platform"] = "acme_toaster"
    hosts_file.write_text(yaml.safe_dump(hosts))
    return f"nornir:{config}"


@pytest.mark.slow
def test_trouble_on_some_devices_is_named_and_the_others_results_are_kept(
    neops: Any, workflow: Path, inventory: str
) -> None:
    said = neops("run", workflow, "--inventory", inventory, "--json")

    devices = {device["device"]: device for device in said.json["devices"]}
    results = {name: device["result"] for name, device in devices.items()}
    assert said.code == 1
    assert results == {
        "ios1": "ok",
        "eos1": "ok",
        "down1": "unreachable",
        "locked1": "unreachable",
        "odd1": "errored",
    }
    assert devices["ios1"]["steps"] == {"facts": True, "old_enough": True}
    assert devices["ios1"]["version"]
    assert "127.0.0.1" in devices["down1"]["message"]
    assert "credential" in devices["locked1"]["message"] or "password" in devices["locked1"]["message"]
    assert "acme_toaster" in devices["odd1"]["message"]


@pytest.mark.slow
def test_all_well_is_exit_0_and_the_table_names_every_device(cold_neops: Any, workflow: Path, inventory: str) -> None:
    said = cold_neops("run", workflow, "--inventory", inventory, "--limit", "hostname:*os1", "--set", "least=5")

    assert said.code == 0, said
    assert "ios1" in said.out
    assert "eos1" in said.out
    assert "down1" not in said.out
    assert "2 ok" in said.out


@pytest.mark.slow
def test_a_check_that_does_not_hold_is_a_failure_with_expected_and_found(
    neops: Any, workflow: Path, inventory: str
) -> None:
    said = neops(
        "run", workflow, "--inventory", inventory, "--limit", "hostname:ios1", "--set", "least=999999999", "--json"
    )

    (device,) = said.json["devices"]
    assert said.code == 1
    assert device["result"] == "failed"
    assert "999999999" in device["message"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--limit", "hostnam:r1"], "did you mean 'hostname'"),
        (["--set", "leats=5"], "--set leats: the workflow declares least"),
        (["--set", "least=many"], "--set least: "),
        (["--set", "least"], "write key=value"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(
    neops: Any, workflow: Path, inventory: str, arguments: list[str], expected: str
) -> None:
    said = neops("run", workflow, "--inventory", inventory, *arguments)

    assert said.code == 2
    assert expected in said.err
    assert len(said.err.splitlines()) == 1


def test_a_typo_in_the_workflow_names_file_and_line(neops: Any, workflow: Path, inventory: str) -> None:
    workflow.write_text(workflow.read_text().replace("functionBlock: core", "functionBlok: core", 1))

    said = neops("run", workflow, "--inventory", inventory)

    assert said.code == 2
    assert f"{workflow}:13" in said.err
    assert "did you mean 'functionBlock'" in said.err


def test_an_unknown_block_names_file_and_line(neops: Any, workflow: Path, inventory: str) -> None:
    workflow.write_text(workflow.read_text().replace("core.neops.io/facts:1", "core.neops.io/fact:1"))

    said = neops("run", workflow, "--inventory", inventory)

    assert said.code == 2
    assert f"{workflow}:13" in said.err
    assert "did you mean 'core.neops.io/facts'" in said.err


@pytest.mark.parametrize("source", ["nornir:nowhere.yaml", "excel:hosts.xlsx"])
def test_an_inventory_that_cannot_be_read_says_what_to_do(neops: Any, workflow: Path, source: str) -> None:
    said = neops("run", workflow, "--inventory", source)

    assert said.code == 2
    assert source in said.err


def test_an_inventory_without_devices_is_named(neops: Any, workflow: Path, tmp_path: Path) -> None:
    (tmp_path / "none.yaml").write_text("devices: []\n")

    said = neops("run", workflow, "--inventory", f"yaml:{tmp_path / 'none.yaml'}")

    assert said.code == 2
    assert said.err == f"neops: inventory yaml:{tmp_path / 'none.yaml'}: there is no device in it\n"
