"""`neops run --record`, `neops run --replay` and `neops transcript show`, as their user calls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neops.testing.simulator import SimulatedDevice, SimulatedNetwork

STEPS = """\
parameterSchema: {type: object, properties: {command: {type: string, default: show clock}}}
steps:
  - type: functionBlock
    label: facts
    functionBlock: core.neops.io/facts:1
  - type: functionBlock
    label: ask
    functionBlock: core.neops.io/command:1
    parameters: {command: "{{ parameters.command }}"}
"""
PASSWORD = "s3cret-of-all"


@pytest.fixture
def recorded(neops: Any, workflow: Path, tmp_path: Path) -> tuple[Path, str, Any]:
    """A recorded run: the file, the inventory, and what it reported; nobody answers there any more."""
    file = tmp_path / "who.jsonl.zst"
    devices = [SimulatedDevice(name=name, platform="cisco_ios", password=PASSWORD) for name in ("r1", "r2")]
    with SimulatedNetwork(devices) as network:
        inventory = f"nornir:{network.write_inventory(tmp_path / 'inventory')}"
        said = neops("run", workflow, "--inventory", inventory, "--record", file, "--json")
    assert said.code == 0, said
    return file, inventory, said.json


def of_devices(report: Any) -> Any:
    return [{name: device[name] for name in ("device", "result", "message", "steps")} for device in report["devices"]]


@pytest.mark.slow
def test_a_recorded_run_is_run_again_without_its_devices(cold_neops: Any, workflow: Path, recorded: Any) -> None:
    file, inventory, live = recorded

    said = cold_neops("run", workflow, "--inventory", inventory, "--replay", file, "--json")

    assert said.code == 0, said
    assert of_devices(said.json) == of_devices(live)


@pytest.mark.slow
def test_another_run_than_the_recorded_one_fails_and_shows_the_difference(
    neops: Any, workflow: Path, recorded: Any
) -> None:
    file, inventory, _ = recorded

    said = neops("run", workflow, "--inventory", inventory, "--replay", file, "--set", "command=show users")

    assert said.code == 1
    assert "call 2 of 2 is not what was recorded" in said.err
    assert "asked:    send_commands(commands=['show users'])" in said.err
    assert "recorded: send_commands(commands=['show clock'])" in said.err


@pytest.mark.slow
def test_a_recording_is_shown_for_people_and_for_programs(neops: Any, recorded: Any) -> None:
    file, _, _ = recorded

    shown = neops("transcript", "show", file, "--device", "r1")
    printed = neops("transcript", "show", file, "--verbose")
    data = neops("transcript", "show", file, "--json").json

    assert "r1: cisco_ios through " in shown.out
    assert "1 get_facts()" in shown.out
    assert "r2" not in shown.out
    assert "> show clock" in printed.out
    assert {event["device"] for event in data["events"]} == {"r1", "r2"}
    assert data["complete"]
    assert PASSWORD not in printed.out + str(data)


@pytest.mark.slow
def test_a_recording_is_never_written_over(neops: Any, workflow: Path, recorded: Any) -> None:
    file, inventory, _ = recorded
    before = file.read_bytes()

    again = neops("run", workflow, "--inventory", inventory, "--record", file)
    both = neops("run", workflow, "--inventory", inventory, "--record", "new.zst", "--replay", file)
    none = neops("transcript", "show", workflow)

    assert (again.code, both.code, none.code) == (2, 2, 2)
    assert "a recording is never written over" in again.err
    assert "is no Zstandard file" in none.err
    assert file.read_bytes() == before
