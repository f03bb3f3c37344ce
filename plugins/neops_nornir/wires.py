"""Copying over paramiko, beside a connection of netmiko. Importing this module imports both and scp."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import paramiko
from scp import SCPClient, SCPException

from neops.concurrency import in_thread
from neops.devices.acting import FileWire
from neops.devices.acting.wires import Copied
from neops.devices.results import RemoteFile
from neops.devices.sockets import CuttableSocket
from neops.errors import OperationTimedOut, SessionLost, TransferFailed, Unreachable

T = TypeVar("T")

Connect = Callable[[Callable[[CuttableSocket], None]], CuttableSocket]

ENDED = frozenset({"", "Socket is closed", "Underlying channel was closed", "No response from server"})
"""What exceptions say of a channel that has ended (paramiko 5, scp 0.16), and nothing that a device answers."""

ENDING_S = 0.5
"""A connection that breaks ends its channels and only then calls itself inactive (paramiko 5, Transport.run)."""


@asynccontextmanager
async def paramiko_wire(
    device: str, netmiko: Any, connect: Connect, patience_s: float, protocol: str
) -> AsyncIterator[FileWire]:
    """A second connection with the arguments of netmiko's, which only the host key of the first one opens."""
    line = Line(device, patience_s)
    try:
        await in_thread(lambda: line.open(netmiko, connect), on_cancel=line.cut)
        wire = ScpWire(line)
        if protocol == "sftp":
            wire = SftpWire(line, await line.work("SFTP", line.sftp))
        yield wire
    finally:
        line.close()


class Line:
    """One SSH connection of paramiko whose socket can be cut from any thread."""

    def __init__(self, device: str, patience_s: float) -> None:
        self._device, self.patience_s = device, patience_s
        self._client = paramiko.SSHClient()
        self._socket: CuttableSocket | None = None
        self._was_cut = False

    def open(self, netmiko: Any, connect: Connect) -> None:
        arguments = netmiko._connect_params_dict()
        name, port = arguments["hostname"], arguments["port"]
        key = netmiko.remote_conn_pre.get_transport().get_remote_server_key()
        self._client.get_host_keys().add(name if port == 22 else f"[{name}]:{port}", key.get_name(), key)
        self._client.set_missing_host_key_policy(paramiko.RejectPolicy())
        try:
            self._client.connect(**arguments | {"sock": connect(self._register)})
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise Unreachable(self._device, f"no second connection for files: {error}") from error

    def sftp(self) -> paramiko.SFTPClient:
        sftp = self._client.open_sftp()
        if (channel := sftp.get_channel()) is not None:
            channel.settimeout(self.patience_s)
        return sftp

    @property
    def transport(self) -> paramiko.Transport | None:
        return self._client.get_transport()

    def _register(self, one: CuttableSocket) -> None:
        self._socket = one
        if self._was_cut:
            one.cut()

    def cut(self) -> None:
        self._was_cut = True
        if self._socket is not None:
            self._socket.cut()

    def close(self) -> None:
        self.cut()
        with suppress(Exception):  # nobody can do anything about a connection that does not close
            self._client.close()

    async def work(self, what: str, working: Callable[[], T]) -> T:
        with self._failing(what):
            return await in_thread(lambda: self._to_its_end(working), on_cancel=self.cut)

    def _to_its_end(self, working: Callable[[], T]) -> T:
        try:
            return working()
        except (SCPException, paramiko.SSHException, OSError, EOFError) as error:
            ended = isinstance(error, paramiko.SSHException) or str(error) in ENDED
            if ended and self.transport is not None:
                self.transport.join(ENDING_S)
            raise

    @contextmanager
    def _failing(self, what: str) -> Iterator[None]:
        """paramiko's and scp's exceptions as ours."""
        try:
            yield
        except TimeoutError as error:
            message = f"{what}: nothing moved for {self.patience_s:g} s"
            raise OperationTimedOut(self._device, message) from error
        except (SCPException, paramiko.SSHException, OSError, EOFError) as error:
            reason = str(error) or "the connection broke"
            if self.transport is None or not self.transport.is_active():
                raise SessionLost(self._device, f"{what}: {reason}") from error
            if "timeout" in reason.lower():
                message = f"{what}: nothing moved for {self.patience_s:g} s"
                raise OperationTimedOut(self._device, message) from error
            raise TransferFailed(self._device, f"{what}: {reason}") from error


class ScpWire(FileWire):
    """Copies as netmiko's file transfers do."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def send(self, source: Path, path: str, copied: Copied) -> None:
        await self._line.work(f"put {path}", lambda: self._scp(copied).put(str(source), path))

    async def fetch(self, path: str, target: Path, copied: Copied) -> None:
        await self._line.work(f"get {path}", lambda: self._scp(copied).get(path, str(target)))

    def _scp(self, copied: Copied) -> SCPClient:
        def progress(_name: bytes, _size: int, done: int) -> None:
            copied(done)

        return SCPClient(self._line.transport, socket_timeout=self._line.patience_s, progress=progress)


class SftpWire(ScpWire):
    """Copies, and looks after files."""

    def __init__(self, line: Line, sftp: paramiko.SFTPClient) -> None:
        super().__init__(line)
        self._sftp = sftp

    async def send(self, source: Path, path: str, copied: Copied) -> None:
        await self._line.work(
            f"put {path}", lambda: self._sftp.put(str(source), path, callback=_first(copied), confirm=False)
        )

    async def fetch(self, path: str, target: Path, copied: Copied) -> None:
        await self._line.work(f"get {path}", lambda: self._sftp.get(path, str(target), callback=_first(copied)))

    async def size(self, path: str) -> int | None:
        try:
            return int((await self._line.work(f"stat {path}", lambda: self._sftp.stat(path))).st_size or 0)
        except TransferFailed as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise

    async def room(self, folder: str) -> int | None:
        """paramiko 4 cannot ask."""
        del folder
        return None

    async def files(self, folder: str) -> tuple[RemoteFile, ...]:
        entries = await self._line.work(f"list {folder or '.'}", lambda: self._sftp.listdir_attr(folder or "."))
        regular = [entry for entry in entries if stat.S_ISREG(entry.st_mode or 0)]
        return tuple(RemoteFile(name=entry.filename, size=entry.st_size or 0) for entry in regular)

    async def rename(self, path: str, new: str) -> None:
        try:
            await self._line.work(f"rename {path}", lambda: self._sftp.posix_rename(path, new))
        except TransferFailed:  # an extension of OpenSSH's, which other servers have not
            if await self.size(new) is not None:
                await self.remove(new)
            await self._line.work(f"rename {path}", lambda: self._sftp.rename(path, new))

    async def remove(self, path: str) -> None:
        await self._line.work(f"remove {path}", lambda: self._sftp.remove(path))


def _first(copied: Copied) -> Callable[[int, int], None]:
    return lambda done, _total: copied(done)
