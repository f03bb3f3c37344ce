"""What copies files: a connection of its own, over SFTP or SCP, that a transfer opens and closes.

Of its own because some platforms serve one channel to a connection (Cisco IOS).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

from neops.devices.results import RemoteFile

Copied = Callable[[int], None]
"""Told how many bytes are copied; it raises to end the transfer."""


class FileWire(Protocol):
    """Copies, over SCP.

    All methods raise TransferFailed when the device refuses, SessionLost when the connection breaks, and
    OperationTimedOut when nothing moves any more. Cancelled, they end the connection.
    """

    @abstractmethod
    async def send(self, source: Path, path: str, copied: Copied) -> None: ...

    @abstractmethod
    async def fetch(self, path: str, target: Path, copied: Copied) -> None: ...


@runtime_checkable
class FolderWire(FileWire, Protocol):
    """Copies, and looks after files, over SFTP."""

    @abstractmethod
    async def size(self, path: str) -> int | None:
        """In bytes; None when there is no such file."""

    @abstractmethod
    async def room(self, folder: str) -> int | None:
        """Bytes that are free; None when the server does not tell."""

    @abstractmethod
    async def files(self, folder: str) -> tuple[RemoteFile, ...]: ...

    @abstractmethod
    async def rename(self, path: str, new: str) -> None:
        """In place of a file that has the new name."""

    @abstractmethod
    async def remove(self, path: str) -> None: ...
