"""Changes of configuration on real routers, with the runtime that makes transactions of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from neops.devices import ChangeOutcome, DeviceRuntime, PluginCatalogue, WritesConfig
from neops.entities import Device, Platform, Secret
from neops.errors import ConfigRejected
from neops.settings import DeviceSettings
from neops_frr import FrrPlugin
from tests.lab.network import PASSWORD, SHELL_USER, VTYSH_USER, Lab, Router

pytestmark = pytest.mark.lab

CONFIG = """\
interface to-r2
 description to the edge
router bgp 65001
 neighbor 10.0.12.2 description edge
 address-family ipv4 unicast
  network 192.0.2.0/24
ip route 192.0.2.0/24 blackhole
"""
HALF = "interface to-r2\n description half way\n frobnicate 7\nrouter bgp 65001\n neighbor 10.0.12.2 description no\n"


@pytest.fixture
def router(lab: Lab) -> Router:
    return lab["r1"]


@pytest.fixture(params=[SHELL_USER, VTYSH_USER])
def device(router: Router, request: pytest.FixtureRequest) -> Device:
    return Device(
        id=1,
        hostname="r1",
        ip=router.address,
        username=request.param,
        password=Secret(PASSWORD),
        platform=Platform(short_name="frr"),
    )


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[DeviceRuntime]:
    settings = DeviceSettings(known_hosts=tmp_path / "known_hosts", command_timeout_s=10)
    with DeviceRuntime(settings, catalogue=PluginCatalogue.of(FrrPlugin())) as running:
        yield running


def running_config(router: Router) -> str:
    return router.vtysh("show running-config")


def saved_config(router: Router) -> str:
    return router.run("cat", "/etc/frr/frr.conf")


async def test_a_change_that_is_confirmed_stays_and_is_taken_back_by_its_opposite(
    runtime: DeviceRuntime, device: Device, router: Router
) -> None:
    before = running_config(router)

    async with runtime.connect(device, WritesConfig).change(CONFIG) as change:
        assert "+ network 192.0.2.0/24" in change.diff
        assert running_config(router) == before
        await change.commit(confirm_within=60)
        assert (change.outcome, change.strength) == ("changed", "session")
        assert "to the edge" in running_config(router)
        assert "to the edge" not in saved_config(router)
        await change.confirm()
    assert change.outcome is ChangeOutcome.CHANGED
    assert "to the edge" in saved_config(router)

    async with runtime.connect(device, WritesConfig).change(before, mode="replace") as back:
        await back.commit()
    assert running_config(router) == before
    assert "to the edge" not in saved_config(router)


async def test_a_change_that_is_not_confirmed_is_taken_back(
    runtime: DeviceRuntime, device: Device, router: Router
) -> None:
    before = running_config(router)

    async with runtime.connect(device, WritesConfig).change(CONFIG) as change:
        await change.commit(confirm_within=60)
        assert "to the edge" in running_config(router)

    assert (change.outcome, running_config(router)) == (ChangeOutcome.REVERTED, before)


async def test_a_refused_line_is_quoted_and_the_rest_is_undone(
    runtime: DeviceRuntime, device: Device, router: Router
) -> None:
    before = running_config(router)

    with pytest.raises(ConfigRejected, match="'frobnicate 7': % Unknown command"):
        async with runtime.connect(device, WritesConfig).change(HALF) as change:
            await change.commit()

    assert running_config(router) == before


@pytest.mark.parametrize(
    ("config", "said"),
    [("router bgp 64999\n", "already running"), ("interface to-r2\n ip ospf area 7\n", "previous area")],
)
async def test_what_a_daemon_refuses_without_a_percent_sign_is_refused(
    config: str, said: str, runtime: DeviceRuntime, device: Device, router: Router
) -> None:
    before = running_config(router)

    with pytest.raises(ConfigRejected, match=said):
        async with runtime.connect(device, WritesConfig).change(config) as change:
            await change.commit()

    assert running_config(router) == before


async def test_leaving_without_a_commit_changes_nothing(runtime: DeviceRuntime, device: Device, router: Router) -> None:
    before = running_config(router)

    async with runtime.connect(device, WritesConfig).change(CONFIG) as change:
        pass

    assert (change.outcome, running_config(router)) == (ChangeOutcome.UNCHANGED, before)


async def test_what_is_configured_already_is_no_change(runtime: DeviceRuntime, device: Device, router: Router) -> None:
    async with runtime.connect(device, WritesConfig).change(running_config(router), mode="replace") as change:
        await change.commit()

    assert (change.diff, change.outcome) == ("", ChangeOutcome.UNCHANGED)
