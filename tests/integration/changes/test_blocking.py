"""The same transaction in a thread without an event loop, as Nornir's tasks are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from neops.devices import ChangeOutcome, DeviceRuntime, WritesConfig
from neops.entities import Device
from neops.errors import ConfigRejected
from neops.testing.simulator import RunningDevice

if TYPE_CHECKING:
    from tests.integration.changes.conftest import Example


@pytest.fixture
def example(ios: Example) -> Example:
    return ios


def test_a_thread_without_a_loop_changes_devices_as_well(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    with runtime.connect_blocking(device, WritesConfig).change(example.config) as change:
        change.commit(confirm_within=120)
        change.confirm()

    assert change.outcome is ChangeOutcome.CHANGED
    assert example.sign in router.running_config


def test_what_goes_wrong_is_undone_there_as_well(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before = router.running_config

    with (
        pytest.raises(ConfigRejected),
        runtime.connect_blocking(device, WritesConfig).change(example.bad) as change,
    ):
        change.commit()

    assert router.running_config == before
