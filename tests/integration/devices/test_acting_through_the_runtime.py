"""Files and reboots through the runtime: lanes, warm sessions, progress, and jobs that are aborted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from neops.devices import (
    ConnectionPlugin,
    DeviceRuntime,
    PluginCatalogue,
    Reboots,
    RunsCommands,
    TransfersFiles,
)
from neops.entities import Device, Platform, Secret
from neops.errors import OperationTimedOut, SessionLost
from neops.settings import DeviceSettings
from neops.testing.simulator import Fault, FaultKind, RunningDevice, SimulatedDevice, SimulatedNetwork
from neops_nornir import NornirPlugin
from neops_scrapli import ScrapliPlugin


class Upgrading(TransfersFiles, RunsCommands, Reboots, Protocol): ...


PLUGINS: dict[str, Callable[[], ConnectionPlugin]] = {"scrapli": ScrapliPlugin, "nornir": NornirPlugin}
IMAGE = b"17.12" * 50_000
HANGS = Fault(kind=FaultKind.HANG_ON_COMMAND, command="put")

pytestmark = pytest.mark.parametrize("plugin", PLUGINS)


@pytest.fixture
def target() -> Iterator[RunningDevice]:
    with SimulatedNetwork([SimulatedDevice(name="r1", platform="cisco_ios", boot_s=0.3)]) as network:
        yield network["r1"]


@pytest.fixture
def runtime(plugin: str, tmp_path: Path) -> Iterator[DeviceRuntime]:
    settings = DeviceSettings(known_hosts=tmp_path / "known_hosts", command_timeout_s=5)
    with DeviceRuntime(settings, catalogue=PluginCatalogue.of(PLUGINS[plugin]())) as running:
        yield running


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.bin"
    path.write_bytes(IMAGE)
    return path


def entity(target: RunningDevice) -> Device:
    return Device(
        id=1,
        hostname="r1",
        ip="127.0.0.1",
        port=target.port,
        username="neops",
        password=Secret("simulated"),
        platform=Platform(short_name="cisco_ios"),
    )


async def test_an_upgrade_takes_one_connect(
    plugin: str, runtime: DeviceRuntime, target: RunningDevice, image: Path
) -> None:
    router = runtime.connect(entity(target), Upgrading)
    told: list[str] = []

    await router.put_file(
        image, "image.bin", progress=lambda done, total, what: told.append(f"{what} {done * 100 // total}%")
    )
    rebooted = await router.reboot(within_s=20, progress=lambda done, total, what: told.append(what))
    listed = await router.send_command("dir flash:/image.bin")  # on a new session, since the old one went down

    assert rebooted.back
    assert "image.bin" in listed.output
    assert "image.bin 100%" in told
    assert told[-1].startswith("waiting for r1")


async def test_a_job_that_is_aborted_in_mid_transfer_is_over_within_a_second(
    plugin: str, runtime: DeviceRuntime, target: RunningDevice, image: Path
) -> None:
    target.fault = HANGS
    putting = asyncio.ensure_future(
        runtime.connect(entity(target), TransfersFiles, job="42").put_file(image, "image.bin")
    )
    await until(lambda: bool(target.files))
    started = time.monotonic()

    runtime.abort(job="42")

    with pytest.raises(SessionLost):
        await putting
    await until(lambda: target.sessions == 0)
    assert time.monotonic() - started < 1.5
    assert "/flash/image.bin" not in target.files


async def test_a_transfer_that_nobody_waits_for_any_more_ends(
    plugin: str, runtime: DeviceRuntime, target: RunningDevice, image: Path
) -> None:
    target.fault = HANGS
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.5):
            await runtime.connect(entity(target), TransfersFiles).put_file(image, "image.bin")

    await until(lambda: target.sessions == 0)
    assert "/flash/image.bin" not in target.files


async def test_a_transfer_has_its_own_deadline(
    plugin: str, runtime: DeviceRuntime, target: RunningDevice, image: Path
) -> None:
    target.fault = HANGS

    with pytest.raises(OperationTimedOut, match=r"r1: .* within 0\.5 s"):
        await runtime.connect(entity(target), TransfersFiles).put_file(image, "image.bin", within_s=0.5)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)
