"""examples/group_run, as its README tells to run it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neops.testing.simulator import SimulatedDevice, SimulatedNetwork

EXAMPLE = Path(__file__).parents[3] / "examples" / "group_run"


@pytest.fixture
def inventory(tmp_path: Path) -> Iterator[str]:
    switches = [
        SimulatedDevice(name=f"{group}-{number}", platform="cisco_ios", groups=(group,))
        for group in ("access", "core")
        for number in (1, 2)
    ]
    with SimulatedNetwork(switches) as network:
        yield f"nornir:{network.write_inventory(tmp_path / 'lab')}"


@pytest.mark.slow
@pytest.mark.parametrize("workflow", ["parallel", "nornir", "proxy"])
def test_every_way_asks_the_members_of_the_groups_that_were_chosen(neops: Any, inventory: str, workflow: str) -> None:
    said = neops(
        "run",
        EXAMPLE / f"{workflow}.yaml",
        "--blocks",
        EXAMPLE,
        "--inventory",
        inventory,
        "--limit",
        "name:core",
        "--json",
    )

    assert said.code == 0, said
    assert {device["device"]: device["result"] for device in said.json["devices"]} == {"core-1": "ok", "core-2": "ok"}
