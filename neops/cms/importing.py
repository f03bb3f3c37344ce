"""Bringing an inventory into the CMS: entities are found again by name, and only what differs is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, insert, select, update

from neops.cms import tables
from neops.entities import EntityBatch, NewDevice, NewGroup, Secret


@dataclass(frozen=True, kw_only=True)
class ImportSummary:
    """How many devices and groups an import created, changed and left as they were."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0


def import_batch(connection: Connection, batch: EntityBatch, now: datetime) -> ImportSummary:
    """Upsert groups by name and devices by host name; fields that the inventory does not give are left alone."""
    named = {group.name: group for group in batch.groups}
    for name in (name for device in batch.devices for name in device.groups):
        named.setdefault(name, NewGroup(name=name))
    groups = _upsert(connection, tables.groups, "name", {g.name: _group_values(g) for g in named.values()}, now)
    platforms = _platform_ids(connection, {device.platform for device in batch.devices if device.platform})
    values = {device.hostname: _device_values(device, platforms) for device in batch.devices}
    devices = _upsert(connection, tables.devices, "hostname", values, now)
    members = _set_members(connection, batch.devices, devices.ids, groups.ids)
    changed = (devices.changed | members) - devices.created
    created = len(devices.created) + len(groups.created)
    touched = len(changed) + len(groups.changed)
    total = len(values) + len(named)
    return ImportSummary(created=created, changed=touched, unchanged=total - created - touched)


@dataclass(frozen=True, kw_only=True)
class _Upserted:
    ids: Mapping[str, int]
    created: frozenset[str]
    changed: frozenset[str]


def _upsert(
    connection: Connection, table: Table, key: str, wanted: Mapping[str, dict[str, Any]], now: datetime
) -> _Upserted:
    present = {row._mapping[key]: row for row in connection.execute(select(table)) if row._mapping[key] in wanted}
    changed = {name for name, row in present.items() if _differs(row, wanted[name])}
    for name in changed:
        statement = update(table).where(table.c.id == present[name].id)
        connection.execute(statement.values(**wanted[name], updated_at=now))
    created = [name for name in wanted if name not in present]
    for columns in _by_columns(wanted[name] for name in created):
        connection.execute(insert(table), [{"created_at": now, "updated_at": now, **row} for row in columns])
    ids = {name: id_ for id_, name in connection.execute(select(table.c.id, table.c[key])) if name in wanted}
    return _Upserted(ids=ids, created=frozenset(created), changed=frozenset(changed))


def _by_columns(rows: Iterable[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        alike.setdefault(tuple(row), []).append(row)
    return alike.values()


def _differs(row: Row[Any], wanted: Mapping[str, Any]) -> bool:
    return any(row._mapping[column] != value for column, value in wanted.items())


def _group_values(group: NewGroup) -> dict[str, Any]:
    given = {"name": group.name, "facts": group.facts}
    return given if group.description is None else {**given, "description": group.description}


def _device_values(device: NewDevice, platforms: Mapping[str, int]) -> dict[str, Any]:
    given = {
        "hostname": device.hostname,
        "ip": device.ip,
        "port": device.port,
        "username": device.username,
        "password": _plain(device.password),
        "connection_options": _plain(device.connection_options),
        "platform_id": platforms.get(device.platform or ""),
        "vendor": device.vendor,
    }
    return {**{name: value for name, value in given.items() if value is not None}, "facts": device.facts}


def _plain(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()


def _platform_ids(connection: Connection, names: set[str]) -> dict[str, int]:
    table = tables.platforms
    known = {name: id_ for id_, name in connection.execute(select(table.c.id, table.c.short_name))}
    if missing := sorted(names - known.keys()):
        connection.execute(insert(table), [{"short_name": name, "name": name} for name in missing])
        known = {name: id_ for id_, name in connection.execute(select(table.c.id, table.c.short_name))}
    return known


def _set_members(
    connection: Connection, devices: Iterable[NewDevice], device_ids: Mapping[str, int], group_ids: Mapping[str, int]
) -> frozenset[str]:
    """Make memberships what the inventory says; answers the host names whose memberships changed."""
    table = tables.group_members
    present: dict[int, set[int]] = {}
    for device_id, group_id in connection.execute(select(table.c.device_id, table.c.group_id)):
        present.setdefault(device_id, set()).add(group_id)
    changed = set()
    for device in devices:
        device_id = device_ids[device.hostname]
        before, wanted = present.get(device_id, set()), {group_ids[name] for name in device.groups}
        if gone := before - wanted:
            connection.execute(delete(table).where(table.c.device_id == device_id, table.c.group_id.in_(gone)))
        if added := wanted - before:
            connection.execute(insert(table), [{"device_id": device_id, "group_id": one} for one in sorted(added)])
        if gone or added:
            changed.add(device.hostname)
    return frozenset(changed)
