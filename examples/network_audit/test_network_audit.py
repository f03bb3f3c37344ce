"""The example on four vendors that are not there: `neops run --replay`, from a recording beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
RECORDING = HERE / "recordings" / "four_vendors.jsonl.zst"


def replayed(folder: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code and report of a run that the recording answers."""
    inventory = f"yaml:{HERE / 'recordings' / 'inventory.yaml'}"
    command = ["run", str(HERE / "workflow.yaml"), "--inventory", inventory, "--replay", str(RECORDING), "--json"]
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "neops", *command, *more], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, json.loads(done.stdout)


@pytest.mark.slow
def test_the_audit_finds_what_it_found_when_it_was_recorded(tmp_path: Path) -> None:
    code, report = replayed(tmp_path)

    versions = {device["device"]: device["version"] for device in report["devices"]}
    assert code == 0
    assert versions == {"core1": "17.9.4a", "leaf1": "4.31.2F", "edge1": "21.4R3-S5.4", "spine1": "v23.10.1"}
    assert len(list(tmp_path.glob("neops-data/*/artifacts/**/*.*"))) >= len(versions)


@pytest.mark.slow
def test_a_device_that_was_restarted_lately_fails_the_audit(tmp_path: Path) -> None:
    code, report = replayed(tmp_path, "--set", "min_uptime=99999999")

    assert code == 1
    assert {device["result"] for device in report["devices"]} == {"failed"}
