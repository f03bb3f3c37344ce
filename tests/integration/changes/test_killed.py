"""kill -9 in the middle of a change: the device's own timer takes it back, and nothing of it is in the way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from neops.devices import ChangeOutcome, DeviceRuntime, WritesConfig
from neops.entities import REVEAL, Device
from neops.errors import ConfigLocked
from neops.testing.simulator import RunningDevice

if TYPE_CHECKING:
    from tests.integration.changes.conftest import Clock, Example

PROGRAM = """
import asyncio, sys
from pathlib import Path
from neops.devices import DeviceRuntime, PluginCatalogue, WritesConfig
from neops.entities import Device
from neops.settings import DeviceSettings
from neops_napalm import NapalmPlugin
from neops_netconf import NetconfPlugin
from neops_scrapli import ScrapliPlugin

async def main(device, config, known_hosts, commit):
    settings = DeviceSettings(known_hosts=Path(known_hosts), host_keys="strict")
    catalogue = PluginCatalogue.of(ScrapliPlugin(), NapalmPlugin(), NetconfPlugin())
    with DeviceRuntime(settings, catalogue=catalogue) as runtime:
        async with runtime.connect(Device.model_validate_json(device), WritesConfig).change(config) as change:
            if commit == "yes":
                await change.commit(confirm_within=120)
            print("now", flush=True)
            await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


def nothing_left(router: RunningDevice) -> bool:
    return not (router.configuration_locked or router.candidates or router.awaits_confirmation)


def kill_a_change(device: Device, config: str, known_hosts: Path, *, commit: str) -> None:
    """Start a process that changes the device, and kill it when it got there."""
    arguments = [device.model_dump_json(context=REVEAL), config, str(known_hosts), commit]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = process.stdout.readline()
        process.kill()
        assert said == "now\n", process.stderr.read()


@pytest.fixture
def known_hosts(make_runtime: object, tmp_path: Path) -> Path:
    """Written with the runtime's."""
    return tmp_path / "known_hosts"


async def test_a_commit_of_a_killed_process_is_reverted_by_the_device_and_leaves_nothing(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example, clock: Clock, known_hosts: Path
) -> None:
    before = router.running_config

    kill_a_change(device, example.config, known_hosts, commit="yes")

    assert example.sign in router.running_config
    with pytest.raises(ConfigLocked):
        async with runtime.connect(device, WritesConfig).change(example.config):
            pass
    clock.turn(121)
    assert router.running_config == before
    assert nothing_left(router)
    async with runtime.connect(device, WritesConfig).change(example.config) as change:
        await change.commit(confirm_within=120)
        await change.confirm()
    assert change.outcome is ChangeOutcome.CHANGED


async def test_a_candidate_of_a_killed_process_is_cleared_by_the_next_change(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example, known_hosts: Path
) -> None:
    before = router.running_config

    kill_a_change(device, example.config, known_hosts, commit="no")

    assert router.running_config == before
    async with runtime.connect(device, WritesConfig).change(example.config) as change:
        assert "to the edge" in change.diff
        await change.commit()
    assert nothing_left(router)
