"""Where devices came from, and how far inventories were read that can tell what changed since."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, exists, insert, select

from neops.cms import tables
from neops.cms.history import Author, Journal
from neops.cms.rows import batches, ids_by
from neops.cms.writing import Writer
from neops.entities import EntityType

_ORIGINS = tables.device_origins


def cursor_of(connection: Connection, source: str) -> str | None:
    """Where the last import from a source ended; None: there was none."""
    cursor: str | None = connection.scalar(select(tables.sources.c.cursor).where(tables.sources.c.name == source))
    return cursor


def keep_cursor(connection: Connection, source: str, cursor: str, now: datetime) -> None:
    """Remember where an import ended."""
    connection.execute(delete(tables.sources).where(tables.sources.c.name == source))
    connection.execute(insert(tables.sources).values(name=source, cursor=cursor, read_at=now))


def remember_origin(connection: Connection, origin: str, devices: Iterable[int]) -> None:
    """Remember that an inventory has these devices."""
    for batch in batches(sorted(set(devices))):
        wanted = select(_ORIGINS.c.device_id).where(_ORIGINS.c.origin == origin, _ORIGINS.c.device_id.in_(batch))
        known = set(connection.scalars(wanted))
        if new := [{"origin": origin, "device_id": one} for one in batch if one not in known]:
            connection.execute(insert(_ORIGINS), new)


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """Host names of the devices that an inventory has, or had when it was read before; `shared`: others have it too."""

    devices: list[str]
    shared: list[str]


def devices_from(connection: Connection, origin: str) -> Remembered:
    """What is remembered of an inventory."""
    return _remembered(connection.execute(_of_origin(origin).order_by(tables.devices.c.hostname)))


def settle_gone(
    connection: Connection, origin: str, names: Collection[str], now: datetime, author: Author, *, prune: bool
) -> list[str]:
    """See to the devices that an inventory had and has no more; answers those that are in no other one.

    `prune` deletes these. The others are of the other inventories from now on. Names that the inventory never had are
    passed over.
    """
    remembered = _remembered(
        row
        for batch in batches(sorted(set(names)))
        for row in connection.execute(_of_origin(origin).where(tables.devices.c.hostname.in_(batch)))
    )
    gone, shared = remembered.devices, set(remembered.shared)
    ids = ids_by(connection, tables.devices.c.hostname, gone)
    for batch in batches(sorted(ids[name] for name in shared)):
        connection.execute(delete(_ORIGINS).where(_ORIGINS.c.origin == origin, _ORIGINS.c.device_id.in_(batch)))
    nowhere = [name for name in gone if name not in shared]
    writer = Writer(connection, Journal(connection, now, author))
    if prune:
        writer.delete(EntityType.DEVICE, [ids[name] for name in nowhere])
    writer.flush()
    return nowhere


def _of_origin(origin: str) -> Select[Any]:
    """Host names of its devices, and whether others have them too."""
    devices, others = tables.devices, _ORIGINS.alias()
    shared = exists().where(others.c.device_id == devices.c.id, others.c.origin != origin)
    return (
        select(devices.c.hostname, shared.label("shared"))
        .select_from(_ORIGINS.join(devices, devices.c.id == _ORIGINS.c.device_id))
        .where(_ORIGINS.c.origin == origin, devices.c.hostname.is_not(None))
    )


def _remembered(rows: Iterable[Row[Any]]) -> Remembered:
    found = [(row.hostname, row.shared) for row in rows]
    return Remembered(devices=[name for name, _ in found], shared=[name for name, shared in found if shared])
