"""When devices are logged in to, over real SSH: wrong passwords, dead devices, limits, and credentials from a file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from neops.devices import ConnectionPlugin, DeviceRuntime, PluginCatalogue, RunsCommands, credential_providers
from neops.entities import Device, Platform, Secret
from neops.errors import AuthenticationFailed, DeviceError, DeviceHeldOff, Unreachable
from neops.settings import DeviceSettings
from neops.testing.simulator import Fault, FaultKind, RunningDevice, SimulatedDevice, SimulatedNetwork
from neops_napalm import NapalmPlugin
from neops_nornir import NornirPlugin
from neops_scrapli import ScrapliPlugin

FLEET = 100
PLUGINS: dict[str, Callable[[], ConnectionPlugin]] = {
    "scrapli": ScrapliPlugin,
    "nornir": NornirPlugin,
    "napalm": NapalmPlugin,
}


@pytest.fixture(scope="module")
def network() -> Iterator[SimulatedNetwork]:
    with SimulatedNetwork(SimulatedDevice(name=f"r{number}", platform="cisco_ios") for number in range(FLEET)) as all_:
        yield all_


@pytest.fixture(autouse=True)
def healthy(network: SimulatedNetwork) -> Iterator[None]:
    yield
    for device in network:
        device.fault = None
        device.forget()


@pytest.fixture
def make_runtime(network: SimulatedNetwork, tmp_path: Path) -> Iterator[Any]:
    known_hosts = network.write_known_hosts(tmp_path / "known_hosts")
    started: list[DeviceRuntime] = []

    def make(plugin: str = "scrapli", environment: dict[str, str] | None = None, **settings: Any) -> DeviceRuntime:
        wanted = DeviceSettings(known_hosts=known_hosts, host_keys="strict", **settings)
        providers = credential_providers(environment or {}, wanted.credentials)
        catalogue = PluginCatalogue.of(PLUGINS[plugin]())
        runtime = DeviceRuntime(wanted, catalogue=catalogue, credentials=providers)
        runtime.start()
        started.append(runtime)
        return runtime

    yield make
    for runtime in started:
        runtime.stop()


def entity(running: RunningDevice, password: str = "simulated") -> Device:
    return Device(
        id=running.port,
        hostname=running.spec.name,
        ip="127.0.0.1",
        port=running.port,
        username=running.spec.username,
        password=Secret(password),
        platform=Platform(short_name="cisco_ios"),
    )


async def show(runtime: DeviceRuntime, device: Device) -> DeviceError | None:
    try:
        await runtime.connect(device, RunsCommands).send_command("show version")
    except DeviceError as error:
        return error
    return None


@pytest.mark.slow
@pytest.mark.parametrize("plugin", PLUGINS)
async def test_a_wrong_password_is_tried_three_times_in_a_fleet_of_a_hundred(
    plugin: str, make_runtime: Any, network: SimulatedNetwork
) -> None:
    runtime = make_runtime(plugin)

    errors = await asyncio.gather(*(show(runtime, entity(one, "wrong-1")) for one in network))

    assert sum(one.failed_logins for one in network) <= 3
    assert [error for error in errors if not isinstance(error, AuthenticationFailed)] == []
    assert sum("not tried, refused by r" in str(error) for error in errors) == FLEET - 3


async def test_a_dead_device_is_answered_for_at_once_and_tried_again_by_one_login(
    make_runtime: Any, network: SimulatedNetwork
) -> None:
    runtime = make_runtime(breaker_failures=3, breaker_hold_off_s=2.5, connect_timeout_s=0.5)
    r0 = network["r0"]
    r0.fault = Fault(kind=FaultKind.HANG)
    first = [await show(runtime, entity(r0)) for _ in range(3)]

    held_off = await asyncio.gather(*(show(runtime, entity(r0)) for _ in range(50)))
    r0.fault = None
    await asyncio.sleep(runtime.open_breakers()[0].tried_again_in_s)
    after = await asyncio.gather(*(show(runtime, entity(r0)) for _ in range(50)))

    assert {type(error) for error in first} == {Unreachable}
    assert {type(error) for error in held_off} == {DeviceHeldOff}
    assert "(last: 127.0.0.1:" in str(held_off[0])
    assert after == [None] * 50
    assert r0.logins == 1


async def test_a_fleet_logs_in_at_the_rate_that_is_set(make_runtime: Any, network: SimulatedNetwork) -> None:
    runtime = make_runtime(logins_per_second=40, login_burst=10)
    devices = [entity(one) for one in network][:50]

    started = time.monotonic()
    errors = await asyncio.gather(*(show(runtime, device) for device in devices))

    assert errors == [None] * 50
    assert time.monotonic() - started >= 40 / 40
    assert runtime.login_statistics().rate_limited >= 35


async def test_what_the_inventory_has_wrong_the_file_of_credentials_puts_right(
    make_runtime: Any, network: SimulatedNetwork, tmp_path: Path
) -> None:
    file = tmp_path / "credentials.yaml"
    file.write_text("credentials: [{devices: 'r*', password: simulated}]")
    file.chmod(0o600)
    environment = {"NEOPS_CREDENTIALS_FILE": str(file), "NEOPS_PASSWORD": "never asked"}
    runtime = make_runtime(environment=environment, credentials=("inventory", "file", "environment"))

    assert await show(runtime, entity(network["r1"], "wrong-1")) is None
    assert (network["r1"].failed_logins, network["r1"].logins) == (1, 1)
