"""IOS takes lines one by one: what that makes harder, on a device that has no `archive` for its revert timer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from neops.devices import ChangeMode, ChangeOutcome, DeviceRuntime, WritesConfig
from neops.entities import Device
from neops.errors import ChangeFailed, ConfigRejected
from neops.testing.simulator import Fault, FaultKind, RunningDevice

if TYPE_CHECKING:
    from tests.integration.changes.conftest import Example


@pytest.fixture
def example(ios: Example) -> Example:
    return ios


@pytest.fixture
def answers() -> dict[str, str]:
    return {
        "configure terminal revert timer <minutes>": "% Rollback Confirmed Change needs the archive to be configured"
    }


async def becomes_true(claim: Callable[[], bool], within_s: float = 5.0) -> bool:
    end = time.monotonic() + within_s
    while not (true := claim()) and time.monotonic() < end:
        await asyncio.sleep(0.01)
    return true


async def test_without_a_timer_on_the_device_the_session_is_one_and_says_so(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before = router.running_config

    async with runtime.connect(device, WritesConfig).change(example.config) as change:
        await change.commit(confirm_within=0.2)
        assert change.strength == "session"
        assert example.sign in router.running_config
        assert await becomes_true(lambda: change.outcome is ChangeOutcome.REVERTED)
        assert example.sign not in router.running_config

    assert sorted(router.running_config.splitlines()) == sorted(before.splitlines())


async def test_a_confirmation_keeps_the_change_and_saves_it(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    async with runtime.connect(device, WritesConfig).change(example.config) as change:
        await change.commit(confirm_within=60)
        assert example.sign not in router.startup_config
        await change.confirm()

    assert change.outcome is ChangeOutcome.CHANGED
    assert example.sign in router.running_config
    assert example.sign in router.startup_config


async def test_a_session_that_breaks_half_way_has_its_lines_taken_back(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before = router.running_config
    router.fault = Fault(kind=FaultKind.DROP, command="description to the edge", times=1)

    async def change_half() -> None:
        async with runtime.connect(device, WritesConfig).change(example.config) as change:
            await change.commit()

    with pytest.raises(ChangeFailed, match="taken back") as failed:
        await change_half()

    assert failed.value.outcome == "reverted"
    assert router.running_config == before


async def test_lines_before_a_refused_one_are_taken_back(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before = router.running_config

    async def change_badly() -> None:
        async with runtime.connect(device, WritesConfig).change(example.bad) as change:
            await change.commit(confirm_within=60)

    with pytest.raises(ConfigRejected) as refused:
        await change_badly()

    assert (refused.value.outcome, router.running_config) == ("reverted", before)
    assert " description half way" in router.commands or "description half way" in router.commands


USER = "username backup privilege 15 secret 9 $9$old"


async def made(runtime: DeviceRuntime, device: Device, config: str, mode: ChangeMode = "merge") -> None:
    async with runtime.connect(device, WritesConfig).change(config, mode=mode) as change:
        await change.commit()
    assert change.outcome is ChangeOutcome.CHANGED


async def test_what_a_line_asks_back_is_answered(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    trustpoint = "crypto pki trustpoint LAB"
    await made(runtime, device, f"{USER}\n{trustpoint}\n")

    await made(runtime, device, f"no username backup\nno {trustpoint}\n{example.config}")

    assert "username backup" not in router.running_config
    assert trustpoint not in router.running_config
    assert example.sign in router.running_config


async def test_a_user_is_replaced_in_place_and_taken_away_by_name(
    runtime: DeviceRuntime, device: Device, router: RunningDevice
) -> None:
    before = router.running_config
    await made(runtime, device, USER)
    with_user = router.running_config
    router.forget()

    await made(runtime, device, with_user.replace("$9$old", "$9$new"), mode="replace")
    assert USER.replace("old", "new") in router.running_config
    assert not [line for line in router.commands if line.startswith("no ")]

    await made(runtime, device, before, mode="replace")
    assert [line for line in router.commands if line.startswith("no ")] == ["no username backup"]
    assert "username backup" not in router.running_config
