"""The built-in blocks on real routers, as `neops run` runs them: engine, worker, pool and plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lab.network import PASSWORD, SHELL_USER, VTYSH_USER, Lab

pytestmark = pytest.mark.lab

WORKFLOW = """\
package: wf.example.io
name: audit
label: audit
majorVersion: 1
minorVersion: 0
patchVersion: 0
type: workflow
seedEntity: device
steps:
  - {type: functionBlock, label: facts, functionBlock: "core.neops.io/facts:1"}
  - {type: functionBlock, label: backup, functionBlock: "core.neops.io/backup_config:1"}
  - type: functionBlock
    label: reaches_r3
    functionBlock: core.neops.io/verify:1
    parameters:
      command: show ip route 10.255.0.3/32 json
      parse: json
      assertion: '"10.255.0.3/32"[?selected].protocol | [0]'
      expected: bgp
"""


@pytest.fixture
def inventory(lab: Lab, tmp_path: Path) -> str:
    """r1 by a shell, r2 by a login that is forced into vtysh, r3 with scrapli."""
    users = {"r1": SHELL_USER, "r2": VTYSH_USER, "r3": VTYSH_USER}
    hosts: dict[str, dict[str, Any]] = {
        name: {"hostname": lab[name].address, "platform": "frr", "username": user, "password": PASSWORD}
        for name, user in users.items()
    }
    hosts["r3"]["connection_options"] = {"neops": {"extras": {"plugins": ["scrapli"]}}}
    (tmp_path / "hosts.yaml").write_text(yaml.safe_dump(hosts))
    options = {"host_file": str(tmp_path / "hosts.yaml")}
    config = {"inventory": {"plugin": "SimpleInventory", "options": options}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    return f"nornir:{tmp_path / 'config.yaml'}"


def test_facts_backup_and_verify_run_on_every_router(inventory: str, tmp_path: Path) -> None:
    (tmp_path / "audit.yaml").write_text(WORKFLOW)

    done = subprocess.run(
        [sys.executable, "-m", "neops", "run", tmp_path / "audit.yaml", "--inventory", inventory, "--json"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout, done.stderr
    devices = {device["device"]: device for device in json.loads(done.stdout)["devices"]}
    steps = {name: device["steps"] for name, device in devices.items()}
    assert steps["r1"] == steps["r2"] == {"facts": True, "backup": True, "reaches_r3": True}
    assert steps["r3"] == {"facts": True, "backup": True, "reaches_r3": False}
    assert 'expected "bgp", found "connected"' in devices["r3"]["message"]
    assert done.returncode == 1
