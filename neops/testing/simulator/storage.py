"""The files on one simulated device: file systems with names as the platform writes them, and a size. Pure."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from neops.testing.simulator.platform import FilesData


class StorageFull(Exception):
    """The file system has no room for this."""


@dataclass(kw_only=True)
class StoredFile:
    modified: datetime
    content: bytearray = field(default_factory=bytearray)

    def digest(self, algorithm: str) -> str:
        return hashlib.new(algorithm, self.content, usedforsecurity=False).hexdigest()


class Storage:
    """Files by path. A name may be `flash:/a`, `flash:a`, `/flash/a` or `a`: all are `/flash/a` where that is home.

    Methods that need a file that is there raise FileNotFoundError.
    """

    def __init__(
        self, data: FilesData, contents: Mapping[str, bytes], *, now: Callable[[], datetime], size_bytes: int = 0
    ) -> None:
        self._data, self._now = data, now
        self.size_bytes = size_bytes or data.size_bytes
        self._files: dict[str, StoredFile] = {}
        self._folders = {"/", data.home, *data.drives.values(), *data.folders}
        for name, content in contents.items():
            self.create(name).content += content

    def path(self, name: str) -> str:
        """The one path that a name means."""
        name = name.strip("\"'")
        drive = next((drive for drive in self._data.drives if name.startswith(drive)), None)
        if drive is not None:
            name = posixpath.join(self._data.drives[drive], name.removeprefix(drive).lstrip("/"))
        return posixpath.normpath("/" + posixpath.join(self._data.home, name).lstrip("/"))

    def __contains__(self, name: str) -> bool:
        return self.path(name) in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __getitem__(self, name: str) -> StoredFile:
        try:
            return self._files[self.path(name)]
        except KeyError:
            raise FileNotFoundError(name) from None

    @property
    def free_bytes(self) -> int:
        return self.size_bytes - sum(len(file.content) for file in self._files.values())

    def is_folder(self, name: str) -> bool:
        path = self.path(name)
        return path in self._folders or any(_is_below(path, known) for known in (*self._folders, *self._files))

    def make_folder(self, name: str) -> None:
        self._folders.add(self.path(name))

    def names_in(self, folder: str) -> list[str]:
        """Names of the files in a folder, without it, in order."""
        path = self.path(folder)
        return sorted(posixpath.basename(name) for name in self._files if posixpath.dirname(name) == path)

    def create(self, name: str) -> StoredFile:
        """An empty file under this name, instead of the one that was there."""
        path = self.path(name)
        if not self.is_folder(posixpath.dirname(path)):
            raise FileNotFoundError(name)
        self._files[path] = StoredFile(modified=self._now())
        return self._files[path]

    def write(self, file: StoredFile, offset: int, data: bytes) -> None:
        """Put data into a file at an offset; what fits is there when the rest does not.

        Raises:
            StorageFull: there is no room for all of it.
        """
        growth = offset + len(data) - len(file.content)
        fits = len(data) - max(0, growth - self.free_bytes)
        if offset > len(file.content):
            file.content += bytes(offset - len(file.content))
        file.content[offset : offset + max(0, fits)] = data[: max(0, fits)]
        if fits < len(data):
            raise StorageFull

    def remove(self, name: str) -> None:
        del self._files[self._known(name)]

    def rename(self, old: str, new: str) -> None:
        """Move a file; one that has the new name is replaced."""
        self._files[self.path(new)] = self._files.pop(self._known(old))

    def copy(self, source: str, target: str) -> None:
        """Raises StorageFull when there is no room."""
        content = bytes(self[source].content)
        self.write(self.create(target), 0, content)

    def _known(self, name: str) -> str:
        path = self.path(name)
        if path not in self._files:
            raise FileNotFoundError(name)
        return path


def _is_below(folder: str, path: str) -> bool:
    return path.startswith(f"{folder.rstrip('/')}/")
