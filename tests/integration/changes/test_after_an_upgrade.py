"""IOS asks before it overwrites what another version of its software has saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from neops.devices import DeviceRuntime, WritesConfig
from neops.entities import Device
from neops.testing.simulator import RunningDevice

if TYPE_CHECKING:
    from tests.integration.changes.conftest import Example


@pytest.fixture(params=["scrapli", "napalm"])
def example(request: pytest.FixtureRequest, examples: list[Example]) -> Example:
    return next(one for one in examples if (one.platform, one.plugin) == ("cisco_ios", request.param))


@pytest.fixture
def saved_by() -> str:
    return "16.12.4"


async def test_a_change_is_saved_although_the_device_asks(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    for config in ("hostname r2\n", example.config):  # the second time it does not ask, under another name
        async with runtime.connect(device, WritesConfig).change(config) as change:
            await change.commit()
        assert change.outcome == "changed"

    assert {"hostname r2", "ntp server 192.0.2.7"} <= set(router.startup_config.splitlines())
