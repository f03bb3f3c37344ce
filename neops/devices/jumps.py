"""Ways through jump hosts: one SSH connection to a jump host carries the sessions of many devices behind it.

Everything here lives in the runtime's loop, besides `connect` and `forward` of a way, which are for other threads.
asyncssh is imported when the first device is behind a jump host.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import zlib
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from neops.concurrency import BlockingExecutor, current_executor, in_thread, use_executor
from neops.devices.credentials import JUMP_HOST, CredentialChain, Permission
from neops.devices.plugin import ConnectionOptions, Credentials, Forward, HostKeys, JumpHost
from neops.devices.sockets import CuttableSocket
from neops.entities import Device, Platform
from neops.errors import ConnectFailed, HostKeyRejected, Unreachable
from neops.logs import Redactor

if TYPE_CHECKING:
    import asyncssh

    from neops.devices.relay import LocalEnd

logger = logging.getLogger(__name__)

LOOPBACK: Final = "127.0.0.1"

CHANNELS: Final = 200
"""Devices over one connection to a jump host, which opens a file for each: sshd's own limit is 1024 of them by default
(RLIMIT_NOFILE of systemd). More devices get one more connection."""

LINGER_S: Final = 1.0
"""A jump host is not left sooner: between the login there and the one at the device nobody is on the way yet."""

GOODBYE_S: Final = 1.0
"""How long a jump host may take to hear that we leave."""


@dataclass(frozen=True, kw_only=True)
class _Path:
    """A jump host with those before it, and how they are logged in to: who asks for the same shares a connection."""

    hops: tuple[JumpHost, ...]
    host_keys: HostKeys
    keepalive_s: float
    connect_timeout_s: float = field(compare=False)

    @property
    def last(self) -> JumpHost:
        return self.hops[-1]

    @property
    def before(self) -> _Path | None:
        return replace(self, hops=self.hops[:-1]) if len(self.hops) > 1 else None


async def _permit_all(_jump_host: Device, _host: str) -> None:
    """Each may be logged in to."""


class JumpHosts:
    """The connections to jump hosts of one runtime: made when needed, shared, closed `idle_s` after their last use.

    A jump host is to the credential providers what a device is; a refused credential counts as one of a device does.
    `permit` raises for a jump host that must not be logged in to.
    """

    def __init__(
        self,
        credentials: CredentialChain,
        *,
        executor: BlockingExecutor | None = None,
        redactor: Redactor | None = None,
        permit: Callable[[Device, str], Awaitable[None]] = _permit_all,
        idle_s: float = 60.0,
    ) -> None:
        self._permit = permit
        self._credentials, self._redactor = credentials, redactor or Redactor()
        self._idle_s = max(idle_s, LINGER_S)
        self._executor = executor or current_executor()
        self._trunks: dict[_Path, list[_Trunk]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def on_the_way(self, device: str, options: ConnectionOptions) -> ConnectionOptions:
        """The options with a tunnel, its jump hosts logged in, when there are some on the way to the device.

        Raises:
            HostKeyRejected: a jump host shows a key that is not the known one.
            ConnectFailed: a jump host cannot be reached, or does not let us in; the message names it.
        """
        if (file := options.ssh_config_file) is not None:
            from neops.devices.ssh_config import with_ssh_config

            options = await in_thread(partial(with_ssh_config, device, options, file), executor=self._executor)
        if not options.jump_hosts:
            return options
        path = _Path(
            hops=options.jump_hosts,
            host_keys=options.host_keys,
            keepalive_s=options.keepalive_s,
            connect_timeout_s=options.connect_timeout_s,
        )
        way = _Way(self, device, path)
        await way.trunk()
        return replace(options, tunnel=way)

    async def close(self) -> None:
        """Leave all jump hosts, those behind others first."""
        paths = sorted(self._trunks, key=lambda path: len(path.hops), reverse=True)
        closings = [self.start(trunk.close()) for path in paths for trunk in tuple(self._trunks[path])]
        if closings:
            await asyncio.wait(closings)

    async def trunk(self, path: _Path) -> _Trunk:
        """A connection to the last jump host of the path, with room for one more channel."""
        trunks = self._trunks.setdefault(path, [])
        trunk = next((one for one in trunks if one.has_room), None)
        if trunk is None:
            trunk = _Trunk(self, path, self._idle_s)
            trunks.append(trunk)
        await trunk.ready()
        return trunk

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task that outlives the job that happens to need it."""
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def forget(self, trunk: _Trunk) -> None:
        """Nobody goes over it any more."""
        trunks = self._trunks.get(trunk.path, [])
        if trunk in trunks:
            trunks.remove(trunk)
        if not trunks:
            self._trunks.pop(trunk.path, None)

    async def log_in(self, path: _Path) -> asyncssh.SSHClientConnection:
        try:
            import neops.devices.ssh as _  # noqa: F401  # imports asyncssh
        except ModuleNotFoundError as error:
            problem = "jump hosts need asyncssh: pip install 'neops[jump]'"
            raise ConnectFailed(f"jump host {path.last}", problem) from error
        from neops.devices.ssh import log_in

        hop, name = path.last, f"jump host {path.last}"
        before = path.before

        async def attempt(credentials: Credentials, permission: Permission) -> asyncssh.SSHClientConnection:
            self._redactor.add(credentials.password, credentials.passphrase)
            options = ConnectionOptions(
                host=hop.host,
                port=hop.port,
                platform=JUMP_HOST,
                credentials=credentials,
                host_keys=path.host_keys,
                connect_timeout_s=path.connect_timeout_s,
                keepalive_s=path.keepalive_s,
                tunnel=_Way(self, name, before) if before else None,
                before_login=permission,
            )
            if credentials.private_key or not credentials.password:
                await permission()
            return await log_in(name, options)

        entity = _entity(hop)
        await self._permit(entity, hop.host)
        with use_executor(self._executor):
            connection = await self._credentials.log_in(entity, hop.credentials, attempt)
        logger.info("logged in to a jump host", extra={"jump_host": str(hop)})
        return connection


def _entity(hop: JumpHost) -> Device:
    """The jump host as providers are asked about it; its number is that of no device in an inventory."""
    number = 2**53 - zlib.crc32(f"{hop.host}:{hop.port}".encode())
    return Device(id=number, hostname=hop.host, port=hop.port, platform=Platform(short_name=JUMP_HOST))


class _Trunk:
    """One connection to a jump host; counts who goes over it and closes it when nobody did for a while."""

    def __init__(self, hosts: JumpHosts, path: _Path, idle_s: float) -> None:
        self.path = path
        self._hosts, self._idle_s = hosts, idle_s
        self._channels = 0
        self._timer: asyncio.TimerHandle | None = None
        self._login: asyncio.Task[asyncssh.SSHClientConnection] = hosts.start(hosts.log_in(path))
        self._login.add_done_callback(lambda _: self._rest())

    @property
    def has_room(self) -> bool:
        """Whether it is open, or may be soon, and takes one more channel."""
        connection = _connection(self._login)
        open_or_opening = not self._login.done() if connection is None else not connection.is_closed()
        return self._channels < CHANNELS and open_or_opening

    async def ready(self) -> asyncssh.SSHClientConnection:
        """The connection, logged in; whoever stops waiting for it leaves it to the others."""
        self._rest()
        return await asyncio.shield(self._login)

    def enter(self) -> None:
        self._channels += 1
        self._rest()

    def leave(self) -> None:
        self._channels -= 1
        self._rest()

    async def close(self) -> None:
        """Say goodbye; when the jump host does not listen, the socket is closed all the same."""
        self._hosts.forget(self)
        if self._timer is not None:
            self._timer.cancel()
        self._login.cancel()  # if it is not over
        if (connection := _connection(self._login)) is not None:
            connection.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await connection.wait_closed()
            connection.abort()

    def _rest(self) -> None:
        """Close after a while without any channel, and forget what is no connection; called whenever that may be."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._login.done() and not self._channels:
            wait_s = self._idle_s if _connection(self._login) is not None else 0.0
            self._timer = asyncio.get_running_loop().call_later(wait_s, lambda: self._hosts.start(self.close()))


def _connection(login: asyncio.Task[asyncssh.SSHClientConnection]) -> asyncssh.SSHClientConnection | None:
    """What a login gave, None when it is not over or failed."""
    if not login.done() or login.cancelled() or login.exception():  # noqa: LOG004  # a task, not a logger
        return None
    return login.result()


class _Way:
    """The `Tunnel` of one device."""

    def __init__(self, hosts: JumpHosts, device: str, path: _Path) -> None:
        self._hosts, self._device, self._path = hosts, device, path
        self._loop = asyncio.get_running_loop()

    async def trunk(self) -> _Trunk:
        """A connection to the last jump host. Errors are the device's, and name the jump host.

        Raises:
            HostKeyRejected: see `JumpHosts.on_the_way`.
            Unreachable: likewise; a password that a jump host refuses is none that the device refused.
        """
        try:
            return await self._hosts.trunk(self._path)
        except ConnectFailed as error:
            kind = HostKeyRejected if isinstance(error, HostKeyRejected) else Unreachable
            raise kind(self._device, f"jump host {self._path.last}: {error.message}") from error

    async def create_connection(self, session_factory: Any, remote_host: str, remote_port: int) -> Any:
        import asyncssh

        trunk = await self.trunk()
        trunk.enter()
        try:
            connection = await trunk.ready()
            channel, session = await connection.create_connection(session_factory, remote_host, remote_port)
        except BaseException as error:
            trunk.leave()
            if isinstance(error, asyncssh.Error | OSError):
                where = f"jump host {self._path.last} does not reach {remote_host}:{remote_port}"
                raise Unreachable(self._device, f"{where}: {error}") from error
            raise
        self._hosts.start(channel.wait_closed()).add_done_callback(lambda _: trunk.leave())
        return channel, session

    def connect(
        self, host: str, port: int, timeout_s: float, register: Callable[[CuttableSocket], None]
    ) -> CuttableSocket:
        from neops.devices.relay import LocalEnd

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
        return asyncio.run_coroutine_threadsafe(self._listen(host, port), self._loop).result()

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
        from neops.devices.relay import LocalEnd

        ends: list[LocalEnd] = []

        def end() -> LocalEnd:
            ends.append(LocalEnd(lambda factory: self.create_connection(factory, host, port)))
            return ends[-1]

        server = await self._loop.create_server(end, LOOPBACK, 0)

        def close() -> None:
            server.close()
            for one in ends:
                one.close()

        return Forward(host=LOOPBACK, port=server.sockets[0].getsockname()[1], close=lambda: self._call(close))

    def _call(self, function: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed, and with it every connection
            self._loop.call_soon_threadsafe(function)


class _Tunnelled(CuttableSocket):
    """One end of a pair; the runtime's end may not be reading, so it is told that this one is gone."""

    hang_up: Callable[[], None] | None = None

    def cut(self) -> None:
        super().cut()
        if self.hang_up is not None:
            self.hang_up()

    def close(self) -> None:
        super().close()
        if self.hang_up is not None:
            self.hang_up()
