"""Bringing an inventory into the CMS: entities are found again by name, and only what differs is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from neops.cms import tables, terms
from neops.cms.fields import GROUP_LEVEL, NAMES, Refusal, tables_of
from neops.cms.history import Author, Journal
from neops.cms.inheritance import Groups, completed, own_columns
from neops.cms.memberships import groups_of, set_groups
from neops.cms.platforms import platform_ids
from neops.cms.rows import Change, batches, change_of, ids_by, insert_rows, rows_by, write_changes
from neops.cms.sources import remember_origin
from neops.cms.writing import change_parents, rework
from neops.entities import DEFAULTS_GROUP, EntityBatch, EntityType, NewDevice, NewGroup, NewInterface, Secret

IMPORT = Author(name="import")

_GROUP_FIELDS = ("title", "description", *GROUP_LEVEL)
_DEVICE_FIELDS = ("vendor", "model", "serial", "software_release", "external_reference")
_OWN_FIELDS = ("ip", "port", "username", "password", "connection_options")
_INTERFACE_FIELDS = ("description", "state", "ifindex")

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ImportSummary:
    """How many devices, groups and interfaces an import created, changed and left as they were.

    A known group that the batch only mentions is not counted.
    """

    created: int = 0
    changed: int = 0
    unchanged: int = 0

    def __add__(self, other: ImportSummary) -> ImportSummary:
        return ImportSummary(
            created=self.created + other.created,
            changed=self.changed + other.changed,
            unchanged=self.unchanged + other.unchanged,
        )


def import_batch(connection: Connection, batch: EntityBatch, now: datetime, author: Author = IMPORT) -> ImportSummary:
    """Upsert groups and devices by name, interfaces by device and name.

    A field that the batch does not set is left alone, and so are facts whose keys it does not give.

    Raises:
        Refusal: a name stands for two different things, or a group would inherit from itself.
    """
    _check_names("devices", ((device.hostname, device) for device in batch.devices))
    _check_names("groups", ((group.name, group) for group in batch.groups))
    importing = _Import(connection, Journal(connection, now, author))
    groups = importing.groups(_all_groups(batch), listed={group.name for group in batch.groups})
    devices = importing.devices(batch.devices)
    interfaces = importing.interfaces(batch.devices)
    importing.finish(batch.origin)
    return groups + devices + interfaces


class _Import:
    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._connection, self._journal = connection, journal
        self._group_ids: Mapping[str, int] = {}
        self._device_ids: dict[str, int] = {}
        self._levels_moved = False

    def groups(self, groups: Mapping[str, NewGroup], *, listed: Collection[str]) -> ImportSummary:
        platform_ids(self._connection, self._journal, (group.platform for group in groups.values()))
        known = rows_by(self._connection, tables.groups.c.name, groups)
        new = [{"name": name, **_group_columns(group, {})} for name, group in groups.items() if name not in known]
        changes = _changes((row, _group_columns(groups[name], row["facts"])) for name, row in known.items())
        self._insert(EntityType.GROUP, new)
        self._update(EntityType.GROUP, changes)
        self._group_ids = ids_by(self._connection, tables.groups.c.name, groups)
        self._created(EntityType.GROUP, new, [self._group_ids[one["name"]] for one in new])
        for change in changes:
            self._journal.changed("group", change.id, change.row["name"], change.before, change.after)
        moved = self._set_parents(groups.values()) & {row["id"] for row in known.values()}
        handed_on = {*GROUP_LEVEL, "facts"}
        self._levels_moved = (
            bool(moved)
            or any(not handed_on.isdisjoint(change.after) for change in changes)
            or any(one["name"] == DEFAULTS_GROUP for one in new)
        )
        changed = {change.id for change in changes} | moved
        return _summary(new, changed, {*listed, *(one["name"] for one in new)})

    def devices(self, devices: Sequence[NewDevice]) -> ImportSummary:
        named = {device.hostname: device for device in devices}
        known = rows_by(self._connection, tables.devices.c.hostname, named)
        memberships = groups_of(self._connection, (row["id"] for row in known.values()))
        plan = _DevicePlan(
            levels=Groups.read(self._connection),
            platforms=platform_ids(self._connection, self._journal, (device.platform for device in devices)),
            group_ids=self._group_ids,
        )
        wanted = {
            name: plan.columns(device, known.get(name), memberships.get(known[name]["id"], []) if name in known else [])
            for name, device in named.items()
        }
        new = [{"hostname": name, **wanted[name].stored} for name in named if name not in known]
        changes = _changes((row, wanted[name].stored) for name, row in known.items())
        self._insert(EntityType.DEVICE, new)
        self._update(EntityType.DEVICE, changes)
        self._device_ids = {name: row["id"] for name, row in known.items()}
        self._device_ids |= ids_by(self._connection, tables.devices.c.hostname, (one["hostname"] for one in new))
        self._created(EntityType.DEVICE, new, [self._device_ids[one["hostname"]] for one in new])
        moving = {self._device_ids[name]: one.groups for name, one in wanted.items() if one.groups != one.groups_before}
        moved = set_groups(self._connection, moving)
        changed = {change.id for change in changes} | (moved & {row["id"] for row in known.values()})
        for name in (name for name, row in known.items() if row["id"] in changed):
            self._journal.changed("device", known[name]["id"], name, *plan.own_change(wanted[name]))
        return _summary(new, changed, named)

    def interfaces(self, devices: Sequence[NewDevice]) -> ImportSummary:
        wanted = {(self._device_ids[one.hostname], port.name): port for one in devices for port in one.interfaces}
        known = self._ports(wanted)
        new = [
            {"device_id": device, "name": name, **_port_columns(port, {})}
            for (device, name), port in wanted.items()
            if (device, name) not in known
        ]
        changes = _changes((row, _port_columns(wanted[key], row["facts"])) for key, row in known.items())
        self._insert(EntityType.INTERFACE, new)
        self._update(EntityType.INTERFACE, changes)
        if new:
            ids = self._ports((one["device_id"], one["name"]) for one in new)
            self._created(EntityType.INTERFACE, new, [ids[one["device_id"], one["name"]]["id"] for one in new])
        for change in changes:
            self._journal.changed("interface", change.id, change.row["name"], change.before, change.after)
        return _summary(new, changes, wanted)

    def finish(self, origin: str | None) -> None:
        if origin is not None:
            remember_origin(self._connection, origin, self._device_ids.values())
        if self._levels_moved:
            rework(self._connection, self._journal)
        self._journal.flush()

    def _set_parents(self, groups: Iterable[NewGroup]) -> set[int]:
        wanted = {
            self._group_ids[group.name]: [
                self._group_ids[parent] for parent in group.parents if parent != DEFAULTS_GROUP
            ]
            for group in groups
            if "parents" in group.model_fields_set
        }
        return change_parents(self._connection, self._journal, wanted)

    def _ports(self, keys: Iterable[tuple[int, str]]) -> dict[tuple[int, str], Row]:
        table, wanted = tables.interfaces, set(keys)
        columns = [table.c[name] for name in ("id", "device_id", "name", *_INTERFACE_FIELDS, "facts")]
        return {
            (row.device_id, row.name): dict(row._mapping)
            for batch in batches(sorted({device for device, _ in wanted}))
            for row in self._connection.execute(select(*columns).where(table.c.device_id.in_(batch)))
            if (row.device_id, row.name) in wanted
        }

    def _insert(self, entity: EntityType, rows: Sequence[Row]) -> None:
        insert_rows(self._connection, tables_of(entity), rows, self._journal.now)

    def _created(self, entity: EntityType, rows: Sequence[Row], ids: Sequence[int]) -> None:
        terms.index(self._connection, entity, dict(zip(ids, rows, strict=True)), new=True)
        for id_, row in zip(ids, rows, strict=True):
            self._journal.created(entity.value, id_, row[NAMES[entity]])

    def _update(self, entity: EntityType, changes: Sequence[Change]) -> None:
        write_changes(self._connection, tables_of(entity), changes, self._journal.now)
        terms.index_changes(self._connection, entity, changes)


@dataclass(frozen=True, kw_only=True)
class _WantedDevice:
    """What a device shall be: as stored, and of that what it says itself, before and after."""

    stored: Row
    own_before: Row
    own: Row
    groups_before: list[int]
    groups: list[int]


@dataclass(frozen=True, kw_only=True)
class _DevicePlan:
    levels: Groups
    platforms: Mapping[str, int]
    group_ids: Mapping[str, int]

    def columns(self, device: NewDevice, row: Row | None, groups_before: list[int]) -> _WantedDevice:
        before = own_columns(row) if row else {}
        own = {**before, **self._given(device, before)}
        groups = groups_before
        if "groups" in device.model_fields_set:
            named = dict.fromkeys(name for name in device.groups if name != DEFAULTS_GROUP)
            groups = [self.group_ids[name] for name in named]
        plain = _given(device, _DEVICE_FIELDS)
        return _WantedDevice(
            stored={**plain, **completed(own, self.levels.inherited_by(groups))},
            own_before={**before, **{name: (row or {}).get(name) for name in plain}},
            own={**own, **plain},
            groups_before=groups_before,
            groups=groups,
        )

    def own_change(self, wanted: _WantedDevice) -> tuple[Row, Row]:
        """What the device says itself, before and after, for its history."""
        names = self.levels.names
        return (
            {**wanted.own_before, "groups": [names[one] for one in wanted.groups_before]},
            {**wanted.own, "groups": [names[one] for one in wanted.groups]},
        )

    def _given(self, device: NewDevice, before: Row) -> Row:
        given = {**_given(device, _OWN_FIELDS), "facts": {**(before.get("facts") or {}), **device.facts}}
        if "platform" in device.model_fields_set:
            platform = None if device.platform is None else self.platforms[device.platform]
            given |= {"platform_id": platform, "platform_alias": device.platform_alias}
        return given


def _check_names(what: str, named: Iterable[tuple[str, object]]) -> None:
    """A group that comes on several pages of an export is the same each time."""
    seen: dict[str, object] = {}
    for name, one in named:
        if (first := seen.setdefault(name, one)) is not one and first != one:
            raise Refusal(f"{what}: {name!r} is there twice, with different values")


def _all_groups(batch: EntityBatch) -> dict[str, NewGroup]:
    named = {group.name: group for group in batch.groups}
    mentioned = dict.fromkeys(name for device in batch.devices for name in device.groups)
    mentioned |= dict.fromkeys(name for group in batch.groups for name in group.parents)
    return {**{name: NewGroup(name=name) for name in mentioned}, **named}


def _changes(wanted: Iterable[tuple[Row, Row]]) -> list[Change]:
    return [change for row, columns in wanted if (change := change_of(row, columns)) is not None]


def _summary(new: Sequence[Row], changed: Iterable[object], wanted: Collection[object]) -> ImportSummary:
    count = sum(1 for _ in changed)
    return ImportSummary(created=len(new), changed=count, unchanged=len(wanted) - len(new) - count)


def _group_columns(group: NewGroup, facts: Mapping[str, Any]) -> Row:
    return {**_given(group, _GROUP_FIELDS), "facts": {**facts, **group.facts}}


def _port_columns(port: NewInterface, facts: Mapping[str, Any]) -> Row:
    return {**_given(port, _INTERFACE_FIELDS), "facts": {**facts, **port.facts}}


def _given(entity: NewDevice | NewGroup | NewInterface, names: Iterable[str]) -> Row:
    return {name: _plain(getattr(entity, name)) for name in names if name in entity.model_fields_set}


def _plain(value: Any) -> Any:
    return value.reveal() if isinstance(value, Secret) else value
