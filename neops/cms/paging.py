"""Lists in pages: keyset cursors, so that a page costs the same wherever it is and nothing is shown twice."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, and_, func, or_, select

from neops.cms.fields import NAMES, tables_of
from neops.cms.query import compile_query
from neops.entities import ENTITY_ID_MAX, EntityType
from neops.errors import UsageError

_MORE_SORTS: Mapping[EntityType, tuple[str, ...]] = {
    EntityType.DEVICE: ("ip", "vendor", "model", "serial", "software_release", "created_at", "updated_at"),
    EntityType.GROUP: ("created_at", "updated_at"),
    EntityType.INTERFACE: ("created_at", "updated_at"),
}


@dataclass(frozen=True, kw_only=True)
class Page:
    """Ids in the order asked for; `cursor` asks for the next page, None: this was the last."""

    ids: list[int]
    cursor: str | None


def sorts(entity: EntityType) -> tuple[str, ...]:
    """Fields that a list can be sorted by, each also followed by `:desc`."""
    return ("id", NAMES[entity], *_MORE_SORTS[entity])


def page(
    connection: Connection,
    entity: EntityType,
    *,
    query: str = "",
    name: str | None = None,
    sort: str = "id",
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """One page of the entities that match, `name` exactly.

    Raises:
        QueryInvalid: the query has a mistake.
        UsageError: there is no such order, or the cursor is not one of this order.
    """
    table, (column, descending) = tables_of(entity), _order(entity, sort)
    key = func.coalesce(column, "") if column.nullable else column
    condition = _matching(connection, entity, query, name)
    if cursor is not None:
        condition = and_(condition, _after(key, table.c.id, descending, *_decode(cursor, column)))
    order = [key.desc(), table.c.id.desc()] if descending else [key, table.c.id]
    rows = connection.execute(
        select(table.c.id, column.label("key")).where(condition).order_by(*order).limit(limit + 1)
    )
    found = rows.all()
    more = len(found) > limit
    shown = found[:limit]
    return Page(ids=[row.id for row in shown], cursor=_encode(shown[-1].key, shown[-1].id) if more else None)


def count(connection: Connection, entity: EntityType, query: str = "", *, name: str | None = None) -> int:
    """How many entities match.

    Raises:
        QueryInvalid: the query has a mistake.
    """
    matching = _matching(connection, entity, query, name)
    return int(connection.scalar(select(func.count()).select_from(tables_of(entity)).where(matching)) or 0)


def _matching(connection: Connection, entity: EntityType, query: str, name: str | None) -> ColumnElement[bool]:
    condition = compile_query(entity, query, connection)
    return condition if name is None else and_(tables_of(entity).c[NAMES[entity]] == name, condition)


def _order(entity: EntityType, sort: str) -> tuple[Column[Any], bool]:
    name, _, direction = sort.partition(":")
    if name not in sorts(entity) or direction not in ("", "asc", "desc"):
        raise UsageError(f"sort {sort!r}: write one of {', '.join(sorts(entity))}, with :desc for the other way round")
    return tables_of(entity).c[name], direction == "desc"


def _after(
    key: ColumnElement[Any], id_: ColumnElement[int], descending: bool, value: Any, last: int
) -> ColumnElement[bool]:
    if descending:
        return or_(key < value, and_(key == value, id_ < last))
    return or_(key > value, and_(key == value, id_ > last))


def _encode(value: Any, id_: int) -> str:
    plain = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([plain, id_]).encode()).decode().rstrip("=")


def _decode(cursor: str, column: Column[Any]) -> tuple[Any, int]:
    try:
        value, id_ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if type(id_) is not int or not 0 < id_ <= ENTITY_ID_MAX:
            raise ValueError
        if column.name == "id" and value == id_:
            return id_, id_
        if not isinstance(value, str | None):
            raise ValueError
        return (datetime.fromisoformat(value or "") if column.name.endswith("_at") else value or ""), id_
    except (ValueError, TypeError, binascii.Error):
        raise UsageError(f"cursor {cursor!r} does not belong to this list: ask for its first page again") from None
