"""Where devices came from, and how far inventories were read that can tell what changed since."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

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
    known = set(connection.scalars(select(_ORIGINS.c.device_id).where(_ORIGINS.c.origin == origin)))
    if new := sorted(set(devices) - known):
        connection.execute(insert(_ORIGINS), [{"origin": origin, "device_id": one} for one in new])


def devices_from(connection: Connection, origin: str) -> list[str]:
    """Host names of the devices that an inventory has, or had when it was read before."""
    devices = tables.devices
    joined = _ORIGINS.join(devices, devices.c.id == _ORIGINS.c.device_id)
    wanted = select(devices.c.hostname).select_from(joined).where(_ORIGINS.c.origin == origin)
    return [name for name in connection.scalars(wanted.order_by(devices.c.hostname)) if name is not None]


def delete_gone(
    connection: Connection, origin: str, names: Collection[str], now: datetime, author: Author
) -> list[str]:
    """Delete devices that an inventory had and has no more, and answer their names; others are left alone.

    A device that another inventory has stays, and is no longer of this one.
    """
    known = ids_by(connection, tables.devices.c.hostname, set(names) & set(devices_from(connection, origin)))
    for batch in batches(sorted(known.values())):
        connection.execute(delete(_ORIGINS).where(_ORIGINS.c.origin == origin, _ORIGINS.c.device_id.in_(batch)))
    elsewhere = set(connection.scalars(select(_ORIGINS.c.device_id)))
    gone = {name: id_ for name, id_ in sorted(known.items()) if id_ not in elsewhere}
    writer = Writer(connection, Journal(connection, now, author))
    for id_ in gone.values():
        writer.delete(EntityType.DEVICE, id_)
    writer.flush()
    return list(gone)
