"""The connection breaks at each command that a change sends, one after the other: what is on the device afterwards."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from neops.devices import DeviceRuntime, ReadsConfig, WritesConfig
from neops.entities import Device
from neops.errors import DeviceError
from neops.testing.simulator import Fault, FaultKind, RunningDevice

if TYPE_CHECKING:
    from tests.integration.changes.conftest import Clock, Example, MakeRuntime

pytestmark = pytest.mark.slow


def nothing_left(router: RunningDevice) -> bool:
    return not (router.configuration_locked or router.candidates)


async def becomes_true(claim: Callable[[], bool], within_s: float = 5.0) -> bool:
    end = time.monotonic() + within_s
    while not (true := claim()) and time.monotonic() < end:
        await asyncio.sleep(0.01)
    return true


async def outcome_of(runtime: DeviceRuntime, device: Device, config: str) -> str:
    """Of a change that is confirmed; empty when it was not even prepared."""
    made = None
    try:
        async with runtime.connect(device, WritesConfig).change(config) as made:
            await made.commit(confirm_within=120)
            await made.confirm()
    except DeviceError:
        pass
    return "" if made is None else str(made.outcome)


async def test_wherever_the_connection_breaks_nothing_stays_behind_and_the_outcome_is_true(
    make_runtime: MakeRuntime, device: Device, router: RunningDevice, example: Example, clock: Clock
) -> None:
    if example.name == "cisco_ios-napalm":
        pytest.skip("a change takes five seconds, and IOS asks for file names, which faults do not strike")
    runtime = make_runtime()
    golden = (await runtime.connect(device, ReadsConfig).get_config()).running

    async def set_back() -> None:
        async with runtime.connect(device, WritesConfig).change(golden, mode="replace") as back:
            await back.commit()

    router.forget()
    assert await outcome_of(make_runtime(), device, example.config) == "changed"
    sent = list(dict.fromkeys(router.commands))
    await set_back()

    for command in sent:
        router.fault = Fault(kind=FaultKind.DROP, command=f"^{re.escape(command)}$", times=1)
        outcome = await outcome_of(make_runtime(), device, example.config)  # which logs in anew
        router.fault = None
        assert await becomes_true(lambda: nothing_left(router)), command
        clock.turn(3600)
        assert (example.sign in router.running_config) == (outcome == "changed"), (command, outcome)
        if outcome == "changed":
            await set_back()
