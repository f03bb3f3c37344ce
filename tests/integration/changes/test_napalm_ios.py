"""NAPALM's ios driver keeps candidates as files: none of them stays, and nothing is saved before it is confirmed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from neops.devices import ChangeOutcome, DeviceRuntime, WritesConfig
from neops.entities import Device
from neops.errors import ChangeFailed, ConfigRejected
from neops.testing.simulator import RunningDevice

if TYPE_CHECKING:
    from tests.integration.changes.conftest import Example

NO_ARCHIVE = {"show archive": "Archive feature not enabled"}


@pytest.fixture
def example(ios: Example) -> Example:
    return replace(ios, plugin="napalm")


@pytest.fixture
def answers(request: pytest.FixtureRequest) -> dict[str, str]:
    return getattr(request, "param", {})


def configured(router: RunningDevice) -> list[str]:
    """What was typed in configuration mode besides what the change is about."""
    return [line for line in router.commands if "prompt" in line or line == "configure terminal"]


async def test_neither_files_nor_lines_of_ours_stay(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    async def change_badly() -> None:
        async with runtime.connect(device, WritesConfig).change(example.bad) as change:
            await change.commit()

    async with runtime.connect(device, WritesConfig).change(example.config) as change:
        pass
    async with runtime.connect(device, WritesConfig).change(example.config) as change:
        await change.commit(confirm_within=120)
    with pytest.raises(ConfigRejected):
        await change_badly()
    async with runtime.connect(device, WritesConfig).change(example.config) as change:
        await change.commit(confirm_within=120)
        waiting = dict(router.files)
        await change.confirm()

    assert change.outcome is ChangeOutcome.CHANGED
    assert {name.partition("-")[0] for name in waiting} == {"/flash/neops"}
    assert router.files == {}
    assert configured(router) == []


async def test_a_merge_of_an_unknown_line_alone_is_refused(
    runtime: DeviceRuntime, device: Device, router: RunningDevice
) -> None:
    before = router.running_config

    async def change() -> None:
        async with runtime.connect(device, WritesConfig).change("frobnicate 7\n") as change:
            await change.commit()

    with pytest.raises(ConfigRejected, match="frobnicate 7"):
        await change()

    assert (router.running_config, router.files) == (before, {})


@pytest.mark.parametrize("answers", [NO_ARCHIVE], indirect=True)
async def test_without_an_archive_we_take_it_back_and_save_only_what_is_confirmed(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before = router.running_config

    async with runtime.connect(device, WritesConfig).change(example.config) as change:
        await change.commit(confirm_within=60)
        assert change.strength == "session"
        assert example.sign in router.running_config
        assert example.sign not in router.startup_config

    assert change.outcome is ChangeOutcome.REVERTED
    assert sorted(router.running_config.splitlines()) == sorted(before.splitlines())
    assert router.files == {}


@pytest.mark.parametrize(
    "answers", [{"write memory": "startup-config file open failed (Permission denied)"}], indirect=True
)
async def test_a_change_that_cannot_be_saved_is_taken_back(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before, changes = router.running_config, []

    async def change() -> None:
        async with runtime.connect(device, WritesConfig).change(example.config) as change:
            changes.append(change)
            await change.commit()

    with pytest.raises(ChangeFailed, match=r"runs but cannot be saved: .*Permission denied"):
        await change()

    assert changes[0].outcome is ChangeOutcome.REVERTED
    assert sorted(router.running_config.splitlines()) == sorted(before.splitlines())


async def test_a_device_that_takes_no_files_is_said_what_it_lacks(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    async with runtime.connect(device, WritesConfig).change("no ip scp server enable\n") as change:
        await change.commit()

    assert "ip scp" not in router.running_config

    async def change_again() -> None:
        async with runtime.connect(device, WritesConfig).change(example.config):
            pass

    with pytest.raises(ChangeFailed, match="ip scp server enable") as failed:
        await change_again()
    assert failed.value.outcome == "unchanged"
