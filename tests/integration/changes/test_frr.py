"""FRR has neither candidate nor timer: lines take effect one by one, and neops takes them back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from neops.devices import ChangeOutcome, DeviceRuntime, WritesConfig
from neops.devices.changes.deciding import same_config
from neops.entities import Device
from neops.errors import ChangeFailed, ConfigRejected
from neops.testing.simulator import Fault, FaultKind, RunningDevice

if TYPE_CHECKING:
    from tests.integration.changes.conftest import Example

SIGN = "description to the edge"
CONFIG = f"interface eth1\n {SIGN}\nip route 192.0.2.0/24 blackhole\n"


@pytest.fixture
def example(ios: Example) -> Example:
    return type(ios)(
        platform="frr", config=CONFIG, sign=SIGN, bad="interface eth1\n description half\n frobnicate 7\n",
        bad_line="frobnicate 7", strength="session", plugin="frr",
    )  # fmt: skip


async def test_a_change_that_is_confirmed_stays_and_is_saved(
    runtime: DeviceRuntime, device: Device, router: RunningDevice
) -> None:
    async with runtime.connect(device, WritesConfig).change(CONFIG) as change:
        assert "+ ip route 192.0.2.0/24 blackhole" in change.diff
        await change.commit(confirm_within=60)
        assert (change.outcome, change.strength) == ("changed", "session")
        assert SIGN not in router.startup_config
        await change.confirm()

    assert change.outcome is ChangeOutcome.CHANGED
    assert SIGN in router.startup_config


async def test_a_change_that_nobody_confirms_in_time_is_taken_back_and_late_is_too_late(
    runtime: DeviceRuntime, device: Device, router: RunningDevice
) -> None:
    before = router.running_config

    async with runtime.connect(device, WritesConfig).change(CONFIG) as change:
        await change.commit(confirm_within=0.1)
        async with asyncio.timeout(5):
            while change.outcome is not ChangeOutcome.REVERTED:
                await asyncio.sleep(0.01)
        with pytest.raises(ChangeFailed, match="too late: the change was taken back"):
            await change.confirm()

    assert change.outcome is ChangeOutcome.REVERTED
    assert same_config(router.running_config, before)


async def test_a_refused_line_is_quoted_and_those_before_it_are_taken_back(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before = router.running_config

    async def change_badly() -> None:
        async with runtime.connect(device, WritesConfig).change(example.bad) as change:
            await change.commit()

    with pytest.raises(ConfigRejected, match=example.bad_line) as refused:
        await change_badly()

    assert refused.value.outcome == "reverted"
    assert same_config(router.running_config, before)


async def test_a_session_that_breaks_between_two_lines_leaves_none_of_them(
    runtime: DeviceRuntime, device: Device, router: RunningDevice
) -> None:
    before = router.running_config
    router.fault = Fault(kind=FaultKind.DROP, command="ip route 192.0.2.0", times=1)

    async def change() -> None:
        async with runtime.connect(device, WritesConfig).change(
            f"{CONFIG}ip route 192.0.2.128/25 blackhole\n"
        ) as change:
            await change.commit()

    with pytest.raises(ChangeFailed, match="what was changed is taken back"):
        await change()

    assert same_config(router.running_config, before)
