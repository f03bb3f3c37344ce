"""What is kept is saved: a device that runs a change and cannot save it would lose it at its next boot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from neops.devices import ChangeOutcome, DeviceRuntime, WritesConfig
from neops.entities import Device
from neops.errors import ChangeFailed
from neops.testing.simulator import RunningDevice

if TYPE_CHECKING:
    from tests.integration.changes.conftest import Example

NOT_SAVED = {
    "cisco_ios": {"write memory": "startup-config file open failed (Permission denied)"},
    "arista_eos": {"write memory": "% Error copying system:running-config to flash:startup-config (No space left)"},
    "nokia_srl": {"save startup": "Error: Path '/etc/opt/srlinux' cannot be written"},
}


@pytest.fixture(params=NOT_SAVED)
def example(request: pytest.FixtureRequest, examples: list[Example]) -> Example:
    return next(one for one in examples if (one.platform, one.plugin) == (request.param, "scrapli"))


@pytest.fixture
def answers(example: Example) -> dict[str, str]:
    return NOT_SAVED[example.platform]


@pytest.mark.parametrize("confirm_within", [None, 120])
async def test_a_change_that_cannot_be_saved_is_taken_back(
    confirm_within: float | None, runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before, changes = router.running_config, []

    async def change() -> None:
        async with runtime.connect(device, WritesConfig).change(example.config) as change:
            changes.append(change)
            await change.commit(confirm_within)
            await change.confirm()

    with pytest.raises(ChangeFailed, match=r"runs but cannot be saved: '(?:write memory|save startup)'"):
        await change()

    assert changes[0].outcome is ChangeOutcome.REVERTED
    assert sorted(router.running_config.splitlines()) == sorted(before.splitlines())
