"""Lists in pages: keyset cursors, so that a page costs the same wherever it is and nothing is shown twice."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, literal, select, true, tuple_

from neops.cms.dialect import Instant
from neops.cms.fields import NAMES, tables_of
from neops.cms.planning import Stretch
from neops.cms.query import compile_query
from neops.cms.terms import TERMS
from neops.entities import ENTITY_ID_MAX, EntityType
from neops.errors import UsageError

_NO_NUMBER: Final = -1.7e308
"""Before all numbers (IEEE 754: the least is -1.797e308)."""

STRETCH: Final = 10
"""A page of what is common is looked for among so many times as many entities first: 1 to 3 ms for 100."""

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


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What a list is sorted by, the id last; `kinds` are the types of the keys' values in a cursor."""

    keys: tuple[ColumnElement[Any], ...]
    kinds: tuple[type, ...]
    descending: bool

    def by(self) -> list[ColumnElement[Any]]:
        """For ORDER BY."""
        return [key.desc() for key in self.keys] if self.descending else [*self.keys]

    def by_id(self) -> bool:
        """Whether it is the order in which the database keeps them."""
        return len(self.keys) == 1

    def after(self, values: Sequence[Any]) -> ColumnElement[bool]:
        """What comes after the entity with these values."""
        there = tuple_(*(literal(value, key.type) for key, value in zip(self.keys, values, strict=True)))
        here = tuple_(*self.keys)
        return here < there if self.descending else here > there


def sorts(entity: EntityType) -> tuple[str, ...]:
    """Fields that a list can be sorted by, each also followed by `:desc`, beside facts."""
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
    """One page of the entities that match, `name` exactly. What has no value comes first, of facts text before numbers.

    Raises:
        QueryInvalid: the query has a mistake.
        UsageError: there is no such order, or the cursor is not one of this order.
    """
    order = _order(entity, sort)
    beyond = true() if cursor is None else order.after(_decode(cursor, order))
    enough = limit + 1
    ahead = select(*order.keys).where(beyond).order_by(*order.by())
    stretch = Stretch(ids=ahead.limit(STRETCH * enough), enough=enough) if order.by_id() else None
    found = connection.execute(ahead.where(_matching(connection, entity, query, name, stretch)).limit(enough)).all()
    shown = found[:limit]
    return Page(ids=[row[-1] for row in shown], cursor=_encode(shown[-1]) if len(found) > limit else None)


def count(connection: Connection, entity: EntityType, query: str = "", *, name: str | None = None) -> int:
    """How many entities match.

    Raises:
        QueryInvalid: the query has a mistake.
    """
    matching = _matching(connection, entity, query, name)
    return int(connection.scalar(select(func.count()).select_from(tables_of(entity)).where(matching)) or 0)


def _matching(
    connection: Connection, entity: EntityType, query: str, name: str | None, stretch: Stretch | None = None
) -> ColumnElement[bool]:
    condition = compile_query(entity, query, connection, stretch)
    return condition if name is None else and_(tables_of(entity).c[NAMES[entity]] == name, condition)


def _order(entity: EntityType, sort: str) -> _Order:
    name, colon, direction = sort.rpartition(":")
    if not colon or direction not in ("asc", "desc"):
        name, direction = sort, "asc"
    descending, id_ = direction == "desc", tables_of(entity).c.id
    keys: tuple[ColumnElement[Any], ...]
    kinds: tuple[type, ...]
    if name.startswith("facts."):
        keys, kinds = _fact_keys(entity, name), (float, str)
    elif name == "id":
        keys, kinds = (), ()
    elif name in sorts(entity):
        column = tables_of(entity).c[name]
        keys = (func.coalesce(column, "") if column.nullable else column,)
        kinds = (datetime if isinstance(column.type, Instant) else str,)
    else:
        known = ", ".join(sorts(entity))
        raise UsageError(f"sort {sort!r}: write one of {known}, facts.…, with :desc for the other way round")
    return _Order(keys=(*keys, id_), kinds=(*kinds, int), descending=descending)


def _fact_keys(entity: EntityType, name: str) -> tuple[ColumnElement[Any], ...]:
    """The least number and the least text that the fact has: it may be a list."""
    table, owner = TERMS[entity]
    of_it = (owner == tables_of(entity).c.id, table.c.field == name)
    number, text = (
        select(func.min(column)).where(*of_it).scalar_subquery() for column in (table.c.number, table.c.text)
    )
    return func.coalesce(number, _NO_NUMBER), func.coalesce(text, "")


def _encode(values: Sequence[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _decode(cursor: str, order: _Order) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        found = [_value(value, kind) for value, kind in zip(values, order.kinds, strict=True)]
        if max(value for value in found if isinstance(value, int)) > ENTITY_ID_MAX:
            raise ValueError
    except (ValueError, TypeError, binascii.Error):
        raise UsageError(f"cursor {cursor!r} does not belong to this list: ask for its first page again") from None
    return found


def _value(value: Any, kind: type) -> Any:
    if kind is datetime:
        return datetime.fromisoformat(value)
    if type(value) is not kind:
        raise ValueError
    return value
