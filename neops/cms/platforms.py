"""Platforms: network operating systems by netmiko's device type. They have a history as entities have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from neops.cms import tables
from neops.cms.fields import Refusal
from neops.cms.history import Author, Journal
from neops.cms.rows import ids_by
from neops.entities import Platform

PLATFORM: Final = "platform"
"""What the history calls this kind."""

_TABLE = tables.platforms


def list_platforms(connection: Connection) -> list[Platform]:
    """All platforms by short name; there are few."""
    return [_entity(row) for row in connection.execute(select(_TABLE).order_by(_TABLE.c.short_name))]


def get_platform(connection: Connection, id_: int) -> Platform:
    """One platform.

    Raises:
        Refusal: there is none of this id.
    """
    return _entity(_known(connection, id_))


def create_platform(connection: Connection, data: Mapping[str, Any], now: datetime, author: Author) -> Platform:
    """Create a platform; only `short_name` has to be given.

    Raises:
        Refusal: it has no short name, or one that is taken.
    """
    _check_name(connection, data.get("short_name"))
    row = connection.execute(insert(_TABLE).values(data).returning(_TABLE)).one()
    journal = Journal(connection, now, author)
    journal.created(PLATFORM, row.id, row.short_name)
    journal.flush()
    return _entity(row)


def change_platform(
    connection: Connection, id_: int, data: Mapping[str, Any], now: datetime, author: Author
) -> Platform:
    """Give fields other values. Groups that hand the platform on follow when it gets another short name.

    Raises:
        Refusal: there is no such platform, or the short name is taken.
    """
    before = _known(connection, id_)
    if data.get("short_name", before.short_name) != before.short_name:
        _check_name(connection, data["short_name"])
    if data:
        connection.execute(update(_TABLE).where(_TABLE.c.id == id_).values(data))
    after = _known(connection, id_)
    journal = Journal(connection, now, author)
    journal.changed(PLATFORM, id_, after.short_name, dict(before._mapping), dict(after._mapping))
    _rename_in_groups(connection, journal, before.short_name, after.short_name)
    journal.flush()
    return _entity(after)


def delete_platform(connection: Connection, id_: int, now: datetime, author: Author) -> None:
    """Delete a platform that no device and no group has.

    Raises:
        Refusal: there is no such platform, or something has it.
    """
    before = _known(connection, id_)
    devices, groups = tables.devices, tables.groups
    device = connection.scalar(select(devices.c.hostname).where(devices.c.platform_id == id_).limit(1))
    group = connection.scalar(select(groups.c.name).where(groups.c.platform == before.short_name).limit(1))
    if device is not None or group is not None:
        user = f"group {group}" if device is None else f"device {device}"
        raise Refusal(f"{user} has the platform {before.short_name}", conflict=True)
    connection.execute(delete(_TABLE).where(_TABLE.c.id == id_))
    journal = Journal(connection, now, author)
    journal.deleted(PLATFORM, id_, before.short_name, dict(before._mapping))
    journal.flush()


def platform_ids(connection: Connection, journal: Journal, names: Iterable[str | None]) -> dict[str, int]:
    """Ids of platforms by short name; unknown ones are created."""
    wanted = {name for name in names if name}
    known = ids_by(connection, _TABLE.c.short_name, wanted)
    if missing := sorted(wanted - known.keys()):
        connection.execute(insert(_TABLE), [{"short_name": name, "name": name} for name in missing])
        created = ids_by(connection, _TABLE.c.short_name, missing)
        for name in missing:
            journal.created(PLATFORM, created[name], name)
        known |= created
    return known


def _rename_in_groups(connection: Connection, journal: Journal, before: str, after: str) -> None:
    groups = tables.groups
    if before == after:
        return
    renamed = update(groups).where(groups.c.platform == before).values(platform=after, updated_at=journal.now)
    for row in connection.execute(renamed.returning(groups.c.id, groups.c.name)):
        journal.changed("group", row.id, row.name, {"platform": before}, {"platform": after})


def _known(connection: Connection, id_: int) -> Row[Any]:
    row = connection.execute(select(_TABLE).where(_TABLE.c.id == id_)).one_or_none()
    if row is None:
        raise Refusal(f"there is no platform {id_}", missing=True)
    return row


def _check_name(connection: Connection, name: str | None) -> None:
    if not name:
        raise Refusal("shortName: a platform needs one")
    if ids_by(connection, _TABLE.c.short_name, [name]):
        raise Refusal(f"there is a platform {name!r} already", conflict=True)


def _entity(row: Row[Any]) -> Platform:
    return Platform(**row._mapping)
