"""The whole transaction on four vendors: what is on the device after each way through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from neops.devices import ChangeOutcome, DeviceRuntime, ReadsConfig, WritesConfig
from neops.devices.changes.deciding import same_config
from neops.entities import Device
from neops.errors import ConfigRejected
from neops.testing.simulator import RunningDevice

if TYPE_CHECKING:
    from tests.integration.changes.conftest import Clock, Example


def nothing_left(router: RunningDevice) -> bool:
    return not (router.configuration_locked or router.candidates or router.awaits_confirmation)


async def test_a_change_that_is_confirmed_stays(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example, clock: Clock
) -> None:
    async with runtime.connect(device, WritesConfig).change(example.config) as change:
        assert "to the edge" in change.diff
        assert example.sign not in router.running_config
        await change.commit(confirm_within=120)
        assert (change.outcome, change.strength, router.awaits_confirmation) == ("changed", example.strength, True)
        logins = router.logins
        await change.confirm()
        assert router.logins == logins + 1 or example.logs_in_for_each_request
    clock.turn(3600)

    assert change.outcome is ChangeOutcome.CHANGED
    assert example.sign in router.running_config
    assert nothing_left(router)


async def test_a_change_that_is_not_confirmed_is_taken_back_when_it_is_left(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before = router.running_config

    async with runtime.connect(device, WritesConfig).change(example.config) as change:
        await change.commit(confirm_within=120)
        assert example.sign in router.running_config

    assert (change.outcome, router.running_config) == (ChangeOutcome.REVERTED, before)
    assert nothing_left(router)


async def test_leaving_without_a_commit_discards(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before = router.running_config

    async with runtime.connect(device, WritesConfig).change(example.config) as change:
        pass

    assert (change.outcome, router.running_config) == (ChangeOutcome.UNCHANGED, before)
    assert nothing_left(router)


async def test_an_error_before_the_confirmation_rolls_back(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before = router.running_config

    async def change_and_fail() -> None:
        async with runtime.connect(device, WritesConfig).change(example.config) as change:
            await change.commit(confirm_within=120)
            raise RuntimeError("the check failed")

    with pytest.raises(RuntimeError, match="the check failed"):
        await change_and_fail()

    assert router.running_config == before
    assert nothing_left(router)


async def test_a_refused_line_is_quoted_and_the_rest_is_undone(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before = router.running_config

    async def change_badly() -> None:
        async with runtime.connect(device, WritesConfig).change(example.bad) as change:
            await change.commit()

    with pytest.raises(ConfigRejected) as refused:
        await change_badly()

    assert refused.value.line.strip() == example.bad_line
    assert example.bad_line in str(refused.value)
    assert router.running_config == before
    assert nothing_left(router)


async def test_what_is_configured_already_changes_nothing(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    router_ = runtime.connect(device, WritesConfig)
    async with router_.change(example.config) as change:
        await change.commit()
    after, sent = router.running_config, len(router.commands)

    async with router_.change(example.config) as again:
        await again.commit(confirm_within=60)
        await again.confirm()

    assert (again.diff, again.outcome) == ("", ChangeOutcome.UNCHANGED)
    assert router.running_config == after
    assert not [line for line in router.commands[sent:] if line.startswith(("commit", "configure terminal"))]
    assert nothing_left(router)


async def test_a_whole_configuration_replaces_the_old_one(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    golden = (await runtime.connect(device, ReadsConfig).get_config()).running
    async with runtime.connect(device, WritesConfig).change(example.config) as change:
        await change.commit()

    async with runtime.connect(device, WritesConfig).change(golden, mode="replace") as back:
        await back.commit(confirm_within=120)
        await back.confirm()

    assert "to the edge" in back.diff
    assert back.outcome is ChangeOutcome.CHANGED
    assert "to the edge" not in router.running_config
    assert same_config((await runtime.connect(device, ReadsConfig).get_config()).running, golden)
    assert nothing_left(router)
