"""`neops run` that is told to stop in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from neops.testing.simulator import SimulatedDevice, SimulatedNetwork

STEPS = 'steps: [{type: functionBlock, label: facts, functionBlock: "core.neops.io/facts:1"}]'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "by"),
    [
        (signal.SIGINT, "Ctrl-C"),
        (signal.SIGTERM, "SIGTERM"),
        (signal.SIGHUP, "a lost terminal (SIGHUP)"),
    ],
)
def test_a_run_that_is_told_to_stop_aborts_reports_and_says_by_what(
    tmp_path: Path, workflow: Path, number: signal.Signals, by: str
) -> None:
    with SimulatedNetwork([SimulatedDevice(name="slow1", platform="cisco_ios", latency_s=60)]) as network:
        inventory = f"nornir:{network.write_inventory(tmp_path / 'inventory')}"
        with minded(number):
            running = subprocess.Popen(
                [sys.executable, "-m", "neops", "run", str(workflow), "--inventory", inventory],
                cwd=tmp_path,
                env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "COLUMNS": "160"},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        assert running.stdout is not None
        assert running.stdout.readline().startswith("running: ")  # after two seconds
        running.send_signal(number)
        out, err = running.communicate(timeout=30)

    (report,) = tmp_path.glob("neops-data/*/report.json")
    assert running.returncode == 130
    assert f"aborted by {by}" in out
    assert json.loads(report.read_text())["reasonCode"] == "aborted"
    assert err == ""


@contextmanager
def minded(number: signal.Signals) -> Iterator[None]:
    """What is started inside hears the signal, also where the tests were started in a shell's background."""
    before = signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(number, before)
