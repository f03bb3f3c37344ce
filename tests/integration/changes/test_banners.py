"""Banners of several lines: merged, replaced, refused and undone as any other line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from neops.devices import ChangeMode, ChangeOutcome, DeviceRuntime, ReadsConfig, WritesConfig
from neops.entities import Device
from neops.errors import ConfigRejected
from neops.testing.simulator import RunningDevice

if TYPE_CHECKING:
    from tests.integration.changes.conftest import Clock, Example

TEXT = """
  ############
  #  r1#     #    is it for you?
! ############
end

ntp server 198.51.100.1
% Invalid input"""
ON_A_DEVICE = {
    "cisco_ios": f"banner motd ^C{TEXT}\n^C",
    "arista_eos": f"banner motd{TEXT}\nEOF",
}
WRITTEN = {
    "cisco_ios": f"banner motd @{TEXT}\n@",
    "arista_eos": f"banner motd{TEXT}\nEOF",
}


@pytest.fixture(params=[(platform, plugin) for platform in WRITTEN for plugin in ("scrapli", "napalm")], ids="-".join)
def example(request: pytest.FixtureRequest, examples: list[Example]) -> Example:
    return next(one for one in examples if (one.platform, one.plugin) == request.param)


def says(router: RunningDevice, banner: str) -> bool:
    return f"\n{banner}\n" in f"\n{router.running_config}\n"


async def made(runtime: DeviceRuntime, device: Device, config: str, *, replaces: bool = False) -> str:
    mode: ChangeMode = "replace" if replaces else "merge"
    async with runtime.connect(device, WritesConfig).change(config, mode=mode) as change:
        await change.commit()
    assert change.outcome is ChangeOutcome.CHANGED
    return change.diff


async def running(runtime: DeviceRuntime, device: Device) -> str:
    return (await runtime.connect(device, ReadsConfig).get_config()).running


async def test_a_banner_is_added_and_the_line_behind_it_as_well(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    diff = await made(runtime, device, f"{WRITTEN[example.platform]}\nntp server 192.0.2.7\n")

    assert says(router, ON_A_DEVICE[example.platform])
    assert says(router, "ntp server 192.0.2.7")
    assert "ntp server 198.51.100.1" in diff


async def test_what_a_device_prints_can_be_put_back(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    without, banner = await running(runtime, device), WRITTEN[example.platform]
    await made(runtime, device, banner)
    with_it = await running(runtime, device)
    await made(runtime, device, banner.replace("is it", "this is not"))
    assert says(router, ON_A_DEVICE[example.platform].replace("is it", "this is not"))

    await made(runtime, device, with_it, replaces=True)
    assert says(router, ON_A_DEVICE[example.platform])
    assert "ntp server 198.51.100.1" not in router.running_config.replace(TEXT, "")

    await made(runtime, device, without, replaces=True)
    assert "banner" not in router.running_config


async def test_a_banner_that_is_not_confirmed_is_taken_back(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example, clock: Clock
) -> None:
    await made(runtime, device, WRITTEN[example.platform])
    async with runtime.connect(device, WritesConfig).change(
        WRITTEN[example.platform].replace("is it", "this is not")
    ) as change:
        await change.commit(confirm_within=120)
        assert says(router, ON_A_DEVICE[example.platform].replace("is it", "this is not"))
        clock.turn(60)

    assert change.outcome is ChangeOutcome.REVERTED
    assert says(router, ON_A_DEVICE[example.platform])


async def test_a_line_that_is_refused_behind_a_banner_undoes_it(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before = router.running_config

    with pytest.raises(ConfigRejected, match="frobnicate 7"):
        await made(runtime, device, f"{WRITTEN[example.platform]}\nfrobnicate 7\n")

    assert sorted(router.running_config.splitlines()) == sorted(before.splitlines())


async def test_a_banner_without_an_end_is_refused_before_anything_is_typed(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    if example.plugin == "napalm":
        pytest.skip("NAPALM hands all of it over")
    before = router.running_config

    with pytest.raises(ConfigRejected, match="has no end"):
        await made(runtime, device, f"ntp server 192.0.2.7\n{WRITTEN[example.platform].rpartition(chr(10))[0]}\n")

    assert router.running_config == before
    assert "ntp server 192.0.2.7" not in router.commands
