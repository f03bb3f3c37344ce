"""Copying over asyncssh. Importing this module imports asyncssh: only modules that hold a session do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncssh

from neops.devices.acting.wires import Copied, FileWire
from neops.devices.plugin import ConnectionOptions
from neops.devices.results import RemoteFile
from neops.devices.ssh import log_in
from neops.errors import OperationTimedOut, SessionLost, TransferFailed

T = TypeVar("T")

Moved = Callable[[bytes, bytes, int, int], None]

GONE_S: Final = 1.0
"""How long a connection may take to end, and a copy to notice."""


@asynccontextmanager
async def ssh_wire(device: str, options: ConnectionOptions, protocol: str, **more: Any) -> AsyncIterator[FileWire]:
    """A connection for files: the session's options and credentials, and the same look at the host key.

    `more` are arguments of `asyncssh.connect` that win over ours.
    """
    connection = await log_in(device, options, **more)
    wire = ScpWire(device, connection, options.command_timeout_s)
    try:
        if protocol == "sftp":
            with wire.failing("SFTP"):
                wire = SftpWire(device, connection, options.command_timeout_s, await connection.start_sftp_client())
        yield wire
        connection.close()
        await asyncio.wait((asyncio.ensure_future(connection.wait_closed()),), timeout=GONE_S)
    finally:
        connection.abort()


class ScpWire(FileWire):
    """Copies with the protocol of OpenSSH's `scp -O`."""

    def __init__(self, device: str, connection: asyncssh.SSHClientConnection, patience_s: float) -> None:
        self._device, self._connection, self._patience_s = device, connection, patience_s

    async def send(self, source: Path, path: str, copied: Copied) -> None:
        await self._copy(
            f"put {path}",
            copied,
            lambda moved: asyncssh.scp(str(source), (self._connection, path), progress_handler=moved),
        )

    async def fetch(self, path: str, target: Path, copied: Copied) -> None:
        await self._copy(
            f"get {path}",
            copied,
            lambda moved: asyncssh.scp((self._connection, path), str(target), progress_handler=moved),
        )

    async def _copy(self, what: str, copied: Copied, start: Callable[[Moved], Coroutine[Any, Any, None]]) -> None:
        """Run one of asyncssh's copies; what does not move any more, or is cancelled, loses its connection.

        asyncssh 2.24 waits for the device's word when a copy is cancelled, which a hung device never gives.
        """
        moves = 0

        def moved(_source: bytes, _target: bytes, done: int, _total: int) -> None:
            nonlocal moves
            moves += 1
            copied(done)

        copy = asyncio.create_task(start(moved))
        try:
            seen = -1
            while not copy.done():
                if seen == moves:
                    message = f"{what}: nothing moved for {self._patience_s:g} s"
                    raise OperationTimedOut(self._device, message)
                seen = moves
                await asyncio.wait((copy,), timeout=self._patience_s)
        except BaseException:
            self._connection.abort()  # which ends the copy; cancelled before, it would leave tasks behind
            await asyncio.wait((copy,), timeout=GONE_S)
            copy.cancel()
            copy.add_done_callback(_looked_at)
            raise
        with self.failing(what):
            copy.result()

    @contextmanager
    def failing(self, what: str) -> Iterator[None]:
        """asyncssh's exceptions as ours."""
        try:
            yield
        except (asyncssh.SFTPConnectionLost, asyncssh.ConnectionLost, ConnectionError) as error:
            raise SessionLost(self._device, f"{what}: {str(error) or 'the connection broke'}") from error
        except (asyncssh.Error, OSError) as error:
            if self._connection.is_closed():
                raise SessionLost(self._device, f"{what}: {str(error) or 'the connection broke'}") from error
            reason = getattr(error, "reason", "") or str(error) or type(error).__name__
            raise TransferFailed(self._device, f"{what}: {reason.removeprefix('scp: ')}") from error


class SftpWire(ScpWire):
    """Copies, and looks after files."""

    def __init__(
        self, device: str, connection: asyncssh.SSHClientConnection, patience_s: float, sftp: asyncssh.SFTPClient
    ) -> None:
        super().__init__(device, connection, patience_s)
        self._sftp = sftp

    async def send(self, source: Path, path: str, copied: Copied) -> None:
        await self._copy(
            f"put {path}", copied, lambda moved: self._sftp.put(str(source), path, progress_handler=moved, sparse=False)
        )

    async def fetch(self, path: str, target: Path, copied: Copied) -> None:
        await self._copy(
            f"get {path}", copied, lambda moved: self._sftp.get(path, str(target), progress_handler=moved, sparse=False)
        )

    async def size(self, path: str) -> int | None:
        try:
            return (await self._asked(f"stat {path}", self._sftp.stat(path))).size
        except TransferFailed as error:
            if isinstance(error.__cause__, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath):
                return None
            raise

    async def room(self, folder: str) -> int | None:
        try:
            volume = await self._asked(f"statvfs {folder}", self._sftp.statvfs(folder or "."))
        except TransferFailed:  # an extension of OpenSSH's, which other servers have not
            return None
        return volume.bavail * volume.frsize

    async def files(self, folder: str) -> tuple[RemoteFile, ...]:
        entries = await self._asked(f"list {folder or '.'}", self._sftp.readdir(folder or "."))
        regular = [entry for entry in entries if entry.attrs.type == asyncssh.constants.FILEXFER_TYPE_REGULAR]
        return tuple(RemoteFile(name=str(entry.filename), size=entry.attrs.size or 0) for entry in regular)

    async def rename(self, path: str, new: str) -> None:
        try:
            await self._asked(f"rename {path}", self._sftp.posix_rename(path, new))
        except TransferFailed as error:
            if not isinstance(error.__cause__, asyncssh.SFTPOpUnsupported):
                raise
            if await self.size(new) is not None:
                await self.remove(new)
            await self._asked(f"rename {path}", self._sftp.rename(path, new))

    async def remove(self, path: str) -> None:
        await self._asked(f"remove {path}", self._sftp.remove(path))

    async def _asked(self, what: str, asking: Coroutine[Any, Any, T]) -> T:
        with self.failing(what):
            try:
                async with asyncio.timeout(self._patience_s):
                    return await asking
            except TimeoutError:
                raise OperationTimedOut(self._device, f"{what}: no answer in {self._patience_s:g} s") from None


def _looked_at(copy: asyncio.Task[None]) -> None:
    """So that asyncio does not report it: that the connection was aborted is the reason."""
    if not copy.cancelled():
        copy.exception()
