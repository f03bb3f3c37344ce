"""Unknown devices over real SSH: every simulated platform, twins, and devices that misbehave."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from neops.concurrency import run_parallel
from neops.devices import DeviceRuntime, PluginCatalogue
from neops.devices.detection import Detection, UnknownDevice, detect
from neops.devices.detection.clues import ASK_FURTHER, COMMANDS
from neops.entities import Device, Secret
from neops.errors import AuthenticationFailed, HostKeyRejected, Unreachable
from neops.settings import DeviceSettings
from neops.testing.simulator import (
    Fault,
    FaultKind,
    RunningDevice,
    SimulatedDevice,
    SimulatedNetwork,
    shipped_platforms,
)
from neops_scrapli import ScrapliPlugin

IOS = "Cisco IOS Software, C180X Software (C180X-ADVIPSERVICESK9-M), Version 12.4(6)T2, RELEASE SOFTWARE (fc1)"
LONG = "\n".join([IOS, *(f"line {number}" for number in range(200)), "Configuration register is 0x2102"])
HANGS = Fault(kind=FaultKind.HANG_ON_COMMAND)

IS = {"cisco_ios": "cisco_xe"}
"""The simulated cisco_ios says that it is IOS XE 17."""

DEVICES = [
    *(SimulatedDevice(name=str(name), platform=str(name)) for name in shipped_platforms()),
    SimulatedDevice(name="old_ios", platform="cisco_ios", answers={"show version": IOS}),
    SimulatedDevice(name="long_ios", platform="cisco_ios", answers={"show version": LONG}),
    SimulatedDevice(name="unprivileged", platform="cisco_ios", enable_secret="up-up"),
    SimulatedDevice(name="bastion", platform="linux", is_jump_host=True),
    SimulatedDevice(name="toaster", platform="cisco_ios", answers={"show version": "ToasterOS 1.0"}),
    SimulatedDevice(name="hung", platform="cisco_ios", fault=HANGS),
    SimulatedDevice(name="mute", platform="cisco_ios", fault=Fault(kind=FaultKind.HANG_AFTER_LOGIN)),
    SimulatedDevice(name="deaf", platform="cisco_ios", fault=Fault(kind=FaultKind.HANG)),
    SimulatedDevice(name="down", platform="cisco_ios", fault=Fault(kind=FaultKind.REFUSE)),
    SimulatedDevice(name="cut", platform="cisco_ios", fault=Fault(kind=FaultKind.DROP)),
]


@pytest.fixture(scope="module")
def network() -> Iterator[SimulatedNetwork]:
    with SimulatedNetwork(DEVICES) as running:
        yield running


@pytest.fixture
async def runtime(network: SimulatedNetwork, tmp_path: Any) -> AsyncIterator[DeviceRuntime]:
    known_hosts = network.write_known_hosts(tmp_path / "known_hosts")
    settings = DeviceSettings(known_hosts=known_hosts, host_keys="strict")
    with DeviceRuntime(settings, catalogue=PluginCatalogue.of(ScrapliPlugin())) as running:
        yield running


def entity(running: RunningDevice, **fields: Any) -> Device:
    known = {"id": running.port, "hostname": running.spec.name, "ip": "127.0.0.1", "port": running.port}
    return Device(**{**known, "username": "neops", "password": Secret("simulated"), **fields})


async def detected(
    runtime: DeviceRuntime, running: RunningDevice, *, within_s: float = 20.0, **fields: Any
) -> Detection:
    running.forget()
    return await detect(
        entity(running, **fields), lambda device: runtime.connect(device, UnknownDevice), within_s=within_s
    )


async def all_closed(runtime: DeviceRuntime) -> None:
    """Whoever is cancelled leaves at once; his session is closed behind him, in the runtime's own thread."""
    async with asyncio.timeout(3):
        while runtime.statistics().open:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("name", [str(name) for name in shipped_platforms()])
async def test_every_simulated_platform_is_told_from_all_others_with_one_login(
    name: str, network: SimulatedNetwork, runtime: DeviceRuntime
) -> None:
    found = await detected(runtime, network[name])

    assert found.platform == IS.get(name, name), found
    assert network[name].logins == 1
    assert len(network[name].commands) <= 1


async def test_all_of_them_at_once_take_no_longer_than_one(network: SimulatedNetwork, runtime: DeviceRuntime) -> None:
    names = [str(name) for name in shipped_platforms()] * 3
    started = time.perf_counter()

    found = await run_parallel(lambda name: detected(runtime, network[name]), names)

    assert {one.device: one.platform for one in found} == {name: IS.get(name, name) for name in names}
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize(("name", "platform"), [("old_ios", "cisco_ios"), ("unprivileged", "cisco_xe")])
async def test_ios_and_ios_xe_are_told_apart_privileged_or_not(
    name: str, platform: str, network: SimulatedNetwork, runtime: DeviceRuntime
) -> None:
    found = await detected(runtime, network[name])

    assert (found.platform, network[name].commands) == (platform, ("show version",))


async def test_pages_are_turned_and_paging_is_left_as_it_is(network: SimulatedNetwork, runtime: DeviceRuntime) -> None:
    found = await detected(runtime, network["long_ios"])

    assert found.platform == "cisco_ios"
    assert "0x2102" in found.evidence[-1].text
    assert network["long_ios"].commands == ("show version",)


async def test_an_unknown_device_is_asked_what_only_reads_and_says_what_was_seen(
    network: SimulatedNetwork, runtime: DeviceRuntime
) -> None:
    found = await detected(runtime, network["toaster"])

    assert (found.platform, found.problem) == (None, None)
    assert {one.source: one.text for one in found.evidence}["show version"] == "ToasterOS 1.0"
    assert network["toaster"].commands == COMMANDS
    assert set(COMMANDS).isdisjoint(*ASK_FURTHER.values())


async def test_a_wrong_password_is_tried_once_and_is_an_error(
    network: SimulatedNetwork, runtime: DeviceRuntime
) -> None:
    with pytest.raises(AuthenticationFailed, match="refused user neops"):
        await detected(runtime, network["linux"], password=Secret("wrong"))

    assert network["linux"].failed_logins == 1


async def test_the_lock_out_guard_counts_detections_too(network: SimulatedNetwork, runtime: DeviceRuntime) -> None:
    names = [str(name) for name in shipped_platforms()]

    outcomes = await run_parallel(
        lambda name: detected(runtime, network[name], password=Secret("wrong")), names, return_exceptions=True
    )

    assert all(isinstance(outcome, AuthenticationFailed) for outcome in outcomes)
    assert sum(network[name].failed_logins for name in names) <= 3


async def test_a_device_that_is_not_there_is_unreachable(network: SimulatedNetwork, runtime: DeviceRuntime) -> None:
    with pytest.raises(Unreachable, match="Connection refused"):
        await detected(runtime, network["down"])


async def test_a_device_that_accepts_and_stays_silent_is_given_up_at_the_deadline(
    network: SimulatedNetwork, runtime: DeviceRuntime
) -> None:
    started = time.perf_counter()

    with pytest.raises(Unreachable, match="no login within 1 s"):
        await detected(runtime, network["deaf"], within_s=1)

    assert time.perf_counter() - started < 4


async def test_a_device_that_hangs_at_a_command_is_judged_at_the_deadline_by_what_it_said(
    network: SimulatedNetwork, runtime: DeviceRuntime
) -> None:
    started = time.perf_counter()

    found = await detected(runtime, network["hung"], within_s=1.5)

    assert time.perf_counter() - started < 4
    assert (found.platform, found.problem) == (None, "not done within 1.5 s")
    assert [one.source for one in found.evidence] == ["ssh version", "prompt"]
    await all_closed(runtime)


@pytest.mark.slow
async def test_a_device_without_a_prompt_is_judged_by_its_ssh_version(
    network: SimulatedNetwork, runtime: DeviceRuntime
) -> None:
    found = await detected(runtime, network["mute"])

    assert (found.platform, found.problem) == (None, None)
    assert [one.source for one in found.evidence] == ["ssh version"]


async def test_a_device_that_hangs_up_is_judged_by_what_it_said(
    network: SimulatedNetwork, runtime: DeviceRuntime
) -> None:
    found = await detected(runtime, network["cut"])

    assert found.platform is None
    assert found.problem is not None
    assert found.evidence[-1].source == "prompt"


async def test_an_unknown_host_key_stops_it_before_the_password_leaves(
    network: SimulatedNetwork, tmp_path: Any
) -> None:
    settings = DeviceSettings(known_hosts=tmp_path / "empty", host_keys="strict")
    plugins = PluginCatalogue.of(ScrapliPlugin())
    with DeviceRuntime(settings, catalogue=plugins) as runtime, pytest.raises(HostKeyRejected):
        await detected(runtime, network["frr"])

    assert (network["frr"].logins, network["frr"].failed_logins) == (0, 0)


async def test_a_device_behind_a_jump_host_is_reached_through_it(network: SimulatedNetwork, tmp_path: Any) -> None:
    known_hosts = network.write_known_hosts(tmp_path / "known_hosts")
    known_hosts.write_text(f"{known_hosts.read_text()}arista_eos {network.public_key}\n")
    hop = {"host": "127.0.0.1", "port": network["bastion"].port, "username": "neops", "password": "simulated"}
    options = Secret(json.dumps({"neops": {"extras": {"jump_hosts": [hop]}}}))
    settings = DeviceSettings(known_hosts=known_hosts, host_keys="strict")
    with DeviceRuntime(settings, catalogue=PluginCatalogue.of(ScrapliPlugin())) as runtime:
        found = await detected(runtime, network["arista_eos"], ip=None, port=None, connection_options=options)

    assert found.platform == "arista_eos"
    assert network["bastion"].logins == 1


async def test_a_cancelled_detection_leaves_no_session(network: SimulatedNetwork, runtime: DeviceRuntime) -> None:
    task = asyncio.ensure_future(detected(runtime, network["hung"]))
    async with asyncio.timeout(5):
        while "show version" not in network["hung"].commands:
            await asyncio.sleep(0.02)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    await all_closed(runtime)
