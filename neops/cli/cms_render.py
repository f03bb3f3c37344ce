"""The CMS on a terminal: lists, histories, differences."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neops.cli.cms_port import Kind
from neops.cms import FieldChange, HistoryEntry, Operation
from neops.entities import Device, DeviceGroup, Entity, Interface, Platform

if TYPE_CHECKING:
    from neops.protocol import JsonObject

_MARKS = {Operation.CREATED: ("+", "green"), Operation.CHANGED: ("~", "yellow"), Operation.DELETED: ("-", "red")}
_VALUE_MAX = 60


def entry_json(entry: HistoryEntry) -> JsonObject:
    """A change as `--json` prints it."""
    return {
        "at": entry.at.isoformat(),
        "author": entry.author,
        "run": entry.run,
        "entity": entry.entity,
        "entityId": entry.entity_id,
        "name": entry.name,
        "operation": entry.operation.value,
        "changes": {
            one.path: {"hidden": True} if one.hidden else {"before": one.before, "after": one.after}
            for one in entry.changes
        },
    }


def print_differences(console: Console, entries: Sequence[HistoryEntry]) -> None:
    """What was created, changed and deleted, oldest first."""
    for entry in entries:
        mark, style = _MARKS[entry.operation]
        console.print(Text(f"{mark} {_named(entry)}", style=style), soft_wrap=True)
        _print_changes(console, entry)


def print_history(console: Console, entries: Sequence[HistoryEntry]) -> None:
    """Changes with who made them and when."""
    for entry in entries:
        mark, style = _MARKS[entry.operation]
        stamp = entry.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        run = f"  run {entry.run}" if entry.run else ""
        line = Text.assemble((f"{mark} {stamp}", style), f"  {entry.author}{run}  {entry.operation}")
        console.print(line, soft_wrap=True)
        _print_changes(console, entry)


def listing_table(kind: Kind, entities: Sequence[Any]) -> Table:
    """One line an entity; a column in which nothing would stand is left out."""
    headings, row = _LISTINGS[kind]
    rows = [row(one) for one in entities]
    shown = [at for at in range(len(headings)) if not rows or any(cells[at] for cells in rows)]
    table = _table(*(headings[at] for at in shown))
    for cells in rows:
        table.add_row(*(Text(cells[at]) for at in shown))
    return table


def entity_table(entity: Entity) -> Table:
    """One entity: a line for each field and each fact that it has."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in _shown_fields(entity):
        table.add_row(Text(name), Text(value))
    return table


def _shown_fields(entity: Entity) -> Iterator[tuple[str, str]]:
    for name, value in entity.model_dump(mode="json", exclude_none=True).items():
        if value in ([], {}) or name.endswith("_count"):
            continue
        if name == "facts":
            yield from ((f"facts.{key}", _text(fact)) for key, fact in value.items())
        elif name == "inherited":
            if names := ", ".join(_inherited(value)):
                yield name, names
        elif name.endswith("_configuration"):
            yield name, f"{len(value.splitlines()):,} lines (--json shows them)"
        elif name in ("interfaces", "devices"):
            yield name, f"{len(value):,}"
        elif name in ("groups", "parents"):
            yield name, ", ".join(one.get("name") or str(one["id"]) for one in value)
        elif name in ("platform", "device"):
            yield name, value.get("short_name") or value.get("hostname") or str(value["id"])
        else:
            yield name, _text(value)


def _inherited(value: Mapping[str, Any]) -> Iterator[str]:
    yield from value["fields"]
    yield from (f"facts.{name}" for name in value["facts"])
    yield from (f"connection_options.{name}" for name in value["connections"])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _device_row(one: Device) -> Sequence[str]:
    names = ", ".join(group.name or "" for group in one.groups)
    state, release = one.connection_state or "", one.software_release or ""
    return one.name, _address(one), one.platform_name or "", names, release, state


def _group_row(one: DeviceGroup) -> Sequence[str]:
    parents = ", ".join(parent.name for parent in one.parents)
    return one.name or "", one.title or "", parents, str(len(one.devices))


def _interface_row(one: Interface) -> Sequence[str]:
    owner = one.device.hostname or str(one.device.id) if one.device else ""
    return owner, one.name or "", one.state or "", one.description or ""


def _platform_row(one: Platform) -> Sequence[str]:
    return one.short_name or "", one.name or "", one.vendor or ""


_LISTINGS: Final[Mapping[Kind, tuple[Sequence[str], Callable[[Any], Sequence[str]]]]] = {
    Kind.DEVICE: (("hostname", "address", "platform", "groups", "software", "state"), _device_row),
    Kind.GROUP: (("name", "title", "inherits from", "devices"), _group_row),
    Kind.INTERFACE: (("device", "name", "state", "description"), _interface_row),
    Kind.PLATFORM: (("short name", "name", "vendor"), _platform_row),
}
"""Headings, and what stands under them."""


def _table(*headings: str) -> Table:
    table = Table(header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading == "address")  # which is copied
    return table


def _address(device: Device) -> str:
    return "" if device.ip is None else device.ip if device.port is None else f"{device.ip}:{device.port}"


def _named(entry: HistoryEntry) -> str:
    return f"{entry.entity} {entry.name or entry.entity_id}"


def _print_changes(console: Console, entry: HistoryEntry) -> None:
    for change in entry.changes if entry.operation is Operation.CHANGED else ():
        console.print(Text(f"    {_change(change)}"), soft_wrap=True)


def _change(change: FieldChange) -> str:
    if change.hidden:
        return f"{change.path}: changed"
    before, after = _short(change.before), _short(change.after)
    if before == after:  # another type, or a difference further on
        before, after = (json.dumps(one, ensure_ascii=False) for one in (change.before, change.after))
    return f"{change.path}: {before} → {after}"


def _short(value: Any) -> str:
    if value is None:
        return "nothing"
    text = _text(value)
    return text if len(text) <= _VALUE_MAX else f"{text[: _VALUE_MAX - 1]}…"
