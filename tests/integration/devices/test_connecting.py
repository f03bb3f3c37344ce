"""`connect` does what `asyncssh.connect` does, whether or not it goes that way."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from asyncssh.connection import SSHConnection
from asyncssh.packet import SSHPacketLogger

from neops.devices.connecting import MSG_IGNORE, connect, options_for
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
    async with await connect("127.0.0.1", port, arguments) as connection:
        answer = await connection.run("show version")

        assert "Version" in str(answer.stdout)
        assert connection.get_extra_info("peername") == ("127.0.0.1", port)
    assert connection.is_closed()


async def test_a_wrong_password_is_denied(network: SimulatedNetwork, arguments: dict[str, Any]) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        await connect("127.0.0.1", network["r1"].port, {**arguments, "password": "wrong"})


async def test_a_port_where_nobody_listens_is_refused(network: SimulatedNetwork, arguments: dict[str, Any]) -> None:
    with pytest.raises(ConnectionRefusedError):
        await connect("127.0.0.1", network["deaf"].port, arguments)


async def test_who_does_not_wait_for_a_silent_device_leaves_no_socket(
    network: SimulatedNetwork, arguments: dict[str, Any]
) -> None:
    made: list[asyncssh.SSHClientConnection] = []

    class Client(asyncssh.SSHClient):
        def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
            made.append(conn)

    silent = {**arguments, "client_factory": Client}
    connecting = asyncio.ensure_future(connect("127.0.0.1", network["silent"].port, silent))
    async with asyncio.timeout(5):
        while not made:
            await asyncio.sleep(0.01)
    connecting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await connecting
    assert [connection.is_closed() for connection in made] == [True]


async def test_no_thread_is_asked_where_no_file_has_to_be_read(
    network: SimulatedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a thread was asked")

    monkeypatch.setattr(asyncio.get_running_loop(), "run_in_executor", refuse)
    arguments = {"username": "neops", "password": PASSWORD, "keepalive_interval": 30, **NO_FILE}

    async with await connect("127.0.0.1", network["r1"].port, arguments) as connection:
        assert "Version" in str((await connection.run("show version")).stdout)


async def test_a_connection_leaves_no_timer_behind(network: SimulatedNetwork) -> None:
    arguments = {"username": "neops", "password": PASSWORD, "keepalive_interval": 30, **NO_FILE}
    loop: Any = asyncio.get_running_loop()

    def timers() -> list[asyncio.TimerHandle]:
        return [timer for timer in loop._scheduled if not timer.cancelled()]

    async with await connect("127.0.0.1", network["r1"].port, arguments):
        assert [round(timer.when() - loop.time()) for timer in timers()] == [30]

    assert timers() == []


@pytest.mark.parametrize(("level", "logged"), [(logging.DEBUG, True), (logging.INFO, False)])
async def test_packets_are_logged_where_somebody_reads_it(
    level: int, logged: bool, network: SimulatedNetwork, arguments: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(level, "asyncssh")
    asyncssh.set_debug_level(3)
    try:
        async with await connect("127.0.0.1", network["r1"].port, arguments) as connection:
            await connection.run("show version")
    finally:
        asyncssh.set_debug_level(1)

    ours = [record for record in caplog.records if record.threadName == threading.current_thread().name]
    said = "\n".join(record.getMessage() for record in ours)
    assert "Auth for user neops succeeded" in said
    for packet in ("Received MSG_KEXINIT", "Sent MSG_CHANNEL_OPEN", "Received MSG_CHANNEL_DATA"):
        assert (packet in said) == logged


class Guarded(asyncssh.SSHServer):
    """Lets one password in."""

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("neops", PASSWORD)


@pytest.mark.parametrize(
    ("cipher", "sent"), [("aes128-cbc", True), ("aes128-ctr", False), ("aes128-gcm@openssh.com", False)]
)
async def test_empty_packets_are_sent_with_ciphers_of_which_the_next_vector_can_be_guessed(
    cipher: str, sent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    packets: set[int] = set()
    send_packet = SSHConnection.send_packet

    def noted(self: SSHConnection, pkttype: int, *args: bytes, handler: SSHPacketLogger | None = None) -> None:
        if self.is_client():
            packets.add(pkttype)
        send_packet(self, pkttype, *args, handler=handler)

    monkeypatch.setattr(SSHConnection, "send_packet", noted)
    key = asyncssh.generate_private_key("ssh-ed25519")
    listening = asyncssh.listen(
        "127.0.0.1", 0, server_factory=Guarded, server_host_keys=[key], encryption_algs=[cipher]
    )
    arguments = {"username": "neops", "password": PASSWORD, "encryption_algs": [cipher], **NO_FILE}
    async with listening as server, await connect("127.0.0.1", server.get_port(), arguments) as connection:
        assert connection.get_extra_info("send_cipher") == cipher

    assert (MSG_IGNORE in packets) == sent


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"client_factory": asyncssh.SSHClient, "known_hosts": ([], [], []), "tunnel": None},
        {"kex_algs": ["curve25519-sha256"], "encryption_algs": ("aes128-gcm@openssh.com",), "login_timeout": 5.5},
        {"server_host_key_algs": ["ssh-ed25519"], "compression_algs": None, "mac_algs": ["hmac-sha2-256"]},
        {"agent_path": None, "preferred_auth": ("password", "keyboard-interactive")},
    ],
)
async def test_the_options_are_those_that_asyncssh_works_out(arguments: dict[str, Any]) -> None:
    arguments = {"username": "neops", "password": PASSWORD, **NO_FILE, **arguments}
    by_asyncssh = await asyncssh.SSHClientConnectionOptions.construct(
        host="192.0.2.1", port=2222, **{"tunnel": None, **arguments}, keepalive_interval=0
    )
    for _ in range(2):  # the second time what is shared is there already
        ours = options_for("192.0.2.1", 2222, arguments)

        assert seen(ours) == seen(by_asyncssh)


def seen(options: asyncssh.SSHClientConnectionOptions) -> dict[str, Any]:
    """All attributes, but for those that only say how they were worked out."""
    rest = {name: value for name, value in vars(options).items() if name not in ("config", "kwargs")}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in rest.items()}
