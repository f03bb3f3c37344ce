"""Rebooting, and copying files: what takes long."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeAlias, runtime_checkable

from neops.devices.results import FileTransfer, Reboot, RemoteFile

REBOOT_S: Final = 900.0
TRANSFER_S: Final = 3600.0
"""Default limits: chassis boot for up to ten minutes, and an image of 1 GB takes half an hour at 5 Mbit/s."""

Progress: TypeAlias = Callable[[int, int, str], None]
"""Told how far a long operation is: done, of how much, and what. Called from another thread; it must return at once.

`context.progress` is one.
"""


@runtime_checkable
class Reboots(Protocol):
    """Reboots the device."""

    @abstractmethod
    def reboot(
        self,
        *,
        save: bool | None = None,
        wait: bool = True,
        within_s: float = REBOOT_S,
        progress: Progress | None = None,
    ) -> Awaitable[Reboot]:
        """Reboot now, and wait until the device lets us in again.

        `save` says what to do with configuration that runs and is not saved: save it first, or lose it. Without it a
        device that asks is not rebooted; platforms whose commits are lasting never ask. `progress` gets the seconds
        so far, `within_s`, and what is waited for.

        Raises:
            DialogueFailed: the device asked something else, such as about configuration that is not saved.
            CommandRejected: this user may not.
            NotBack: it did not go down, or did not come back, within `within_s` seconds.
        """
        ...


@runtime_checkable
class SchedulesReboots(Protocol):
    """Reboots the device later, by the device's own clock."""

    @abstractmethod
    def schedule_reboot(self, in_minutes: int, *, save: bool | None = None) -> Awaitable[None]:
        """Have the device reboot in some minutes, unless somebody cancels it; `save` as in `Reboots.reboot`."""
        ...

    @abstractmethod
    def cancel_reboot(self) -> Awaitable[None]:
        """Take back what is scheduled; harmless when nothing is."""
        ...


@runtime_checkable
class TransfersFiles(Protocol):
    """Puts files on the device and gets them from it. Names without a folder are in the platform's usual one."""

    @abstractmethod
    def put_file(
        self,
        source: Path | str,
        destination: str,
        *,
        overwrite: bool = False,
        within_s: float = TRANSFER_S,
        progress: Progress | None = None,
    ) -> Awaitable[FileTransfer]:
        """Copy a local file to the device, verified; it has its name only when it is whole.

        Nothing is sent when the same content is there already. `progress` gets bytes done, bytes in all, and the name.

        Raises:
            TransferFailed: there is another file of that name and not `overwrite`, there is no room, the device
                refused, or what arrived is not what was sent.
            SessionLost: the connection broke in the middle.
            OperationTimedOut: it was not done within `within_s` seconds.
        """
        ...

    @abstractmethod
    def get_file(
        self, source: str, destination: Path | str, *, within_s: float = TRANSFER_S, progress: Progress | None = None
    ) -> Awaitable[FileTransfer]:
        """Copy a file of the device to a local path, verified, in place of what is there.

        Raises:
            TransferFailed: there is no such file, or what arrived is not what the device has.
        """
        ...

    @abstractmethod
    def list_files(self, folder: str = "") -> Awaitable[Sequence[RemoteFile]]:
        """The files in a folder of the device, without folders."""
        ...

    @abstractmethod
    def remove_file(self, name: str) -> Awaitable[None]:
        """Remove a file of the device.

        Raises:
            TransferFailed: there is none, or it may not be removed.
        """
        ...
