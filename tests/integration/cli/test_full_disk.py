"""`neops run` where there is no room: a limit on the size of files stands in for the end of a disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from neops.testing.simulator import SimulatedDevice, SimulatedNetwork

STEPS = 'steps: [{type: functionBlock, label: facts, functionBlock: "core.neops.io/facts:1"}]'


def run(workflow: Path, inventory: Path, *, kib: int) -> subprocess.CompletedProcess[str]:
    """The run of a workflow where no file may be bigger."""
    call = [sys.executable, "-m", "neops", "run", str(workflow), "--inventory", f"nornir:{inventory}", "--json"]
    return subprocess.run(
        ["/bin/bash", "-c", f'ulimit -f {kib}; exec "$@"', "bash", *call],
        cwd=workflow.parent,
        env={"PATH": os.environ["PATH"], "HOME": str(workflow.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
def test_a_run_that_cannot_be_kept_ends_and_says_why_in_one_line(tmp_path: Path, workflow: Path) -> None:
    with SimulatedNetwork([SimulatedDevice(name="r1", platform="cisco_ios")]) as network:
        done = run(workflow, network.write_inventory(tmp_path / "inventory"), kib=100)

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "neops.db cannot be used: disk I/O error; look at the disk" in done.stderr


@pytest.mark.slow
def test_a_run_whose_disk_fills_up_ends_with_what_is_known(tmp_path: Path, workflow: Path) -> None:
    with SimulatedNetwork([SimulatedDevice(name="r1", platform="cisco_ios")]) as network:
        done = run(workflow, network.write_inventory(tmp_path / "inventory"), kib=400)

    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 1
    assert [device["device"] for device in report["devices"]] == ["r1"]
    assert "look at the disk" in report["failures"][-1]
    assert "Traceback" not in done.stderr
