"""What clients see of devices that misbehave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import asyncssh
import pytest

from neops.testing.simulator import Fault, FaultKind, RunningDevice, SimulatedDevice, SimulatedNetwork

if TYPE_CHECKING:
    from tests.integration.simulator.conftest import OpenConsole

SILENCE_S = 0.2
"""Long enough for an answer on loopback, were there one."""

Login = Callable[..., Awaitable[asyncssh.SSHClientConnection]]


@pytest.fixture
async def network() -> AsyncIterator[SimulatedNetwork]:
    async with SimulatedNetwork([SimulatedDevice(name="r1", platform="cisco_ios")]) as network:
        yield network


@pytest.fixture
def router(network: SimulatedNetwork) -> RunningDevice:
    return network["r1"]


async def test_a_device_that_refuses_can_be_reached_again_on_the_same_port(router: RunningDevice, login: Login) -> None:
    port = router.port
    router.fault = Fault(kind=FaultKind.REFUSE)
    with pytest.raises(ConnectionRefusedError):
        await login(router)

    router.fault = None

    (await login(router)).close()
    assert router.port == port


async def test_a_device_can_refuse_from_the_start(login: Login) -> None:
    spec = SimulatedDevice(name="r1", platform="linux", fault=Fault(kind=FaultKind.REFUSE))
    async with SimulatedNetwork([spec]) as network:
        with pytest.raises(ConnectionRefusedError):
            await login(network["r1"])


async def test_a_hanging_device_accepts_and_says_nothing(router: RunningDevice) -> None:
    router.fault = Fault(kind=FaultKind.HANG)
    reader, writer = await asyncio.open_connection("127.0.0.1", router.port)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), SILENCE_S)

    writer.close()
    assert router.logins == 0


async def test_a_device_can_hang_after_the_login(router: RunningDevice, console: OpenConsole) -> None:
    router.fault = Fault(kind=FaultKind.HANG_AFTER_LOGIN)
    async with console(router) as session:
        with pytest.raises(TimeoutError):
            await session.read(wait_s=SILENCE_S)

    assert router.logins == 1


async def test_a_device_can_hang_on_one_command(router: RunningDevice, console: OpenConsole) -> None:
    router.fault = Fault(kind=FaultKind.HANG_ON_COMMAND, command="^show version")
    async with console(router) as session:
        await session.read()
        await session.ask("show clock")
        with pytest.raises(TimeoutError):
            await session.ask("show version", wait_s=SILENCE_S)
        session.writer.write(b"show clock\n")
        with pytest.raises(TimeoutError):
            await session.read(wait_s=SILENCE_S)

    assert router.commands == ("show clock", "show version")


async def test_a_dropped_connection_ends_in_the_middle_of_the_output(
    router: RunningDevice, console: OpenConsole
) -> None:
    router.fault = Fault(kind=FaultKind.DROP, command="running-config")
    async with console(router) as session:
        await session.read()
        session.writer.write(b"terminal length 0\nshow running-config\n")
        seen = await session.reader.read()

    assert b"Building configuration" in seen
    assert b"line vty" not in seen


async def test_garbled_output_is_not_the_output_but_the_prompt_is_whole(
    router: RunningDevice, console: OpenConsole
) -> None:
    async with console(router) as session:
        await session.read()
        clean = await session.ask("show ip interface brief")
        router.fault = Fault(kind=FaultKind.GARBLE)
        garbled = await session.ask("show ip interface brief")

    assert garbled != clean
    assert "\ufffd" in garbled


async def test_truncated_output_looks_complete(router: RunningDevice, console: OpenConsole) -> None:
    async with console(router) as session:
        await session.read()
        clean = await session.ask("show ip interface brief")
        router.fault = Fault(kind=FaultKind.TRUNCATE)
        truncated = await session.ask("show ip interface brief")

    assert len(truncated) < len(clean) * 0.7
    assert clean.startswith(truncated.rstrip())


async def test_a_device_can_reject_every_password(router: RunningDevice, login: Login) -> None:
    router.fault = Fault(kind=FaultKind.REJECT_PASSWORD)
    with pytest.raises(asyncssh.PermissionDenied):
        await login(router)

    assert (router.logins, router.failed_logins) == (0, 1)


async def test_a_wrong_password_is_counted(router: RunningDevice, login: Login) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        await login(router, password="wrong")

    assert (router.logins, router.failed_logins) == (0, 1)


async def test_a_fault_can_strike_once(router: RunningDevice, console: OpenConsole) -> None:
    router.fault = Fault(kind=FaultKind.DROP, command="show version", times=1)
    async with console(router) as session:
        await session.read()
        session.writer.write(b"show version\n")
        await session.reader.read()

    async with console(router) as session:
        await session.read()
        again = await session.ask("show version | include uptime")

    assert "r1 uptime is" in again
    assert router.fault is None


async def test_latency_is_added_to_every_command(router: RunningDevice, console: OpenConsole) -> None:
    router.latency_s = 0.05
    async with console(router) as session:
        await session.read()
        started = time.perf_counter()
        await session.ask("show clock")
        await session.ask("show clock")

    assert time.perf_counter() - started >= 0.1


async def test_devices_do_not_wait_for_each_other(console: OpenConsole) -> None:
    specs = [SimulatedDevice(name=f"r{number}", platform="cisco_ios", latency_s=0.2) for number in range(10)]
    async with SimulatedNetwork(specs) as network, AsyncExitStack() as logins:
        sessions = [await logins.enter_async_context(console(device)) for device in network]
        for session in sessions:
            await session.read()
        started = time.perf_counter()
        await asyncio.gather(*[session.ask("show clock") for session in sessions])
        took_s = time.perf_counter() - started

    assert took_s < 1.5  # one after the other: 2.0
