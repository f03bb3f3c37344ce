"""Bringing an inventory into the CMS: entities are found again by name, and only what differs is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from neops.cms import tables
from neops.cms.inheritance import Groups, completed, own_columns
from neops.cms.memberships import groups_of, set_groups, set_parents
from neops.cms.rows import Change, batches, change_of, ids_by, insert_rows, rows_by, write_changes
from neops.entities import EntityBatch, NewDevice, NewGroup, Secret

_GROUP_FIELDS = (
    "title",
    "description",
    "ip",
    "port",
    "username",
    "password",
    "platform",
    "platform_alias",
    "connection_options",
)
_DEVICE_FIELDS = ("vendor", "model", "serial", "software_release", "external_reference")
_OWN_FIELDS = ("ip", "port", "username", "password", "connection_options")
_INTERFACE_FIELDS = ("description", "state", "ifindex")


@dataclass(frozen=True, kw_only=True)
class ImportSummary:
    """How many devices, groups and interfaces an import created, changed and left as they were."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0


def import_batch(connection: Connection, batch: EntityBatch, now: datetime) -> ImportSummary:
    """Upsert groups and devices by name. Fields that the inventory does not set, and facts, are left alone."""
    written = _Import(connection, now)
    written.groups(_all_groups(batch))
    written.devices(batch.devices)
    written.interfaces(batch.devices)
    return written.summary()


class _Import:
    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection, self._now = connection, now
        self._created = self._changed = self._unchanged = 0
        self._group_ids: Mapping[str, int] = {}
        self._device_ids: Mapping[str, int] = {}
        self._levels_moved = False

    def summary(self) -> ImportSummary:
        return ImportSummary(created=self._created, changed=self._changed, unchanged=self._unchanged)

    def groups(self, groups: Mapping[str, NewGroup]) -> None:
        table, connection = tables.groups, self._connection
        platform_ids(connection, (group.platform for group in groups.values()))
        present = rows_by(connection, table.c.name, groups)
        changes = {name: change_of(row, _group_columns(groups[name], row["facts"])) for name, row in present.items()}
        write_changes(connection, table, (one for one in changes.values() if one), self._now)
        new = [group for name, group in groups.items() if name not in present]
        insert_rows(connection, table, ({"name": one.name, **_group_columns(one, {})} for one in new), self._now)
        self._group_ids = ids_by(connection, table.c.name, groups)
        changed = {name for name, change in changes.items() if change}
        moved = set_parents(
            connection,
            {
                self._group_ids[group.name]: [self._group_ids[parent] for parent in group.parents]
                for group in groups.values()
                if "parents" in group.model_fields_set
            },
        )
        changed |= {name for name in present if self._group_ids[name] in moved}
        self._levels_moved = bool(changed)
        self._count(len(new), len(changed), len(groups))

    def devices(self, devices: Sequence[NewDevice]) -> None:
        table, connection = tables.devices, self._connection
        platforms = platform_ids(connection, (device.platform for device in devices))
        levels = Groups.read(connection)
        named = {device.hostname: device for device in devices}
        present = rows_by(connection, table.c.hostname, named)
        before = groups_of(connection, [row["id"] for row in present.values()])
        changes: dict[str, Change | None] = {}
        new: list[dict[str, Any]] = []
        for name, device in named.items():
            row = present.get(name)
            memberships = self._memberships(device, before.get(row["id"], []) if row else [])
            own = own_columns(row) if row else {}
            columns = {
                **_given(device, _DEVICE_FIELDS),
                **completed({**own, **_own_given(device, own, platforms)}, levels.inherited_by(memberships)),
            }
            if row is None:
                new.append({"hostname": name, **columns})
            else:
                changes[name] = change_of(row, columns)
        write_changes(connection, table, (one for one in changes.values() if one), self._now)
        insert_rows(connection, table, new, self._now)
        self._device_ids = ids_by(connection, table.c.hostname, named)
        wanted = {
            self._device_ids[name]: self._memberships(device, [])
            for name, device in named.items()
            if "groups" in device.model_fields_set
        }
        moved = set_groups(connection, wanted)
        changed = {name for name, row in present.items() if changes[name] or row["id"] in moved}
        self._count(len(new), len(changed), len(named))
        if self._levels_moved:
            rework(connection, self._now)

    def interfaces(self, devices: Sequence[NewDevice]) -> None:
        table, connection = tables.interfaces, self._connection
        wanted = {
            (self._device_ids[device.hostname], port.name): port for device in devices for port in device.interfaces
        }
        present = _interfaces_of(connection, {device for device, _ in wanted})
        changes = [
            change_of(row, {**_given(wanted[key], _INTERFACE_FIELDS), "facts": {**row["facts"], **wanted[key].facts}})
            for key, row in present.items()
            if key in wanted
        ]
        new = [
            {"device_id": key[0], "name": key[1], **_given(port, _INTERFACE_FIELDS), "facts": port.facts}
            for key, port in wanted.items()
            if key not in present
        ]
        write_changes(connection, table, (one for one in changes if one), self._now)
        insert_rows(connection, table, new, self._now)
        self._count(len(new), sum(one is not None for one in changes), len(wanted))

    def _memberships(self, device: NewDevice, before: list[int]) -> list[int]:
        if "groups" not in device.model_fields_set:
            return before
        return list(dict.fromkeys(self._group_ids[name] for name in device.groups))

    def _count(self, created: int, changed: int, total: int) -> None:
        self._created += created
        self._changed += changed
        self._unchanged += total - created - changed


def rework(connection: Connection, now: datetime) -> None:
    """Work out anew what every device inherits, after groups have changed."""
    levels = Groups.read(connection)
    ids = connection.scalars(select(tables.devices.c.id)).all()
    rows = rows_by(connection, tables.devices.c.id, ids)
    memberships = groups_of(connection, ids)
    changes = (
        change_of(row, completed(own_columns(row), levels.inherited_by(memberships.get(id_, []))))
        for id_, row in rows.items()
    )
    write_changes(connection, tables.devices, (one for one in changes if one), now)


def platform_ids(connection: Connection, names: Iterable[str | None]) -> dict[str, int]:
    """Ids of platforms by short name; unknown ones are created."""
    table, wanted = tables.platforms, {name for name in names if name}
    known = ids_by(connection, table.c.short_name, wanted)
    if missing := sorted(wanted - known.keys()):
        connection.execute(insert(table), [{"short_name": name, "name": name} for name in missing])
        known |= ids_by(connection, table.c.short_name, missing)
    return known


def _all_groups(batch: EntityBatch) -> dict[str, NewGroup]:
    named = {group.name: group for group in batch.groups}
    mentioned = [name for device in batch.devices for name in device.groups]
    mentioned += [name for group in batch.groups for name in group.parents]
    return {**{name: NewGroup(name=name) for name in mentioned}, **named}


def _group_columns(group: NewGroup, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {**_given(group, _GROUP_FIELDS), "facts": {**facts, **group.facts}}


def _own_given(device: NewDevice, own: Mapping[str, Any], platforms: Mapping[str, int]) -> dict[str, Any]:
    given = {**_given(device, _OWN_FIELDS), "facts": {**(own.get("facts") or {}), **device.facts}}
    if "platform" in device.model_fields_set:
        platform = None if device.platform is None else platforms[device.platform]
        given |= {"platform_id": platform, "platform_alias": device.platform_alias}
    return given


def _given(entity: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: _plain(getattr(entity, name)) for name in names if name in entity.model_fields_set}


def _plain(value: Any) -> Any:
    return value.reveal() if isinstance(value, Secret) else value


def _interfaces_of(connection: Connection, devices: Iterable[int]) -> dict[tuple[int, str], dict[str, Any]]:
    table = tables.interfaces
    columns = [table.c[name] for name in ("id", "device_id", "name", *_INTERFACE_FIELDS, "facts")]
    return {
        (row.device_id, row.name): dict(row._mapping)
        for batch in batches(sorted(devices))
        for row in connection.execute(select(*columns).where(table.c.device_id.in_(batch)))
    }
