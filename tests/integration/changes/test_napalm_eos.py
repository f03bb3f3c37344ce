"""eAPI has no sessions: a candidate is there by its name, as long as the device knows it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from neops.devices import ChangeOutcome, DeviceRuntime, Reboots, WritesConfig
from neops.entities import Device
from neops.errors import ChangeFailed
from neops.testing.simulator import RunningDevice

if TYPE_CHECKING:
    from tests.integration.changes.conftest import Clock, Example


@pytest.fixture
def example(eos: Example) -> Example:
    return replace(eos, plugin="napalm")


@pytest.fixture
def answers(request: pytest.FixtureRequest) -> dict[str, str]:
    return getattr(request, "param", {})


async def until_it_listens(port: int) -> None:
    async with asyncio.timeout(5):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.01)


async def test_a_candidate_that_went_with_a_reboot_is_told_so(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example, clock: Clock
) -> None:
    before = router.running_config

    async def change_over_a_reboot() -> None:
        async with runtime.connect(device, WritesConfig).change(example.config) as change:
            await runtime.connect(device, Reboots).reboot(save=False, wait=False)
            clock.turn(600)
            await until_it_listens(router.ports["eapi"])
            await change.commit(confirm_within=60)

    with pytest.raises(ChangeFailed, match=r"nothing was changed .*the candidate neops-.* is gone") as failed:
        await change_over_a_reboot()

    assert (failed.value.outcome, router.running_config) == ("unchanged", before)


@pytest.mark.parametrize("answers", [{"write memory": "% Error copying system:running-config"}], indirect=True)
async def test_a_change_that_cannot_be_saved_is_not_called_unchanged(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before = router.running_config
    changes = []

    async def change() -> None:
        async with runtime.connect(device, WritesConfig).change(example.config) as change:
            changes.append(change)
            await change.commit()

    with pytest.raises(Exception, match="write memory"):
        await change()

    assert (changes[0].outcome, router.running_config) == (ChangeOutcome.REVERTED, before)
