"""Junos has one candidate for all NETCONF sessions: what others have put there is neither committed nor lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from neops.devices import DeviceRuntime, WritesConfig
from neops.entities import Device
from neops.errors import ConfigLocked
from neops.testing.simulator import RunningDevice

if TYPE_CHECKING:
    from tests.integration.changes.conftest import Clock, Example

THEIRS = (
    "<config><configuration><interfaces><interface><name>ge-0/0/3</name><description>theirs</description>"
    "</interface></interfaces></configuration></config>"
)


@pytest.fixture
def example(junos: Example) -> Example:
    return replace(junos, plugin="napalm")


@pytest.fixture
def colleague(router: RunningDevice) -> Iterator[Any]:
    from ncclient import manager

    with manager.connect(
        host="127.0.0.1",
        port=router.port,
        username=router.spec.username,
        password=router.spec.password,
        hostkey_verify=False,
        look_for_keys=False,
        allow_agent=False,
    ) as session:
        yield session


async def test_a_candidate_that_others_have_changed_is_theirs(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example, colleague: Any
) -> None:
    async def change() -> None:
        async with runtime.connect(device, WritesConfig).change(example.config):
            pass

    colleague.edit_config(target="candidate", config=THEIRS)

    with pytest.raises(ConfigLocked, match="modified"):
        await change()
    assert "theirs" in str(colleague.get_config("candidate"))
    assert "theirs" not in router.running_config


async def test_a_confirmation_does_not_commit_what_others_are_typing(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example, colleague: Any, clock: Clock
) -> None:
    before = router.running_config

    async def change() -> None:
        async with runtime.connect(device, WritesConfig).change(example.config) as change:
            await change.commit(confirm_within=60)
            colleague.edit_config(target="candidate", config=THEIRS)
            await change.confirm()

    with pytest.raises(ConfigLocked):
        await change()
    clock.turn(61)

    assert router.running_config == before
