"""The network's life: threads, loops, sockets, evidence, and speed."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import asyncssh
import pytest

from neops.errors import UsageError
from neops.testing.simulator import RunningDevice, SimulatedDevice, SimulatedNetwork, demo_network

if TYPE_CHECKING:
    from tests.integration.simulator.conftest import OpenConsole

R1 = SimulatedDevice(name="r1", platform="cisco_ios")


async def test_sessions_of_a_device_share_its_configuration(console: OpenConsole) -> None:
    async with SimulatedNetwork([R1]) as network, console(network["r1"]) as one, console(network["r1"]) as other:
        await one.read()
        await other.read()
        one.writer.write(b"configure terminal\nhostname renamed\nend\n")
        one.prompt = other.prompt = "renamed#"
        await one.read()

        assert "hostname renamed" in await other.ask("show running-config | include hostname")
        assert "hostname renamed" in network["r1"].running_config
        assert "hostname renamed" not in network["r1"].startup_config


async def test_evidence_counts_logins_sessions_and_commands(console: OpenConsole) -> None:
    async with SimulatedNetwork([R1]) as network:
        router = network["r1"]
        async with console(router) as session:
            await session.read()
            await session.ask("show clock")
            assert (router.logins, router.sessions, router.commands) == (1, 1, ("show clock",))
        await until(lambda: router.sessions == 0)
        router.forget()

        assert (router.logins, router.failed_logins, router.commands) == (0, 0, ())


async def test_a_lock_is_free_again_when_its_session_is_gone(console: OpenConsole) -> None:
    async with SimulatedNetwork([SimulatedDevice(name="r1", platform="juniper_junos")]) as network:
        router = network["r1"]
        async with console(router) as session:
            session.prompt = "> "
            await session.read()
            session.prompt = "# "
            await session.ask("configure exclusive")
            assert router.configuration_locked

        await until(lambda: not router.configuration_locked)


async def test_one_command_is_executed_without_a_terminal() -> None:
    async with SimulatedNetwork([R1, SimulatedDevice(name="s1", platform="linux")]) as network:
        version = await execute(network["r1"], "show version | include uptime")
        unknown = await execute(network["s1"], "frobnicate")

    assert (version.stdout, version.exit_status) == ("r1 uptime is 2 weeks, 3 minutes\n", 0)
    assert unknown.exit_status == 127


async def test_long_output_is_paged_until_paging_is_off(console: OpenConsole) -> None:
    async with SimulatedNetwork([R1]) as network, console(network["r1"]) as session:
        await session.read()
        prompt, session.prompt = session.prompt, " --More-- "
        first = await session.ask("show running-config")
        session.prompt = prompt
        session.writer.write(b"q")
        await session.read()
        await session.ask("terminal length 0")
        whole = await session.ask("show running-config")

    assert len(first.splitlines()) == 24
    assert whole.rstrip().endswith("end")


def test_a_network_can_serve_from_a_thread_and_leaves_none_behind() -> None:
    before = threading.active_count()
    with SimulatedNetwork([R1]) as network:
        answer = asyncio.run(execute(network["r1"], "show clock"))
        assert network["r1"].commands == ("show clock",)

    assert answer.exit_status == 0
    assert threading.active_count() == before


async def test_stopping_closes_open_connections(console: OpenConsole) -> None:
    async with SimulatedNetwork([R1]) as network:
        port = network["r1"].port
        connection = await asyncssh.connect(
            "127.0.0.1", port, username="neops", password="simulated", known_hosts=None, client_keys=None, config=None
        )

    await asyncio.wait_for(connection.wait_closed(), 2)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


def test_a_name_can_be_used_once() -> None:
    with pytest.raises(UsageError, match="two simulated devices are called r1"):
        SimulatedNetwork([R1, R1])


def test_a_network_that_does_not_run_has_no_ports() -> None:
    network = SimulatedNetwork([R1])

    with pytest.raises(UsageError, match="is not running"):
        _ = network["r1"].port


def test_too_few_file_descriptors_are_explained() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with pytest.raises(UsageError, match="ulimit -n"), demo_network(400):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_asyncssh_is_imported_when_a_network_starts_and_not_before() -> None:
    code = "import sys, neops.testing.simulator as s; s.demo_network(3); print('asyncssh' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "False"


def test_two_hundred_devices_start_within_a_second() -> None:
    network = demo_network(200)
    started = time.process_time()  # of which others that are busy at the same time take nothing
    with network:
        assert time.process_time() - started < 1.0
        assert len({device.port for device in network}) == 200


async def execute(device: RunningDevice, command: str) -> asyncssh.SSHCompletedProcess:
    async with asyncssh.connect(
        "127.0.0.1",
        device.port,
        username="neops",
        password="simulated",
        known_hosts=None,
        client_keys=None,
        config=None,
    ) as connection:
        return await connection.run(command)


async def until(true: Callable[[], bool]) -> None:
    """Wait for what the server does after the client has gone; at most two seconds."""
    async with asyncio.timeout(2):
        while not true():
            await asyncio.sleep(0.01)
