"""NETCONF on simulated Junos, beside its command line: who answers what, and what a hung or broken device does."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from neops.devices import (
    DeviceRuntime,
    PluginCatalogue,
    ReadsConfig,
    ReadsFacts,
    SpeaksNetconf,
    WritesConfig,
)
from neops.entities import Device, Platform, Secret
from neops.errors import (
    AuthenticationFailed,
    CapabilityMissing,
    OperationTimedOut,
    SessionLost,
    Unreachable,
)
from neops.settings import DeviceSettings
from neops.testing.simulator import Fault, FaultKind, RunningDevice, SimulatedDevice, SimulatedNetwork
from neops_netconf import NetconfPlugin
from neops_scrapli import ScrapliPlugin


class FactsAndConfig(ReadsFacts, ReadsConfig, WritesConfig, Protocol): ...


@pytest.fixture
def router() -> Iterator[RunningDevice]:
    with SimulatedNetwork([SimulatedDevice(name="r1", platform="juniper_junos")]) as network:
        yield network["r1"]


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[DeviceRuntime]:
    settings = DeviceSettings(known_hosts=tmp_path / "known_hosts", connect_timeout_s=2, command_timeout_s=2)
    with DeviceRuntime(settings, catalogue=PluginCatalogue.of(ScrapliPlugin(), NetconfPlugin())) as running:
        yield running


@pytest.fixture
def device(router: RunningDevice) -> Device:
    return described(router, plugins=["netconf"])


def described(router: RunningDevice, *, plugins: list[str], password: str | None = None) -> Device:
    entries = {"neops": {"extras": {"plugins": plugins}}, "netconf": {"port": router.port}}
    return Device(
        id=1,
        hostname="r1",
        ip="127.0.0.1",
        port=router.port,
        username=router.spec.username,
        password=Secret(password or router.spec.password),
        platform=Platform(short_name="juniper_junos"),
        connection_options=Secret(json.dumps(entries)),
    )


async def test_netconf_answers_for_what_it_has_and_the_command_line_for_the_rest(
    runtime: DeviceRuntime, device: Device
) -> None:
    router = runtime.connect(device, FactsAndConfig)

    facts, config = await router.get_facts(), (await router.get_config()).running

    assert facts.hostname == "r1"
    assert config.startswith('<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0">')
    assert "<host-name>r1</host-name>" in config
    assert set(runtime.served_by(device)) == {"netconf", "scrapli"}


async def test_a_device_that_does_not_prefer_it_keeps_its_own_words(
    runtime: DeviceRuntime, router: RunningDevice
) -> None:
    plain = described(router, plugins=[])

    assert "host-name r1;" in (await runtime.connect(plain, ReadsConfig).get_config()).running
    with pytest.raises(CapabilityMissing, match=r"only when preferred: set plugins: \[netconf\]"):
        runtime.connect(plain, SpeaksNetconf)


async def test_the_platforms_own_operations_are_a_question_away(runtime: DeviceRuntime, device: Device) -> None:
    router = runtime.connect(device, SpeaksNetconf)

    information = await router.rpc("<get-software-information/>")

    assert "<host-name>r1</host-name>" in information


async def test_two_readings_are_equal(runtime: DeviceRuntime, device: Device) -> None:
    router = runtime.connect(device, ReadsConfig)

    assert await router.get_config("all") == await router.get_config("all")


async def test_a_wrong_password_is_tried_once(runtime: DeviceRuntime, router: RunningDevice) -> None:
    wrong = described(router, plugins=["netconf"], password="guessed")

    with pytest.raises(AuthenticationFailed, match="with netconf refused user"):
        await runtime.connect(wrong, SpeaksNetconf).get()

    assert router.logins == 0


async def test_a_device_that_hangs_after_the_login_is_unreachable_in_time(
    runtime: DeviceRuntime, device: Device, router: RunningDevice
) -> None:
    router.fault = Fault(kind=FaultKind.HANG_AFTER_LOGIN)
    started = time.monotonic()

    with pytest.raises(Unreachable):
        await runtime.connect(device, SpeaksNetconf).get()

    assert time.monotonic() - started < 4
    assert (runtime.hung_threads, runtime.statistics().open) == (0, 0)


async def test_a_device_that_hangs_in_an_answer_is_given_up_in_time(
    runtime: DeviceRuntime, device: Device, router: RunningDevice
) -> None:
    router.fault = Fault(kind=FaultKind.HANG_ON_COMMAND, command="get-config", times=1)
    reading = runtime.connect(device, ReadsConfig)

    with pytest.raises(OperationTimedOut):
        await reading.get_config()

    assert "<host-name>r1</host-name>" in (await reading.get_config()).running


async def test_a_session_that_breaks_in_an_answer_is_lost(
    runtime: DeviceRuntime, device: Device, router: RunningDevice
) -> None:
    router.fault = Fault(kind=FaultKind.DROP, command="get-config", times=1)

    with pytest.raises(SessionLost, match="with netconf"):
        await runtime.connect(device, ReadsConfig).get_config()
