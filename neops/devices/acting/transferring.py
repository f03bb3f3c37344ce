"""Files put and got with sessions that type commands: verified, and never half under their own name."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import stat
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from neops.concurrency import in_thread
from neops.devices.acting.dialogue import DialogueSession
from neops.devices.acting.file_systems import Algorithm, FileSystem, files_of
from neops.devices.acting.folders import CommandFolders, Folders, folders_of
from neops.devices.acting.rebooting import ActingSession
from neops.devices.acting.wires import Copied, FileWire
from neops.devices.capabilities import TRANSFER_S, Progress, TransfersFiles
from neops.devices.parsing import CommandSession
from neops.devices.results import FileTransfer, RemoteFile
from neops.errors import DeviceError, OperationTimedOut, TransferFailed, UsageError

PART: Final = ".neops-part"
"""What a file is called until it is whole. One that was left behind is written over."""

DIGEST_S: Final = 900.0
"""A switch reads its flash at one or two MB/s when it computes a checksum."""

TIDYING_S: Final = 10.0

_NAME: Final = re.compile(r"[\w.:/@%+=,~-]+")
"""Names that mean the same to every command line, without quotes."""


class FileSession(CommandSession):
    """A command session that can open a connection for files, and have the device compute something of one."""

    @abstractmethod
    def compute(self, command: str, within_s: float) -> Awaitable[str]:
        """The answer to a command that may take this long."""
        ...

    @property
    def file_system(self) -> FileSystem:
        """Where the device keeps files; that of its platform."""
        if (system := files_of(self.platform)) is None:
            raise TypeError("nobody has described this platform's files: take the class from acting_session_class()")
        return system

    @abstractmethod
    def file_wire(self, protocol: str) -> AbstractAsyncContextManager[FileWire]:
        """A connection for `scp`, or for `sftp` as FolderWire, with the session's credentials and host keys.

        Raises:
            ConnectFailed: it cannot be opened.
        """
        ...


class WiredSession(ActingSession, FileSession):
    """An acting session that can open a connection for files."""

    async def compute(self, command: str, within_s: float) -> str:
        return (await self.converse(command, (), within_s=within_s)).text(command)


class TransfersOverSsh(FileSession, TransfersFiles):
    """SFTP, or SCP with the command line, as the platform has it."""

    async def put_file(
        self,
        source: Path | str,
        destination: str,
        *,
        overwrite: bool = False,
        within_s: float = TRANSFER_S,
        progress: Progress | None = None,
    ) -> FileTransfer:
        local, path = Path(source), self._path(destination)
        size = self._size_of(local)
        async with self._storage(within_s) as (wire, folders):
            if await folders.size(path) is not None:
                if (same := await self._same(folders, path, local)) is not None:
                    return same
                if not overwrite:
                    known = "is another file" if self.file_system.digests else "cannot be compared"
                    raise TransferFailed(self.device.name, f"{path} exists and {known}; overwrite=True replaces it")
            await self._check_room(folders, path, size)
            try:
                await wire.send(local, path + PART, _telling(progress, size, local.name))
                result = await self._result(folders, path + PART, local)
                await folders.rename(path + PART, path)
            except DeviceError:
                await self._tidy(path + PART)
                raise
        return result.model_copy(update={"path": path})

    async def get_file(
        self,
        source: str,
        destination: Path | str,
        *,
        within_s: float = TRANSFER_S,
        progress: Progress | None = None,
    ) -> FileTransfer:
        path, target = self._path(source), Path(destination)
        part = target.with_name(target.name + PART)
        async with self._storage(within_s) as (wire, folders):
            if (size := await folders.size(path)) is None:
                raise TransferFailed(self.device.name, f"there is no file {path}")
            self._check_local_room(part, size)
            self._check_replaceable(target)
            try:
                await wire.fetch(path, part, _telling(progress, size, target.name))
                result = await self._result(folders, path, part)
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)
        return result

    async def list_files(self, folder: str = "") -> Sequence[RemoteFile]:
        path = self._path(folder) if folder else self.file_system.folder
        async with self._folders() as folders:
            return [file for file in await folders.files(path) if not file.name.endswith(PART)]

    async def remove_file(self, name: str) -> None:
        path = self._path(name)
        async with self._folders() as folders:
            if await folders.size(path) is None:
                raise TransferFailed(self.device.name, f"there is no file {path}")
            await folders.remove(path)

    def _path(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} cannot be a file's name on every platform: letters, digits and ._-+=,~@%:/ can")
        return self.file_system.path(name)

    @asynccontextmanager
    async def _storage(self, within_s: float) -> AsyncIterator[tuple[FileWire, Folders]]:
        """What copies, and what looks after files."""
        system = self.file_system
        try:
            async with asyncio.timeout(within_s), self.file_wire(system.protocol) as wire:
                yield wire, folders_of(self, system.commands, wire)
        except TimeoutError:
            raise OperationTimedOut(self.device.name, f"the file was not transferred within {within_s:g} s") from None
        except TransferFailed as error:
            if not system.enable or not re.search("disabled|denied|refused|subsystem", error.message):
                raise
            hint = f"{error.message}; the device may lack {system.enable!r} in its configuration"
            raise TransferFailed(self.device.name, hint) from error

    @asynccontextmanager
    async def _folders(self) -> AsyncIterator[Folders]:
        """Without a connection for copies where the command line looks after files."""
        commands = self.file_system.commands
        if commands is not None and isinstance(self, DialogueSession):
            yield CommandFolders(self, commands)
            return
        async with self._storage(TRANSFER_S) as (_, folders):
            yield folders

    async def _result(self, folders: Folders, path: str, local: Path) -> FileTransfer:
        """What is on the device, compared with the local file.

        Raises:
            TransferFailed: it is not the same.
        """
        ours, theirs = self._size_of(local), await folders.size(path)
        if theirs != ours:
            raise TransferFailed(self.device.name, f"{path} has {theirs} bytes there and {ours} here")
        if (found := await self._digest(path)) is None:
            return FileTransfer(device=self.device.name, path=path, size=ours, verified="size")
        algorithm, digest = found
        if digest != await in_thread(lambda: _digest_of(local, algorithm)):
            raise TransferFailed(self.device.name, f"the {algorithm} of {path} is {digest} there and another one here")
        return FileTransfer(device=self.device.name, path=path, size=ours, verified=algorithm, digest=digest)

    async def _same(self, folders: Folders, path: str, local: Path) -> FileTransfer | None:
        """The answer when the device has this content already; where it computes no checksum nobody knows."""
        with suppress(TransferFailed):
            result = await self._result(folders, path, local)
            if result.verified != "size":
                return result.model_copy(update={"transferred": False})
        return None

    async def _digest(self, path: str) -> tuple[Algorithm, str] | None:
        """The first checksum that the device computes."""
        for digest in self.file_system.digests:
            said = await self.compute(digest.command.format(path=path), DIGEST_S)
            if found := digest.found_in(said):
                return digest.algorithm, found
        return None

    async def _check_room(self, folders: Folders, path: str, size: int) -> None:
        folder = re.sub(r"[^:/]*$", "", path)
        with suppress(TransferFailed):  # an earlier transfer broke
            await folders.remove(path + PART)
        room = await folders.room(folder)
        if room is not None and room < size:
            raise TransferFailed(self.device.name, f"{path} needs {size} bytes, {room} are free")

    def _check_local_room(self, part: Path, size: int) -> None:
        try:
            free = shutil.disk_usage(part.parent).free
        except OSError as error:
            raise TransferFailed(
                self.device.name, f"cannot write {part.parent}: {os.strerror(error.errno or 0)}"
            ) from None
        if free < size:
            raise TransferFailed(self.device.name, f"the file needs {size} bytes, {free} are free in {part.parent}")

    def _check_replaceable(self, target: Path) -> None:
        """Only a file may be replaced: root could put one in the place of /dev/null."""
        if target.exists() and not target.is_file():
            raise TransferFailed(self.device.name, f"cannot write {target}: it is there and is no file")

    def _size_of(self, local: Path) -> int:
        try:
            found = local.stat()
        except OSError as error:
            raise TransferFailed(self.device.name, f"cannot read {local}: {os.strerror(error.errno or 0)}") from None
        if not stat.S_ISREG(found.st_mode):
            raise TransferFailed(self.device.name, f"cannot read {local}: it is no file")
        return found.st_size

    async def _tidy(self, part: str) -> None:
        """Remove what came of a failed transfer, over a connection of its own; what stays is written over next time."""
        with suppress(DeviceError, TimeoutError):
            async with asyncio.timeout(TIDYING_S), self._folders() as folders:
                await folders.remove(part)


def _digest_of(local: Path, algorithm: str) -> str:
    with local.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _telling(progress: Progress | None, size: int, name: str) -> Copied:
    """Tell of each hundredth, not of each block."""
    step, told = max(1, size // 100), -1

    def copied(done: int) -> None:
        nonlocal told
        if progress is not None and (done // step != told or done == size):
            told = done // step
            progress(done, size, name)

    return copied
