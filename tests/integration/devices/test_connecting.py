"""`connect` does what `asyncssh.connect` does, whether or not it goes that way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from neops.devices import ssh
from neops.testing.simulator import Fault, FaultKind, SimulatedDevice, SimulatedNetwork

PASSWORD = "of-the-router"
NO_FILE: dict[str, Any] = {"config": None, "client_keys": None, "known_hosts": None}


@pytest.fixture(scope="module")
def network() -> Iterator[SimulatedNetwork]:
    faults = {"r1": None, "silent": Fault(kind=FaultKind.HANG), "deaf": Fault(kind=FaultKind.REFUSE)}
    devices = [
        SimulatedDevice(name=name, platform="cisco_ios", username="neops", password=PASSWORD, fault=fault)
        for name, fault in faults.items()
    ]
    with SimulatedNetwork(devices) as network:
        yield network


@pytest.fixture(params=["by itself", "through asyncssh"])
def arguments(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """Arguments that lead through either way."""
    good = {"username": "neops", "password": PASSWORD, **NO_FILE}
    if request.param == "by itself":
        return good
    (tmp_path / "config").write_text("Host *\n  Compression no\n")
    return {**good, "config": str(tmp_path / "config")}


async def test_a_command_is_answered(network: SimulatedNetwork, arguments: dict[str, Any]) -> None:
    port = network["r1"].port
    async with await ssh.connect("127.0.0.1", port, arguments) as connection:
        answer = await connection.run("show version")

        assert "Version" in str(answer.stdout)
        assert (connection.get_extra_info("host"), connection.get_extra_info("port")) == ("127.0.0.1", port)
    assert connection.is_closed()


async def test_a_wrong_password_is_denied(network: SimulatedNetwork, arguments: dict[str, Any]) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        await ssh.connect("127.0.0.1", network["r1"].port, {**arguments, "password": "wrong"})


async def test_a_port_where_nobody_listens_is_refused(network: SimulatedNetwork, arguments: dict[str, Any]) -> None:
    with pytest.raises(ConnectionRefusedError):
        await ssh.connect("127.0.0.1", network["deaf"].port, arguments)


async def test_who_does_not_wait_for_a_silent_device_leaves_no_socket(
    network: SimulatedNetwork, arguments: dict[str, Any]
) -> None:
    made: list[asyncssh.SSHClientConnection] = []

    class Client(asyncssh.SSHClient):
        def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
            made.append(conn)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await ssh.connect("127.0.0.1", network["silent"].port, {**arguments, "client_factory": Client})

    assert [connection.is_closed() for connection in made] == [True]


async def test_no_thread_is_asked_where_no_file_has_to_be_read(
    network: SimulatedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a thread was asked")

    monkeypatch.setattr(asyncio.get_running_loop(), "run_in_executor", refuse)
    arguments = {"username": "neops", "password": PASSWORD, "keepalive_interval": 30, **NO_FILE}

    async with await ssh.connect("127.0.0.1", network["r1"].port, arguments) as connection:
        assert "Version" in str((await connection.run("show version")).stdout)
