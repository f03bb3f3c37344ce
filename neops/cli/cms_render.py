"""The CMS on a terminal: lists, histories, differences."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neops.cms import FieldChange, HistoryEntry, Operation
from neops.entities import Device, DeviceGroup, Interface
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


def devices_table(devices: Sequence[Device]) -> Table:
    """One line a device."""
    table = _table("hostname", "address", "platform", "groups", "software", "state")
    for one in devices:
        names = ", ".join(group.name or "" for group in one.groups)
        table.add_row(
            Text(one.name),
            _address(one),
            one.platform_name or "",
            Text(names),
            Text(one.software_release or ""),
            one.connection_state or "",
        )
    return table


def groups_table(groups: Sequence[DeviceGroup]) -> Table:
    """One line a group."""
    table = _table("name", "title", "inherits from", "devices")
    for one in groups:
        parents = ", ".join(parent.name for parent in one.parents)
        table.add_row(Text(one.name or ""), Text(one.title or ""), Text(parents), str(len(one.devices)))
    return table


def interfaces_table(interfaces: Sequence[Interface], devices: Mapping[int, str]) -> Table:
    """One line an interface."""
    table = _table("device", "name", "state", "description")
    for one in interfaces:
        owner = devices.get(one.device.id or 0, "") if one.device else ""
        table.add_row(Text(owner), Text(one.name or ""), one.state or "", Text(one.description or ""))
    return table


def _table(*headings: str) -> Table:
    table = Table(header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _address(device: Device) -> str:
    return "" if device.ip is None else device.ip if device.port is None else f"{device.ip}:{device.port}"


def _named(entry: HistoryEntry) -> str:
    return f"{entry.entity} {entry.name or entry.entity_id}"


def _print_changes(console: Console, entry: HistoryEntry) -> None:
    for change in entry.changes if entry.operation is Operation.CHANGED else ():
        console.print(Text(f"    {_change(change)}"), soft_wrap=True)


def _change(change: FieldChange) -> str:
    return (
        f"{change.path}: changed"
        if change.hidden
        else f"{change.path}: {_short(change.before)} → {_short(change.after)}"
    )


def _short(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_MAX else f"{text[: _VALUE_MAX - 1]}…"
