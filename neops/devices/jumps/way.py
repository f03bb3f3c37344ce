"""The way of one device through its jump hosts. Importing this module imports asyncssh."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final
from weakref import WeakSet

import asyncssh

from neops.devices.jumps.relay import LocalEnd
from neops.devices.jumps.trunk import Trunk
from neops.devices.plugin import Forward, JumpHost
from neops.devices.sockets import CuttableSocket
from neops.errors import ConnectFailed, HostKeyRejected, Unreachable

Start = Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]]

LOOPBACK: Final = "127.0.0.1"
LISTEN_S: Final = 5.0
"""How long the runtime's loop may take to open a port."""


class Way:
    """The `Tunnel` of one device."""

    def __init__(self, device: str, hop: JumpHost, trunk: Callable[[], Trunk], start: Start) -> None:
        self._device, self._hop, self._trunk, self._start = device, hop, trunk, start
        self._loop = asyncio.get_running_loop()

    async def ready(self) -> None:
        """Wait until the jump hosts are logged in. Errors are the device's, and name the jump host.

        Raises:
            HostKeyRejected: the jump host's key is not the known one.
            Unreachable: anything else; a password that a jump host refuses is none that the device refused.
        """
        await self._connection(self._trunk())

    async def create_connection(self, session_factory: Any, remote_host: str, remote_port: int) -> Any:
        opening = self._start(self._open(session_factory, remote_host, remote_port))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_channel)  # asyncssh 2.24 would leave it open at the jump host
            raise

    async def _open(self, session_factory: Any, host: str, port: int) -> Any:
        trunk = self._trunk()
        trunk.enter()
        try:
            connection = await self._connection(trunk)
            channel, session = await connection.create_connection(session_factory, host, port)
        except BaseException as error:
            trunk.leave()
            if isinstance(error, asyncssh.Error | OSError):
                where = f"jump host {self._hop} does not reach {host}:{port}"
                raise Unreachable(self._device, f"{where}: {_reason(error)}") from error
            raise
        self._start(channel.wait_closed()).add_done_callback(lambda _: trunk.leave())
        return channel, session

    async def _connection(self, trunk: Trunk) -> asyncssh.SSHClientConnection:
        try:
            return await trunk.ready()
        except ConnectFailed as error:
            kind = HostKeyRejected if isinstance(error, HostKeyRejected) else Unreachable
            raise kind(self._device, f"jump host {self._hop}: {error.message}") from error

    def connect(
        self, host: str, port: int, timeout_s: float, register: Callable[[CuttableSocket], None]
    ) -> CuttableSocket:
        end = LocalEnd(lambda factory: self.create_connection(factory, host, port))
        ours, theirs = socket.socketpair()
        connected = _Tunnelled(fileno=theirs.detach())
        connected.hang_up = lambda: self._call(end.close)
        connected.settimeout(timeout_s)
        register(connected)
        opening = asyncio.run_coroutine_threadsafe(self._carry(ours, end), self._loop)
        try:
            opening.result(timeout_s)
        except BaseException as error:
            opening.cancel()
            connected.close()
            if isinstance(error, ConnectFailed | TimeoutError):
                raise
            raise ConnectionAbortedError("the connection was cut while it was made") from error
        return connected

    def forward(self, host: str, port: int) -> Forward:
        listening = asyncio.run_coroutine_threadsafe(self._listen(host, port), self._loop)
        return listening.result(LISTEN_S)

    async def _carry(self, ours: socket.socket, end: LocalEnd) -> None:
        try:
            await self._loop.create_connection(lambda: end, sock=ours)
            if end.opened is None:
                raise ConnectionAbortedError("the connection was cut while it was made")
            await end.opened
        except BaseException:
            end.close()
            raise

    async def _listen(self, host: str, port: int) -> Forward:
        ends: WeakSet[LocalEnd] = WeakSet()  # a transport keeps its own for as long as it is open

        def end() -> LocalEnd:
            one = LocalEnd(lambda factory: self.create_connection(factory, host, port))
            ends.add(one)
            return one

        server = await self._loop.create_server(end, LOOPBACK, 0)

        def close() -> None:
            server.close()
            for one in tuple(ends):
                one.close()

        return Forward(host=LOOPBACK, port=server.sockets[0].getsockname()[1], close=lambda: self._call(close))

    def _call(self, function: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed, and with it every connection
            self._loop.call_soon_threadsafe(function)


class _Tunnelled(CuttableSocket):
    """One end of a pair; the runtime's end may not be reading, so it is told that this one is gone."""

    hang_up: Callable[[], None] | None = None

    def setsockopt(self, *option: Any) -> None:
        """What libraries set for TCP (`http.client`: TCP_NODELAY) means nothing here, and fails."""
        if option[0] != socket.IPPROTO_TCP:
            super().setsockopt(*option)

    def cut(self) -> None:
        super().cut()
        if self.hang_up is not None:
            self.hang_up()

    def close(self) -> None:
        super().close()
        if self.hang_up is not None:
            self.hang_up()


def _reason(error: Exception) -> str:
    """What the jump host says; of a rule against forwarding OpenSSH 9 says no more than `open failed`."""
    forbidden = isinstance(error, asyncssh.ChannelOpenError) and error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED
    return f"its rules forbid it ({error})" if forbidden else str(error) or type(error).__name__


def _close_channel(opening: asyncio.Task[Any]) -> None:
    """Close what nobody waits for any more."""
    if not opening.cancelled() and opening.exception() is None:
        channel, _ = opening.result()
        channel.abort()
