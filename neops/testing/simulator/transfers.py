"""The SFTP and SCP servers of a device, over its files.

Faults strike transfers as they strike commands, under the names `put PATH` and `get PATH`.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import asyncssh
from asyncssh.constants import (
    FILEXFER_TYPE_DIRECTORY,
    FILEXFER_TYPE_REGULAR,
    FXF_CREAT,
    FXF_EXCL,
    FXF_TRUNC,
    FXF_WRITE,
)
from asyncssh.stream import SSHServerStreamSession

from neops.testing.simulator.device import DeviceState
from neops.testing.simulator.spec import FaultKind
from neops.testing.simulator.storage import StorageFull, StoredFile

if TYPE_CHECKING:
    from asyncssh import SSHServerChannel

STRIKES = (FaultKind.DROP, FaultKind.GARBLE, FaultKind.TRUNCATE, FaultKind.HANG_ON_COMMAND)


@dataclass(kw_only=True)
class OpenFile:
    file: StoredFile
    path: str
    writes: bool
    fault: FaultKind | None = None

    def seek(self, offset: int, whence: int) -> int:
        """Where data (os.SEEK_DATA) or a hole (os.SEEK_HOLE) begins: asyncssh asks, and there are no holes."""
        if offset >= len(self.file.content):
            raise OSError(errno.ENXIO, "behind the end")
        return offset if whence == os.SEEK_DATA else len(self.file.content)


class FileServer(asyncssh.SFTPServer):
    """Serves one channel; asyncssh's SCP server works through the same methods."""

    def __init__(self, chan: SSHServerChannel[bytes], device: DeviceState) -> None:
        super().__init__(chan)
        storage = device.storage
        assert storage is not None, "only platforms with files serve them"
        self._device, self._storage = device, storage

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> OpenFile:  # noqa: ARG002
        name, writes = path.decode(), bool(pflags & FXF_WRITE)
        strike = f"{'put' if writes else 'get'} {self._storage.path(name)}"
        fault = next((kind for kind in STRIKES if self._device.struck_by(kind, command=strike)), None)
        opened = OpenFile(file=self._file(name, pflags), path=name, writes=writes, fault=fault)
        if not writes and fault is FaultKind.GARBLE:
            opened.file = _garbled(opened.file)
        return opened

    def _file(self, name: str, pflags: int) -> StoredFile:
        if self._storage.is_folder(name):
            raise asyncssh.SFTPFailure("Is a directory")
        if pflags & FXF_EXCL and name in self._storage:
            raise asyncssh.SFTPFailure("File exists")
        fresh = pflags & FXF_TRUNC or (pflags & FXF_CREAT and name not in self._storage)
        try:
            return self._storage.create(name) if fresh else self._storage[name]
        except FileNotFoundError:
            raise asyncssh.SFTPNoSuchFile("No such file") from None

    def read(self, file_obj: object, offset: int, size: int) -> bytes | Awaitable[bytes]:
        opened = cast("OpenFile", file_obj)
        match opened.fault:
            case FaultKind.DROP:
                self.connection.abort()
            case FaultKind.HANG_ON_COMMAND:
                return _forever()
            case FaultKind.TRUNCATE:
                return bytes(opened.file.content[: len(opened.file.content) // 2][offset : offset + size])
        return bytes(opened.file.content[offset : offset + size])

    def write(self, file_obj: object, offset: int, data: bytes) -> int | Awaitable[int]:
        opened = cast("OpenFile", file_obj)
        if opened.fault is FaultKind.HANG_ON_COMMAND:
            return _forever()
        half = opened.fault is FaultKind.DROP
        try:
            self._storage.write(opened.file, offset, data[: len(data) // 2] if half else data)
        except StorageFull:
            raise asyncssh.SFTPFailure("No space left on device") from None
        if half:
            self.connection.abort()
        return len(data)

    def close(self, file_obj: object) -> None:
        opened = cast("OpenFile", file_obj)
        if opened.writes and opened.fault is FaultKind.GARBLE:
            opened.file.content = _garbled(opened.file).content
        if opened.writes and opened.fault is FaultKind.TRUNCATE:
            del opened.file.content[len(opened.file.content) // 2 :]

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        name = path.decode()
        if self._storage.is_folder(name):
            return asyncssh.SFTPAttrs(type=FILEXFER_TYPE_DIRECTORY, permissions=stat.S_IFDIR | 0o755)
        try:
            return _attributes(self._storage[name])
        except FileNotFoundError:
            raise asyncssh.SFTPNoSuchFile("No such file") from None

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return self.stat(path)

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        return _attributes(cast("OpenFile", file_obj).file)

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Owners, rights and times are not kept."""

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        """The same."""

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        name = path.decode()
        if not self._storage.is_folder(name):
            raise asyncssh.SFTPNoSuchFile("No such file")
        for entry in self._storage.names_in(name):
            yield asyncssh.SFTPName(entry.encode(), attrs=self.stat(f"{self._storage.path(name)}/{entry}".encode()))

    def remove(self, path: bytes) -> None:
        try:
            self._storage.remove(path.decode())
        except FileNotFoundError:
            raise asyncssh.SFTPNoSuchFile("No such file") from None

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:  # noqa: ARG002 - asyncssh's signature
        self._storage.make_folder(path.decode())

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        if newpath.decode() in self._storage:  # SSH_FXP_RENAME replaces nothing: draft-ietf-secsh-filexfer-02, 6.5
            raise asyncssh.SFTPFailure("File exists")
        self.posix_rename(oldpath, newpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        try:
            self._storage.rename(oldpath.decode(), newpath.decode())
        except FileNotFoundError:
            raise asyncssh.SFTPNoSuchFile("No such file") from None

    def realpath(self, path: bytes) -> bytes:
        return self._storage.path(path.decode()).encode()

    def statvfs(self, path: bytes) -> asyncssh.SFTPVFSAttrs:  # noqa: ARG002 - asyncssh's signature
        free, size = self._storage.free_bytes, self._storage.size_bytes
        return asyncssh.SFTPVFSAttrs(bsize=1, frsize=1, blocks=size, bfree=free, bavail=free)

    def fstatvfs(self, file_obj: object) -> asyncssh.SFTPVFSAttrs:  # noqa: ARG002 - asyncssh's signature
        return self.statvfs(b"")


def _attributes(file: StoredFile) -> asyncssh.SFTPAttrs:
    seconds = int(file.modified.timestamp())
    return asyncssh.SFTPAttrs(
        type=FILEXFER_TYPE_REGULAR,
        size=len(file.content),
        permissions=stat.S_IFREG | 0o644,
        atime=seconds,
        mtime=seconds,
    )


def _garbled(file: StoredFile) -> StoredFile:
    """A copy of which the first byte is another."""
    content = bytearray(file.content)
    content[:1] = bytes(byte ^ 0xFF for byte in content[:1])
    return StoredFile(modified=file.modified, content=content)


async def _forever() -> Any:
    return await asyncio.get_running_loop().create_future()


def transfer_session(device: DeviceState, protocol: Literal["scp", "sftp"]) -> asyncssh.SSHServerSession[bytes]:
    """What serves one channel for this protocol, or turns its client away."""
    refused = device.turns_away(protocol)
    if refused is not None:
        return _Refusal(refused)
    return SSHServerStreamSession(
        None, lambda chan: FileServer(cast("SSHServerChannel[bytes]", chan), device), 3, allow_scp=True
    )


class _Refusal(asyncssh.SSHServerSession[bytes]):
    """Ends a channel with an error of the SCP protocol: a byte 1, the text, a line feed."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def connection_made(self, chan: SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def session_started(self) -> None:
        self._channel.write(b"\x01" + self._reason.encode() + b"\n")
        self._channel.exit(1)
