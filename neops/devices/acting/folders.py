"""Files of a device as a transfer sees them, whether SFTP or the command line looks after them."""

from __future__ import annotations

import re
from typing import Protocol

from neops.devices.acting.dialogue import DialogueSession
from neops.devices.acting.file_systems import FileCommands
from neops.devices.acting.wires import FileWire, FolderWire
from neops.devices.answers import Answer
from neops.devices.parsing import CommandSession, rejected
from neops.devices.results import RemoteFile
from neops.errors import TransferFailed


class Folders(Protocol):
    """Looks after files; the methods of FolderWire besides copying."""

    async def size(self, path: str) -> int | None: ...

    async def room(self, folder: str) -> int | None: ...

    async def files(self, folder: str) -> tuple[RemoteFile, ...]: ...

    async def rename(self, path: str, new: str) -> None: ...

    async def remove(self, path: str) -> None: ...


class CommandFolders:
    """The command line of the session that asked."""

    def __init__(self, session: DialogueSession, commands: FileCommands) -> None:
        self._session, self._commands = session, commands

    async def size(self, path: str) -> int | None:
        name = path.rpartition("/")[2].rpartition(":")[2]
        return next((file.size for file in await self.files(path) if file.name == name), None)

    async def room(self, folder: str) -> int | None:
        return self._commands.room(await self._asked(self._commands.listing.format(path=folder)))

    async def files(self, folder: str) -> tuple[RemoteFile, ...]:
        return self._commands.files(await self._asked(self._commands.listing.format(path=folder)))

    async def rename(self, path: str, new: str) -> None:
        if await self.size(new) is not None:
            await self.remove(new)
        await self._done(self._commands.rename.format(path=path, new=new), self._commands.asks)

    async def remove(self, path: str) -> None:
        await self._done(self._commands.remove.format(path=path))

    async def _asked(self, command: str) -> str:
        return (await self._session.converse(command, ())).text(command)

    async def _done(self, command: str, answers: tuple[Answer, ...] = ()) -> None:
        said = (await self._session.converse(command, answers)).text(command)
        if rejected(self._session.platform, said) or re.search(self._commands.missing, said):
            raise TransferFailed(self._session.device.name, f"{command!r}: {' '.join(said.split())}")


def folders_of(session: CommandSession, commands: FileCommands | None, wire: FileWire) -> Folders:
    """The command line where the wire only copies."""
    if isinstance(wire, FolderWire):
        return wire
    if commands is None or not isinstance(session, DialogueSession):
        raise TypeError("SCP only copies: it takes a session that can have dialogues, and the platform's commands")
    return CommandFolders(session, commands)
