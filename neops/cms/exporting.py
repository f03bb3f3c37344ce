"""The CMS as an inventory again: every entity with its own values, as an adapter hands them over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from neops.cms import tables
from neops.cms.inheritance import Groups, own_columns, parents_of_groups
from neops.cms.memberships import groups_of
from neops.cms.paging import page
from neops.cms.rows import batches, rows_by
from neops.cms.store import EntityStore
from neops.entities import EntityBatch, EntityType, LoadProgress, NewDevice, NewGroup, NewInterface

_SHARED = ("ip", "port", "username", "password", "platform_alias", "connection_options", "facts")
_DEVICE = ("hostname", *_SHARED, "vendor", "model", "serial", "software_release", "external_reference")
_GROUP = ("name", *_SHARED, "title", "description", "platform")
_INTERFACE = ("name", "description", "state", "ifindex", "facts")


def export_batch(connection: Connection, query: str = "", progress: LoadProgress | None = None) -> EntityBatch:
    """Devices that the query finds, with the groups that they are in or inherit from. It holds credentials.

    Raises:
        QueryInvalid: the query has a mistake.
    """
    ids = EntityStore().ids(connection, EntityType.DEVICE, query=query)
    return _batch(connection, ids, all_groups=not query, progress=progress)


def export_page(connection: Connection, query: str, limit: int, cursor: str | None) -> tuple[EntityBatch, str | None]:
    """The same in parts: devices with the groups they need, the first part of everything with all groups.

    Answers the cursor of the next part too, None: this was the last.

    Raises:
        QueryInvalid: the query has a mistake.
        UsageError: the cursor is not one of this list.
    """
    found = page(connection, EntityType.DEVICE, query=query, limit=limit, cursor=cursor)
    return _batch(connection, found.ids, all_groups=not query and cursor is None), found.cursor


def _batch(
    connection: Connection, ids: list[int], *, all_groups: bool, progress: LoadProgress | None = None
) -> EntityBatch:
    known, memberships = Groups.read(connection), groups_of(connection, ids)
    devices: list[NewDevice] = []
    for some in batches(ids):
        devices += _devices(connection, some, known, memberships)
        if progress is not None:
            progress("devices", len(devices), len(ids))
    wanted = None if all_groups else {one for groups in memberships.values() for one in known.ancestors(groups)}
    return EntityBatch(devices=tuple(devices), groups=_groups(connection, known, wanted))


def _devices(
    connection: Connection, ids: Sequence[int], known: Groups, memberships: Mapping[int, Sequence[int]]
) -> Iterator[NewDevice]:
    platforms = {row.id: row.short_name for row in connection.execute(select(tables.platforms))}
    ports = _interfaces(connection, ids)
    for id_, row in rows_by(connection, tables.devices.c.id, ids).items():
        own = own_columns(row)
        if row["hostname"] is not None:
            yield NewDevice(
                **_given({**row, **own}, _DEVICE),
                platform=platforms.get(own["platform_id"] or 0),
                groups=[known.names[group] for group in memberships.get(id_, ())],
                interfaces=ports.get(id_, []),
            )


def _groups(connection: Connection, known: Groups, wanted: set[int] | None) -> tuple[NewGroup, ...]:
    parents = parents_of_groups(connection)
    rows = rows_by(connection, tables.groups.c.id, known.names)
    return tuple(
        NewGroup(**_given(row, _GROUP), parents=[known.names[parent] for parent in parents.get(id_, [])])
        for id_, row in rows.items()
        if wanted is None or id_ in wanted or known.is_defaults(id_)
    )


def _interfaces(connection: Connection, devices: Sequence[int]) -> dict[int, list[NewInterface]]:
    table = tables.interfaces
    found: dict[int, list[NewInterface]] = {}
    columns = [table.c[name] for name in ("device_id", *_INTERFACE)]
    for batch in batches(devices):
        wanted = select(*columns).where(table.c.device_id.in_(batch)).order_by(table.c.device_id, table.c.id)
        for row in connection.execute(wanted):
            found.setdefault(row.device_id, []).append(NewInterface(**_given(dict(row._mapping), _INTERFACE)))
    return found


def _given(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names if row.get(name) is not None}
