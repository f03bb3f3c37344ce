"""Applying what jobs want changed: creates, patches and deletes of one run, in order, in one transaction.

An update that cannot be applied does not take the others with it: it is refused with a reason, for the run's events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from neops.cms import tables
from neops.cms.store import tables_of
from neops.entities import EntityCreate, EntityDelete, EntityPatch, EntityType, EntityUpdate, Secret

_WRITABLE: Mapping[EntityType, tuple[str, ...]] = {
    EntityType.DEVICE: (
        "hostname",
        "ip",
        "port",
        "username",
        "password",
        "connection_options",
        "vendor",
        "model",
        "serial",
        "software_release",
        "connection_state",
        "external_reference",
        "current_configuration",
        "last_configuration",
        "facts",
    ),
    EntityType.GROUP: ("name", "title", "description", "facts"),
    EntityType.INTERFACE: (
        "name",
        "description",
        "state",
        "ifindex",
        "current_configuration",
        "last_configuration",
        "facts",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Refused:
    """An update that was not applied, and why."""

    update: EntityUpdate
    reason: str


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What became of a batch: temporary id → id of each created entity, how many were applied, which were refused."""

    ids: Mapping[tuple[EntityType, int], int] = field(default_factory=dict)
    applied: int = 0
    refused: tuple[Refused, ...] = ()


class _CannotApplyError(Exception):
    pass


def apply_updates(connection: Connection, updates: Iterable[EntityUpdate], now: datetime) -> Applied:
    """Apply the updates in order; later ones may point at entities that earlier ones created."""
    batch = _Batch(connection, now)
    applied, refused = 0, []
    for one in updates:
        try:
            batch.apply(one)
            applied += 1
        except (_CannotApplyError, LookupError) as reason:
            refused.append(Refused(update=one, reason=str(reason)))
    return Applied(ids=batch.ids, applied=applied, refused=tuple(refused))


class _Batch:
    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection, self._now = connection, now
        self.ids: dict[tuple[EntityType, int], int] = {}

    def apply(self, one: EntityUpdate) -> None:
        match one:
            case EntityCreate():
                self._create(one)
            case EntityPatch():
                self._patch(one)
            case EntityDelete():
                table = tables_of(one.entity)
                self._connection.execute(delete(table).where(table.c.id == self._id(one.entity, one.id)))

    def _create(self, one: EntityCreate) -> None:
        table, values = tables_of(one.entity), self._values(one.entity, one.data)
        existing = self._existing(table, one, values)
        if existing is None:
            stamps = {"created_at": self._now, "updated_at": self._now}
            existing = self._insert(table, {"facts": {}, **values, **stamps})
        elif not one.skip_if_identifier_exists:
            raise _CannotApplyError(f"a {one.entity} with the same {', '.join(one.identifier_fields)} exists already")
        self.ids[one.entity, one.id] = existing
        self._set_members(one.entity, existing, one.data)

    def _existing(self, table: Table, one: EntityCreate, values: Mapping[str, Any]) -> int | None:
        identifiers = [name for name in one.identifier_fields if values.get(name) is not None]
        if not identifiers:
            return None
        if one.entity is EntityType.INTERFACE:
            identifiers.append("device_id")
        wanted = select(table.c.id).where(*(table.c[name] == values[name] for name in identifiers))
        found: int | None = self._connection.scalar(wanted)
        return found

    def _insert(self, table: Table, values: Mapping[str, Any]) -> int:
        return int(self._connection.scalars(insert(table).values(values).returning(table.c.id)).one())

    def _patch(self, one: EntityPatch) -> None:
        table, id_ = tables_of(one.entity), self._id(one.entity, one.id)
        head, _, rest = one.path.partition(".")
        if head == "groups" and one.entity is EntityType.DEVICE:
            self._set_members(one.entity, id_, {"groups": one.value})
            return
        values = self._patched_path(table, id_, one) if rest else self._values(one.entity, {head: one.value})
        if not values:
            raise _CannotApplyError(f"{one.entity} has no field {head!r} that a job may change")
        touched = self._connection.execute(
            update(table).where(table.c.id == id_).values(**values, updated_at=self._now)
        )
        if touched.rowcount == 0:
            raise _CannotApplyError(f"{one.entity} {one.id} does not exist any more")

    def _patched_path(self, table: Table, id_: int, one: EntityPatch) -> dict[str, Any]:
        head, *path = one.path.split(".")
        if head != "facts":
            raise _CannotApplyError(f"{head!r} is not an object: only facts take dotted paths")
        facts = dict(self._connection.scalar(select(table.c.facts).where(table.c.id == id_)) or {})
        inner = facts
        for part in path[:-1]:
            nested = inner.get(part)
            inner[part] = dict(nested) if isinstance(nested, dict) else {}
            inner = inner[part]
        inner[path[-1]] = one.value
        return {"facts": facts}

    def _values(self, entity: EntityType, data: Mapping[str, Any]) -> dict[str, Any]:
        values = {name: _plain(data[name]) for name in _WRITABLE[entity] if name in data}
        if values.get("facts", ...) is None:
            values["facts"] = {}
        if entity is EntityType.DEVICE and "platform" in data:
            values["platform_id"] = self._platform(data["platform"])
        if entity is EntityType.INTERFACE and "device" in data:
            values["device_id"] = self._device(data["device"])
        return values

    def _platform(self, reference: Mapping[str, Any] | None) -> int | None:
        if not reference:
            return None
        table, short_name = tables.platforms, reference.get("short_name") or reference.get("shortName")
        if not short_name:
            given: int | None = reference.get("id")
            return given
        known: int | None = self._connection.scalar(select(table.c.id).where(table.c.short_name == short_name))
        if known is not None:
            return known
        name = reference.get("name") or short_name
        return self._insert(table, {"short_name": short_name, "name": name})

    def _device(self, reference: Mapping[str, Any] | None) -> int:
        if reference and reference.get("id"):
            return self._id(EntityType.DEVICE, reference["id"])
        hostname = (reference or {}).get("hostname")
        wanted = select(tables.devices.c.id).where(tables.devices.c.hostname == hostname)
        known: int | None = self._connection.scalar(wanted)
        if known is None:
            raise _CannotApplyError(f"its device {hostname!r} is not known")
        return known

    def _set_members(self, entity: EntityType, id_: int, data: Mapping[str, Any]) -> None:
        table = tables.group_members
        key, own, other = {
            EntityType.DEVICE: ("groups", table.c.device_id, EntityType.GROUP),
            EntityType.GROUP: ("devices", table.c.group_id, EntityType.DEVICE),
        }.get(entity, (None, None, entity))
        if key is None or own is None or data.get(key) is None:
            return
        self._connection.execute(delete(table).where(own == id_))
        far = "group_id" if own.name == "device_id" else "device_id"
        members = {self._id(other, member["id"]) for member in data[key] if member.get("id")}
        if members:
            self._connection.execute(insert(table), [{own.name: id_, far: member} for member in sorted(members)])

    def _id(self, entity: EntityType, id_: int) -> int:
        return self.ids.get((entity, id_), id_)


def _plain(value: Any) -> Any:
    return value.reveal() if isinstance(value, Secret) else value
