"""Configurations as a whole: to and from files, and named candidates that are committed from outside. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from neops.testing.simulator.configuration import copy
from neops.testing.simulator.device import DeviceState
from neops.testing.simulator.editing import confirm_within_s
from neops.testing.simulator.platform import Verb


def change_whole(device: DeviceState, verb: Verb, arguments: Mapping[str, str]) -> bool:
    """Carry a verb out; False: it is none of these.

    Raises:
        FileNotFoundError, StorageFull: as in change_files.
        LineRejected: a line of the file is not known; nothing was changed.
    """
    match verb:
        case "running_to_file":
            _write(device, arguments["target"], "running_config")
        case "startup_to_file":
            _write(device, arguments["target"], "startup_config")
        case "replace_with_file":
            _replace(device, arguments["file"])
        case "merge_file":
            _merge(device, arguments["file"])
        case "commit_named":
            _commit(device, arguments["session"], None)
        case "commit_named_confirmed":
            _commit(device, arguments["session"], confirm_within_s(arguments))
        case "revert_named":
            if _waits(device, arguments["session"]):
                device.datastore.revert()
        case _:
            return False
    return True


def _write(device: DeviceState, target: str, value: str) -> None:
    storage = device.storage
    if storage is None:
        raise FileNotFoundError(target)
    file = storage.create(target)
    file.content[:] = f"{device.scope()[value]}\n".encode()


def _text(device: DeviceState, name: str) -> str:
    if device.storage is None:
        raise FileNotFoundError(name)
    return device.storage[name].content.decode()


def _replace(device: DeviceState, name: str) -> None:
    assert device.platform.dialect is not None
    device.datastore.commit(device.platform.dialect.parse(_text(device, name)))


def _merge(device: DeviceState, name: str) -> None:
    """Carry the file's lines out one by one, as if they were typed."""
    dialect, store = device.platform.dialect, device.datastore
    assert dialect is not None
    path: tuple[str, ...] = ()
    merged = copy(store.running)
    for line in map(str.strip, _text(device, name).splitlines()):
        if line and line[0] not in "!#" and line != "end":
            path = dialect.apply(merged, path, line)
    store.commit(merged)


def _commit(device: DeviceState, name: str, within_s: float | None) -> None:
    """Make a candidate run, or keep it where it runs already and waits to be confirmed."""
    store = device.datastore
    if within_s is None and _waits(device, name):
        store.confirm()
    else:
        store.commit(store.candidates[name], within_s)


def _waits(device: DeviceState, name: str) -> bool:
    store = device.datastore
    return store.awaits_confirmation and store.candidates.get(name) == store.running
