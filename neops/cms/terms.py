"""The terms of entities: what a query looks at, one row for each searchable value.

A fact has its dotted path as field (`facts.site.name`); the values of a list are terms of the list's own path, also
where they are objects (`facts.neighbors.name`). Text is kept in lower case, so that matching ignores case in every
language and on every database, and an index serves it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Connection, Table, delete

from neops.cms import tables
from neops.cms.dialect import insert_plain
from neops.cms.rows import Change, batches
from neops.entities import EntityType

TEXT_MAX = 1000
"""Characters of a value that queries look at."""

Term = tuple[str, str, float | None]

SEARCHABLE: Mapping[EntityType, tuple[str, ...]] = {
    EntityType.DEVICE: (
        "hostname",
        "ip",
        "port",
        "username",
        "vendor",
        "model",
        "serial",
        "software_release",
        "connection_state",
        "external_reference",
    ),
    EntityType.GROUP: ("name", "title", "description"),
    EntityType.INTERFACE: ("name", "description", "state", "ifindex"),
}
"""Columns that have terms, beside `facts`."""

TERMS: Mapping[EntityType, tuple[Table, Column[Any]]] = {
    EntityType.DEVICE: (tables.device_terms, tables.device_terms.c.device_id),
    EntityType.GROUP: (tables.group_terms, tables.group_terms.c.group_id),
    EntityType.INTERFACE: (tables.interface_terms, tables.interface_terms.c.interface_id),
}


def index(connection: Connection, entity: EntityType, rows: Mapping[int, Mapping[str, Any]], *, new: bool) -> None:
    """Write the terms of entities, by id; those that are not `new` have older terms, which go."""
    table, owner = TERMS[entity]
    if not new:
        for batch in batches(sorted(rows)):
            connection.execute(delete(table).where(owner.in_(batch)))
    written = [
        (id_, field, text, number)
        for id_, row in rows.items()
        for (field, text), number in {(field, text): number for field, text, number in terms_of(entity, row)}.items()
    ]
    insert_plain(connection, table, (owner.name, "field", "text", "number"), written)


def index_changes(connection: Connection, entity: EntityType, changes: Iterable[Change]) -> None:
    """Write the terms of what has changed."""
    searched = {"facts", *SEARCHABLE[entity]}
    touched = [one for one in changes if not searched.isdisjoint(one.after)]
    index(connection, entity, {one.id: {**one.row, **one.after} for one in touched}, new=False)


def terms_of(entity: EntityType, row: Mapping[str, Any]) -> Iterator[Term]:
    """The terms of one entity."""
    for name in SEARCHABLE[entity]:
        yield from _terms(name, row.get(name))
    yield from _terms("facts", row.get("facts") or {})


def _terms(field: str, value: Any) -> Iterator[Term]:
    match value:
        case None:
            return
        case dict():
            for key, inner in value.items():
                yield from _terms(f"{field}.{key}", inner)
        case list():
            for inner in value:
                yield from _terms(field, inner)
        case bool():
            yield field, str(value).lower(), None
        case int() | float():
            yield field, str(value), _number(value)
        case _:
            text = str(value)[:TEXT_MAX]
            yield field, text.lower(), None


def _number(value: float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
