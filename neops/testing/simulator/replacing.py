"""Configurations as a whole: to and from files, and named candidates that are committed from outside. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from neops.testing.simulator.configuration import LineRejected, Path, Section, copy
from neops.testing.simulator.device import DeviceState
from neops.testing.simulator.editing import confirm_within_s
from neops.testing.simulator.platform import Verb
from neops.testing.simulator.texts import TextStyle, in_file, whole_lines


def change_whole(device: DeviceState, verb: Verb, arguments: Mapping[str, str]) -> bool:
    """Carry a verb out; False: it is none of these.

    Raises:
        FileNotFoundError, StorageFull: as in change_files.
        LineRejected: a line of the file is not known; of a merge, the others were taken.
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
    file.content[:] = f"{in_file(_style(device), device.scope()[value])}\n".encode()


def _style(device: DeviceState) -> TextStyle:
    return device.platform.data.configuration.texts if device.platform.data.configuration else ""


def _text(device: DeviceState, name: str) -> str:
    if device.storage is None:
        raise FileNotFoundError(name)
    return device.storage[name].content.decode()


def _replace(device: DeviceState, name: str) -> None:
    dialect = device.platform.dialect
    assert dialect is not None
    new = dialect.parse(_text(device, name), shown=False)
    for line in new:
        dialect.apply({}, (), line)
    device.datastore.put(new)


def _merge(device: DeviceState, name: str) -> None:
    """Carry the file's lines out one by one, as if they were typed: the good ones stay."""
    merged, refused = _merged(device, _text(device, name))
    device.datastore.put(merged)
    if refused is not None:
        raise refused


def _merged(device: DeviceState, text: str) -> tuple[Section, LineRejected | None]:
    """The running configuration with these lines, and the first one that was refused."""
    dialect = device.platform.dialect
    assert dialect is not None
    path: Path = ()
    merged, refused = copy(device.datastore.running), None
    for line in map(str.strip, whole_lines(_style(device), text, shown=False)):
        if line and line[0] not in "!#" and line != "end":
            try:
                path = dialect.apply(merged, path, line)
            except LineRejected as error:
                refused = refused or error
    return merged, refused


def compared(device: DeviceState, name: str, how: Literal["whole", "merge"]) -> str:
    """What making a file the configuration, or adding its lines, would change, as IOS' archive shows it.

    Raises:
        FileNotFoundError: it is not there.
    """
    dialect, running, text = device.platform.dialect, device.datastore.running, _text(device, name)
    assert dialect is not None
    if how == "whole":
        return "\n".join(_marked(running, dialect.parse(text, shown=False), 0))
    merged, _ = _merged(device, text)
    return "\n".join(_additions(running, merged, 0))


def _marked(old: Section, new: Section, depth: int) -> Iterator[str]:
    """Lines of either configuration with their sections: `+` is only in the new one, `-` only in the old one."""
    for line in (*old, *(line for line in new if line not in old)):
        before, after = old.get(line), new.get(line)
        if before == after:
            continue
        mark = "" if before is not None and after is not None else "+" if before is None else "-"
        yield f"{' ' * depth}{mark}{line}"
        yield from _marked(before or {}, after or {}, depth + 1)


def _additions(old: Section, new: Section, depth: int) -> Iterator[str]:
    """Lines to type; one that goes away without another in its place is shown with `no`."""
    for line, after in new.items():
        if old.get(line) != after:
            yield f"{' ' * depth}{line}"
            yield from _additions(old.get(line, {}), after, depth + 1)
    words = {line.split(" ", 1)[0] for line in new if line not in old}
    yield from (f"{' ' * depth}no {line}" for line in old if line not in new and line.split(" ", 1)[0] not in words)


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
