"""Which connections to jump hosts there are, and who logs in to them."""

from __future__ import annotations

import asyncio
import importlib
import logging
import zlib
from collections.abc import Coroutine
from contextvars import Context
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from neops.concurrency import BlockingExecutor, current_executor, in_thread, use_executor
from neops.devices.credentials import JUMP_HOST, CredentialChain, Permission
from neops.devices.jumps.gate import Gate, OpenGate
from neops.devices.jumps.trunk import Trunk
from neops.devices.plugin import ConnectionOptions, Credentials, HostKeys, JumpHost
from neops.entities import ENTITY_ID_MAX, Device, Platform
from neops.errors import ConnectFailed
from neops.logs import Redactor

if TYPE_CHECKING:
    import asyncssh

    from neops.devices.jumps.way import Way

logger = logging.getLogger(__name__)

KEEPALIVE_S: Final = 5.0
"""Jump hosts are asked for signs of life more often than devices, unless nobody is: one that is dead is found out
after four times this, and takes all sessions behind it along (keepalive_count_max of asyncssh 2.24 is 3)."""

LINGER_S: Final = 1.0
"""A jump host is not left sooner: between the login there and the one at the device nobody is on the way yet."""


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


class JumpHosts:
    """The connections to jump hosts of one runtime: made when needed, shared, closed `idle_s` after their last use.

    A jump host is to the credential providers what a device is; a refused credential counts as one of a device does.
    `gate` says which are logged in to.
    """

    def __init__(
        self,
        credentials: CredentialChain,
        *,
        executor: BlockingExecutor | None = None,
        redactor: Redactor | None = None,
        gate: Gate | None = None,
        idle_s: float = 60.0,
    ) -> None:
        self._gate = gate or OpenGate()
        self._credentials, self._redactor = credentials, redactor or Redactor()
        self._idle_s = max(idle_s, LINGER_S)
        self._executor = executor or current_executor()
        self._trunks: dict[_Path, list[Trunk]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._imported = False

    async def on_the_way(self, device: str, options: ConnectionOptions, *, urgent: bool = False) -> ConnectionOptions:
        """The options with a tunnel, its jump hosts logged in, when there are some on the way to the device.

        An urgent login tries those too that do not answer.

        Raises:
            HostKeyRejected: a jump host shows a key that is not the known one.
            ConnectFailed: a jump host cannot be reached, or does not let us in; the message names it.
        """
        if options.ssh_config_file is not None:
            read = partial(_with_ssh_config, device, options, options.ssh_config_file)
            options = await in_thread(read, executor=self._executor)
        if not options.jump_hosts:
            return options
        path = _Path(
            hops=options.jump_hosts,
            host_keys=options.host_keys,
            keepalive_s=options.keepalive_s,
            connect_timeout_s=options.connect_timeout_s,
        )
        await self._import_asyncssh(device)
        way = self._way(device, path, urgent=urgent)
        await way.ready()
        return replace(options, tunnel=way)

    async def close(self) -> None:
        """Leave all jump hosts, those behind others first."""
        paths = sorted(self._trunks, key=lambda path: len(path.hops), reverse=True)
        closings = [self.start(trunk.close()) for path in paths for trunk in tuple(self._trunks[path])]
        if closings:
            await asyncio.wait(closings)

    def trunk(self, path: _Path, *, urgent: bool = False) -> Trunk:
        """A connection to the last jump host of the path, open or being opened, with room for one more channel."""
        trunks = self._trunks.setdefault(path, [])
        trunk = next((one for one in trunks if one.has_room), None)
        if trunk is None:
            trunk = Trunk(self.start(self._log_in(path, urgent=urgent)), self._idle_s, partial(self._leave, path))
            trunks.append(trunk)
        return trunk

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task that outlives the job that happens to need it."""
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _import_asyncssh(self, device: str) -> None:
        """In a thread: it takes 0.1 s, in which other devices go on."""
        if not self._imported:
            try:
                await in_thread(_import_asyncssh, executor=self._executor)
            except ModuleNotFoundError as error:
                raise ConnectFailed(device, "jump hosts need asyncssh: pip install 'neops[jump]'") from error
            self._imported = True

    def _way(self, device: str, path: _Path, *, urgent: bool) -> Way:
        from neops.devices.jumps.way import Way

        return Way(device, path.last, partial(self.trunk, path, urgent=urgent), self.start)

    def _leave(self, path: _Path, trunk: Trunk) -> None:
        """Forget it now, so that nobody sets out on it while it is closed."""
        trunks = self._trunks.get(path, [])
        if trunk in trunks:
            trunks.remove(trunk)
            self.start(trunk.close())
        if not trunks:
            self._trunks.pop(path, None)

    async def _log_in(self, path: _Path, *, urgent: bool) -> asyncssh.SSHClientConnection:
        from neops.devices.ssh import log_in

        hop, name = path.last, f"jump host {path.last}"
        tunnel = self._way(name, path.before, urgent=urgent) if path.before else None
        if tunnel is not None:
            await tunnel.ready()  # no place at the login of a credential is held meanwhile

        entity = _entity(hop)
        async with self._gate.through(entity, tuple(map(str, path.hops[:-1])), urgent=urgent) as contact:

            async def attempt(credentials: Credentials, permission: Permission) -> asyncssh.SSHClientConnection:
                self._redactor.add(credentials.password, credentials.passphrase)
                if credentials.private_key or not credentials.password:
                    await permission()
                with contact():
                    return await log_in(name, _options(path, credentials, tunnel, permission))

            with use_executor(self._executor):
                connection = await self._credentials.log_in(entity, hop.credentials, attempt)
        logger.info("logged in to a jump host", extra={"jump_host": str(hop)})
        return connection


def _options(path: _Path, credentials: Credentials, tunnel: Way | None, permission: Permission) -> ConnectionOptions:
    return ConnectionOptions(
        host=path.last.host,
        port=path.last.port,
        platform=JUMP_HOST,
        credentials=credentials,
        host_keys=path.host_keys,
        connect_timeout_s=path.connect_timeout_s,
        keepalive_s=min(path.keepalive_s, KEEPALIVE_S),
        tunnel=tunnel,
        before_login=permission,
    )


def _import_asyncssh() -> None:
    importlib.import_module("neops.devices.jumps.way")
    importlib.import_module("neops.devices.ssh")


def _with_ssh_config(device: str, options: ConnectionOptions, file: Path) -> ConnectionOptions:
    try:
        from neops.devices.jumps.ssh_config import with_ssh_config
    except ModuleNotFoundError:  # without asyncssh the file is left to the plugin's own library
        return options
    return with_ssh_config(device, options, file)


def _entity(hop: JumpHost) -> Device:
    """The jump host as providers are asked about it; its number is one of the last that an inventory would give."""
    number = ENTITY_ID_MAX - zlib.crc32(f"{hop.host}:{hop.port}".encode()) % 2**24
    return Device(id=number, hostname=hop.host, port=hop.port, platform=Platform(short_name=JUMP_HOST))
