"""FRR routers of which nobody knows it: through a shell, through a forced vtysh, and without leave to ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from neops.devices import DeviceRuntime, PluginCatalogue
from neops.devices.detection import Detection, UnknownDevice, detect, guess
from neops.entities import Device, Secret
from neops.settings import DeviceSettings
from neops_scrapli import ScrapliPlugin
from tests.lab.network import PASSWORD, PLAIN_USER, SHELL_USER, VTYSH_USER, Lab

pytestmark = pytest.mark.lab


@pytest.fixture
async def runtime(tmp_path: Path) -> AsyncIterator[DeviceRuntime]:
    settings = DeviceSettings(known_hosts=tmp_path / "known_hosts")
    with DeviceRuntime(settings, catalogue=PluginCatalogue.of(ScrapliPlugin())) as running:
        yield running


async def detected(lab: Lab, runtime: DeviceRuntime, user: str) -> Detection:
    device = Device(id=1, hostname="r1", ip=lab["r1"].address, username=user, password=Secret(PASSWORD))
    return await detect(device, lambda one: runtime.connect(one, UnknownDevice))


async def test_a_router_that_is_logged_in_to_by_a_shell_is_frr(lab: Lab, runtime: DeviceRuntime) -> None:
    found = await detected(lab, runtime, SHELL_USER)

    assert found.platform == "frr", found
    assert found.evidence[-1].source == "vtysh -c 'show version'"
    assert "linux" not in {one.platform for one in found.candidates}


async def test_a_router_that_forces_vtysh_is_frr_by_its_greeting(lab: Lab, runtime: DeviceRuntime) -> None:
    found = await detected(lab, runtime, VTYSH_USER)

    assert found.platform == "frr", found
    assert found.candidates[0].reasons[0].startswith("greeting: Hello, this is FRRouting")


async def test_a_user_who_may_not_ask_frr_is_on_a_linux_host(lab: Lab, runtime: DeviceRuntime) -> None:
    found = await detected(lab, runtime, PLAIN_USER)

    assert found.platform == "linux", found


async def test_without_a_login_it_is_a_linux_host_perhaps(lab: Lab) -> None:
    found = await guess("r1", lab["r1"].address)

    assert found.platform is None
    assert found.evidence[0].text.startswith("SSH-2.0-OpenSSH")
