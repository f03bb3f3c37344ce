"""What commands see of a device's files, and what they do to them. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from neops.testing.simulator.platform import Command, Verb
from neops.testing.simulator.storage import Storage
from neops.testing.simulator.template import Scope, render


def file_values(storage: Storage | None, command: Command, scope: Scope) -> Mapping[str, Any]:
    """The values of a command that names a file or a folder.

    Raises:
        FileNotFoundError: it is not there; the argument is its name.
    """
    if storage is None:
        return {}
    free, size = storage.free_bytes, storage.size_bytes
    values: dict[str, Any] = {"free_bytes": free, "used_bytes": size - free, "storage_bytes": size}
    if command.file:
        values |= _file(storage, render(command.file, scope), command.digest)
    if command.folder:
        values["files"] = _listed(storage, render(command.folder, scope))
    return values


def change_files(storage: Storage | None, verb: Verb, arguments: Mapping[str, str]) -> None:
    """Carry out a verb about files; their names are the arguments `file`, or `source` and `target`.

    Raises:
        FileNotFoundError: the file is not there.
        StorageFull: a copy does not fit.
    """
    if storage is None:
        raise FileNotFoundError(arguments.get("file", ""))
    match verb:
        case "remove_file":
            storage.remove(arguments["file"])
        case "move_file":
            storage.rename(arguments["source"], arguments["target"])
        case "empty_file":
            storage.create(arguments["target"])
        case "copy_file":
            storage.copy(arguments["source"], arguments["target"])


def _file(storage: Storage, name: str, digest: str) -> dict[str, Any]:
    file = storage[name]
    return {
        "file": name,
        "file_name": posixpath.basename(storage.path(name)),
        "file_size": len(file.content),
        "file_text": file.content.decode(errors="replace"),
        "digest": file.digest(digest) if digest else "",
    }


def _listed(storage: Storage, name: str) -> list[dict[str, Any]]:
    """The files in a folder, or the one of this name."""
    if storage.is_folder(name):
        folder = storage.path(name)
        return [_entry(storage, n, posixpath.join(folder, entry)) for n, entry in enumerate(storage.names_in(name), 1)]
    return [_entry(storage, 1, name)]


def _entry(storage: Storage, number: int, name: str) -> dict[str, Any]:
    file = storage[name]
    return {
        "number": number,
        "name": posixpath.basename(storage.path(name)),
        "size": len(file.content),
        "modified": file.modified,
    }
