"""The runtime with a real plugin, real SSH and devices that misbehave."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neops.devices import DeviceRuntime, LoginEvent, PluginCatalogue, ReadsFacts, RunsCommands
from neops.entities import ConnectionState, Device, Platform, Secret
from neops.errors import AuthenticationFailed, DeviceError, OperationTimedOut, SessionLost, Unreachable
from neops.settings import DeviceSettings
from neops.testing.simulator import Fault, FaultKind, RunningDevice, SimulatedDevice, SimulatedNetwork, demo_devices
from neops_scrapli import ScrapliPlugin

HANGS = Fault(kind=FaultKind.HANG_ON_COMMAND, command="show version")
DROPS = Fault(kind=FaultKind.DROP, command="show version")


@pytest.fixture(scope="module")
def network() -> Iterator[SimulatedNetwork]:
    with SimulatedNetwork([*demo_devices(12), *_more("good", 20), *_more("bad", 10)]) as network:
        yield network


def _more(name: str, count: int) -> list[SimulatedDevice]:
    return [SimulatedDevice(name=f"{name}-{number}", platform="cisco_ios") for number in range(count)]


@pytest.fixture(autouse=True)
def healthy(network: SimulatedNetwork) -> Iterator[None]:
    yield
    for device in network:
        device.fault = None
        device.forget()


@pytest.fixture
def known_hosts(network: SimulatedNetwork, tmp_path: Path) -> Path:
    return network.write_known_hosts(tmp_path / "known_hosts")


@pytest.fixture
def make_runtime(known_hosts: Path) -> Iterator[Any]:
    started: list[DeviceRuntime] = []

    def make(*, on_login: Any = lambda event: None, **settings: Any) -> DeviceRuntime:
        wanted = DeviceSettings(known_hosts=known_hosts, host_keys="strict", **settings)
        runtime = DeviceRuntime(wanted, catalogue=PluginCatalogue.of(ScrapliPlugin()), on_login=on_login)
        runtime.start()
        started.append(runtime)
        return runtime

    yield make
    for runtime in started:
        runtime.stop()


def our_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("neops-device")]


def entity(running: RunningDevice, **fields: Any) -> Device:
    given: dict[str, Any] = {
        "id": running.port,
        "hostname": running.spec.name,
        "ip": "127.0.0.1",
        "port": running.port,
        "username": running.spec.username,
        "password": Secret("simulated"),
        "platform": Platform(short_name=running.spec.platform),
    }
    return Device(**(given | fields))


async def test_facts_of_all_platforms_come_through_one_line_of_code(
    make_runtime: Any, network: SimulatedNetwork
) -> None:
    runtime = make_runtime()
    devices = [entity(network[spec.name]) for spec in demo_devices(12)]

    facts = await asyncio.gather(*(runtime.connect(device, ReadsFacts).get_facts() for device in devices))

    assert [one.hostname for one in facts] == [device.hostname for device in devices]
    assert len({one.vendor for one in facts}) >= 4


async def test_warm_sessions_need_no_login(make_runtime: Any, network: SimulatedNetwork) -> None:
    runtime = make_runtime()
    routers = [runtime.connect(entity(network[spec.name]), RunsCommands) for spec in demo_devices(12)]
    for _ in range(3):
        await asyncio.gather(*(router.send_command("show version") for router in routers))

    assert [network[spec.name].logins for spec in demo_devices(12)] == [1] * 12
    assert runtime.statistics().reused == 24


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind=FaultKind.REFUSE), Unreachable),
        (Fault(kind=FaultKind.HANG), Unreachable),
        (Fault(kind=FaultKind.HANG_AFTER_LOGIN), Unreachable),
        (HANGS, OperationTimedOut),
        (DROPS, SessionLost),
        (Fault(kind=FaultKind.REJECT_PASSWORD), AuthenticationFailed),
    ],
)
async def test_each_fault_is_its_own_error_and_names_the_device(
    fault: Fault, error: type[DeviceError], make_runtime: Any, network: SimulatedNetwork
) -> None:
    network["bad-0"].fault = fault
    runtime = make_runtime(connect_timeout_s=2, command_timeout_s=2)
    started = time.monotonic()

    with pytest.raises(error, match=r"^bad-0: "):
        await runtime.connect(entity(network["bad-0"]), RunsCommands).send_command("show version")

    assert time.monotonic() - started < 3.5
    network["bad-0"].fault = None
    assert (await runtime.connect(entity(network["bad-0"]), ReadsFacts).get_facts()).hostname == "bad-0"


@pytest.mark.slow
async def test_hung_devices_cost_the_others_nothing_and_leave_nothing(
    make_runtime: Any, network: SimulatedNetwork
) -> None:
    for number in range(10):
        network[f"bad-{number}"].fault = HANGS if number % 2 else Fault(kind=FaultKind.HANG)
    runtime = make_runtime(connect_timeout_s=5, command_timeout_s=5)
    devices = [entity(device) for device in network if device.spec.name.startswith(("bad", "good"))]
    devices.sort(key=lambda device: device.name.startswith("bad"))
    started = time.monotonic()

    async def one(device: Device) -> float | None:
        try:
            await runtime.connect(device, RunsCommands).send_command("show version")
        except DeviceError:
            return None
        return time.monotonic() - started

    took = await asyncio.gather(*map(one, devices))

    good = [seconds for seconds in took if seconds is not None]
    assert len(good) == 20
    assert max(good) < 4
    assert time.monotonic() - started < 6.5
    await asyncio.to_thread(runtime.stop)
    async with asyncio.timeout(3):
        while any(device.sessions for device in network) or our_threads():
            await asyncio.sleep(0.01)


async def test_aborting_a_job_closes_its_sessions_within_a_second(make_runtime: Any, network: SimulatedNetwork) -> None:
    network["bad-0"].fault = HANGS
    runtime = make_runtime()
    router = runtime.connect(entity(network["bad-0"]), RunsCommands, job="job-1")
    call = asyncio.create_task(router.send_command("show version"))
    async with asyncio.timeout(5):
        while "show version" not in network["bad-0"].commands:
            await asyncio.sleep(0.01)

    runtime.abort(job="job-1")

    with pytest.raises(SessionLost):
        await call
    async with asyncio.timeout(1):
        while network["bad-0"].sessions:
            await asyncio.sleep(0.01)


async def test_a_wrong_password_is_tried_on_three_devices_of_twenty(
    make_runtime: Any, network: SimulatedNetwork
) -> None:
    heard: list[LoginEvent] = []
    runtime = make_runtime(on_login=heard.append)
    devices = [entity(network[f"good-{number}"], password=Secret("wrong-1")) for number in range(20)]

    outcomes = await asyncio.gather(
        *(runtime.connect(device, ReadsFacts).get_facts() for device in devices), return_exceptions=True
    )

    assert {type(outcome) for outcome in outcomes} == {AuthenticationFailed}
    assert sum(network[f"good-{number}"].failed_logins for number in range(20)) == 3
    assert {event.state for event in heard} == {ConnectionState.AUTHFAILURE}


async def test_a_device_that_ends_an_idle_session_is_logged_in_again(
    make_runtime: Any, network: SimulatedNetwork
) -> None:
    router = make_runtime().connect(entity(network["good-0"]), RunsCommands)
    await router.send_command("show clock")
    network["good-0"].fault = DROPS
    with pytest.raises(SessionLost):
        await router.send_command("show version")
    network["good-0"].fault = None

    assert (await router.send_command("show version")).output
    assert network["good-0"].logins == 2
