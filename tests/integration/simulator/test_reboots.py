"""A simulated device goes down when it is told to, and comes back as it was saved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from neops.testing.simulator import Facts, SimulatedDevice, SimulatedNetwork

BACK_S = 5.0


@pytest.fixture
async def network() -> AsyncIterator[SimulatedNetwork]:
    device = SimulatedDevice(
        name="r1",
        platform="cisco_ios",
        facts=Facts(uptime_s=86_400),
        files={"flash:/image.bin": b"17.12"},
        boot_s=0.1,
    )
    async with SimulatedNetwork([device]) as running:
        yield running


async def reload(session: Any, *answers: tuple[str, str]) -> None:
    """Type `reload`, then each answer when its question is there; the connection ends."""
    session.writer.write(b"reload\n")
    for question, answer in answers:
        async with asyncio.timeout(BACK_S):
            await session.reader.readuntil(question.encode())
        session.writer.write(f"{answer}\n".encode())


async def cut(session: Any) -> None:
    """Wait until the device ends the connection: right after the command it still lets people in."""
    async with asyncio.timeout(BACK_S):
        await session.reader.read()


async def back(login: Callable[..., Any], device: Any) -> str:
    """The answer to `show version` as soon as the device lets us in again."""
    async with asyncio.timeout(BACK_S):
        while True:
            try:
                async with await login(device) as connection:
                    return str((await connection.run("show version")).stdout)
            except OSError:
                await asyncio.sleep(0.02)


async def test_a_reload_cuts_sessions_refuses_and_resets_the_uptime(
    network: SimulatedNetwork, console: Any, login: Any
) -> None:
    async with console(network["r1"]) as session:
        await session.read()
        await reload(session, ("[confirm]", ""))
        await cut(session)
        with pytest.raises(OSError, match="Connect call failed"):
            await login(network["r1"])
        version = await back(login, network["r1"])

    assert "uptime is 0 minutes" in version
    assert network["r1"].files == {"/flash/image.bin": b"17.12"}


@pytest.mark.parametrize(("save", "kept"), [("yes", True), ("no", False)])
async def test_a_reload_asks_whether_to_save_and_forgets_what_is_not(
    save: str, kept: bool, network: SimulatedNetwork, console: Any, login: Any
) -> None:
    async with console(network["r1"]) as session:
        await session.read()
        for line in ("configure terminal", "ntp server 192.0.2.9", "end"):
            session.writer.write(f"{line}\n".encode())
        await reload(session, ("Save? [yes/no]: ", save), ("[confirm]", ""))
        await cut(session)
        await back(login, network["r1"])

    assert ("ntp server 192.0.2.9" in network["r1"].running_config) is kept


async def test_a_reload_that_is_not_confirmed_does_not_happen(network: SimulatedNetwork, console: Any) -> None:
    async with console(network["r1"]) as session:
        await session.read()
        await reload(session, ("[confirm]", "no"))
        await session.read()

        assert "uptime is 1 day" in await session.ask("show version")
