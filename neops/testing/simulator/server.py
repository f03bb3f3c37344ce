"""The SSH side of a device: logins, sessions, latency and faults."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import asyncssh

from neops.devices.connecting import LeanConnection
from neops.testing.simulator.device import DeviceState
from neops.testing.simulator.faults import Dropped, suffer
from neops.testing.simulator.netconf.session import NetconfSession
from neops.testing.simulator.replies import Reply
from neops.testing.simulator.shell import Shell
from neops.testing.simulator.spec import FaultKind
from neops.testing.simulator.terminal import Terminal
from neops.testing.simulator.transfers import transfer_session

if TYPE_CHECKING:
    from asyncssh import SSHServerChannel, SSHServerConnection

log = logging.getLogger(__name__)

# Cheap algorithms first; the others are for clients that have not got them (paramiko 3 and older: no AES-GCM).
KEX = ["curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "diffie-hellman-group14-sha256"]
CIPHERS = ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr"]
MACS = ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-256"]


LOOPBACK = "127.0.0.1"
FAREWELL_S = 0.02  # what a rebooting device said last still reaches the client


async def server_options(
    device_at: Callable[[int], DeviceState],
    host_key: asyncssh.SSHKey,
    connections: set[asyncssh.SSHServerConnection],
    port_of: Callable[[str], int | None],
) -> asyncssh.SSHServerConnectionOptions:
    """Options shared by all connections; `device_at` finds the device that listens on a port, `port_of` its port."""
    options = await asyncssh.SSHServerConnectionOptions.construct(
        server_factory=lambda: Login(device_at, connections, port_of),
        server_host_keys=[host_key],
        kex_algs=KEX,
        encryption_algs=CIPHERS,
        mac_algs=MACS,
        compression_algs=None,
        encoding=None,
        line_editor=False,
        gss_host=None,
        host_based_auth=False,
        kbdint_auth=False,
        agent_forwarding=False,
        x11_forwarding=False,
        login_timeout=0,
    )
    assert isinstance(options, asyncssh.SSHServerConnectionOptions)
    return options


async def serve(sock: socket.socket, options: asyncssh.SSHServerConnectionOptions) -> None:
    """Be the server on a socket. `asyncssh.run_server` would work the options out again for each one, in a thread."""
    loop = asyncio.get_running_loop()
    await loop.connect_accepted_socket(lambda: _Connection(loop, options), sock)


class _Connection(LeanConnection, asyncssh.SSHServerConnection):
    """Sends what a device sends: asyncssh alone would put an empty packet before each."""

    async def reload_config(self) -> None:
        """The options are the same for all users; asyncssh would work them out again at each login, in a thread."""


class Login(asyncssh.SSHServer):
    """One SSH connection: whose it is, and whether the password or the key is right."""

    def __init__(
        self,
        device_at: Callable[[int], DeviceState],
        connections: set[asyncssh.SSHServerConnection],
        port_of: Callable[[str], int | None],
    ) -> None:
        self._device_at, self._connections, self._port_of = device_at, connections, port_of
        self._logged_in = False

    def connection_made(self, conn: SSHServerConnection) -> None:
        self._device = self._device_at(conn.get_extra_info("sockname")[1])
        self._conn = conn
        self._connections.add(conn)
        self._device.hang_up.add(conn.abort)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncssh's signature
        self._connections.discard(self._conn)
        self._device.hang_up.discard(self._conn.abort)
        if self._logged_in:
            self._device.evidence.sessions -= 1

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - asyncssh's signature
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        spec = self._device.spec
        refused = self._device.struck_by(FaultKind.REJECT_PASSWORD)
        good = not refused and (username, password) == (spec.username, spec.password)
        if not good:
            self._device.evidence.failed_logins += 1
        return good

    def public_key_auth_supported(self) -> bool:
        return bool(self._device.spec.public_keys)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        spec, shown = self._device.spec, key.export_public_key().split()[:2]
        known = shown in [line.encode().split()[:2] for line in spec.public_keys]
        good = known and username == spec.username and not self._device.struck_by(FaultKind.REJECT_PASSWORD)
        if not good:
            self._device.evidence.failed_logins += 1
            self._conn._next_service = b"ssh-userauth"  # paramiko asks for it with each method, asyncssh grants it once
        return good

    def auth_completed(self) -> None:
        self._logged_in = True
        self._device.evidence.logins += 1
        self._device.evidence.sessions += 1

    async def connection_requested(
        self,
        dest_host: str,
        dest_port: int,
        orig_host: str,  # noqa: ARG002 - asyncssh's signature
        orig_port: int,  # noqa: ARG002
    ) -> Any:
        """A client wants to go on from here: `ssh -J`."""
        device = self._device
        if not device.spec.is_jump_host or device.struck_by(FaultKind.REFUSE_FORWARDING):
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "open failed")
        port = dest_port if dest_host == LOOPBACK else self._port_of(dest_host)
        if port is None:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, f"{dest_host}: no such simulated device")
        device.evidence.forwarded += 1
        return await self._conn.forward_connection(LOOPBACK, port)

    def session_requested(self) -> Session:
        return Session(self._device, self._conn)


class Session(asyncssh.SSHServerSession[bytes]):
    """One channel: an interactive shell, one command (exec), or a transfer of files."""

    def __init__(self, device: DeviceState, conn: SSHServerConnection) -> None:
        self._device, self._conn = device, conn
        self._shell = Shell(device)
        self._command: str | None = None
        self._typed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._terminal = Terminal(None)
        self._transfer: asyncssh.SSHServerSession[bytes] | None = None

    def connection_made(self, chan: SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def pty_requested(
        self,
        term_type: str,  # noqa: ARG002 - asyncssh's signature
        term_size: tuple[int, int, int, int],
        term_modes: Mapping[int, int],  # noqa: ARG002
    ) -> bool:
        self._terminal = Terminal(self._device.platform.data.pager, rows=term_size[1])
        return True

    def shell_requested(self) -> bool:
        return True

    def exec_requested(self, command: str) -> bool:
        if command != self._device.platform.data.shell:
            self._command = command
        if command.startswith("scp "):
            self._transfer = transfer_session(self._device, "scp")
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        if subsystem == "sftp" and self._device.turns_away("sftp") is None:
            self._transfer = transfer_session(self._device, "sftp")
        elif subsystem == "netconf" and "netconf" in self._device.faces:
            self._transfer = NetconfSession(self._device, self._conn)
        return self._transfer is not None

    def session_started(self) -> None:
        if self._transfer is not None:
            self._transfer.connection_made(self._channel)
            self._transfer.session_started()
            return
        work = self._converse() if self._command is None else self._execute(self._command)
        self._task = asyncio.get_running_loop().create_task(work)
        self._task.add_done_callback(self._ended)

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if self._transfer is not None:
            self._transfer.data_received(data, datatype)
            return
        self._terminal.receive(data)
        self._typed.set()

    def eof_received(self) -> bool:
        if self._transfer is not None:
            return bool(self._transfer.eof_received())
        return self._command is not None

    def pause_writing(self) -> None:
        if self._transfer is not None:
            self._transfer.pause_writing()

    def resume_writing(self) -> None:
        if self._transfer is not None:
            self._transfer.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transfer is not None:
            self._transfer.connection_lost(exc)
        if self._task:
            self._task.cancel()
        self._shell.close()

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error:
            log.error("simulated session broke", extra={"device": self._device.spec.name}, exc_info=error)
            self._conn.abort()

    async def _converse(self) -> None:
        if self._device.struck_by(FaultKind.HANG_AFTER_LOGIN):
            return
        self._terminal.show(self._shell.greeting(), self._shell.prompt)
        self._send()
        while True:
            line = self._terminal.read_line()
            self._send()
            if line is None:
                self._typed.clear()
                await self._typed.wait()
            elif not await self._answered(line):
                return

    async def _execute(self, command: str) -> None:
        reply = await self._reply(command)
        if reply is None:
            return
        if reply.text:
            self._channel.write(f"{reply.text}\n".encode("utf-8", "surrogateescape"))
        self._channel.exit(self._device.platform.data.exec_failure if reply.failed else 0)
        if reply.reboots:
            await self._go_down()

    async def _answered(self, line: str) -> bool:
        """Carry one typed line out and print its reply; False: the conversation is over."""
        reply = await self._reply(line)
        if reply is None:
            return False
        if self._shell.page_length is not None:
            self._terminal.rows = self._shell.page_length
        over = reply.closes or reply.reboots
        self._terminal.show(reply.text, "" if over else self._shell.prompt)
        self._terminal.echo = not self._shell.hides_input
        self._send()
        if reply.reboots:
            await self._go_down()
        elif reply.closes:
            self._channel.exit(0)
        return not over

    async def _go_down(self) -> None:
        await asyncio.sleep(FAREWELL_S)
        self._device.reboot()

    async def _reply(self, line: str) -> Reply | None:
        """The device's reply after its latency and under its fault; None: there will be none."""
        device = self._device
        device.reboot_if_due()
        if self._channel.is_closing():
            return None
        if not line.strip() or self._shell.hides_input:
            return self._shell.enter(line)
        reply = Reply()

        def answer() -> str:
            nonlocal reply
            reply = self._shell.enter(line) if self._command is None else self._shell.execute(line)
            return reply.text

        try:
            text = await suffer(device, line, answer)
        except Dropped as dropped:
            self._terminal.show(dropped.half, "")
            self._send()
            self._conn.abort()
            return None
        return None if text is None else replace(reply, text=text)

    def _send(self) -> None:
        data = self._terminal.drain()
        if data and not self._channel.is_closing():
            self._channel.write(data)
