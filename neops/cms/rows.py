"""Reading and writing many rows of one kind: only what differs is written, each kind of statement once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Table, bindparam, insert, select, update

T = TypeVar("T")

BATCH = 500
"""Values in one IN list; SQLite's default limit is 32,766 variables, the planner is happier with less."""

Columns = Mapping[str, Any]

LARGE = ("current_configuration", "last_configuration")
"""Columns that are read only where they are needed."""

_STAMPS = ("created_at", "updated_at")
"""Columns that writing sets, and nobody compares."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A row that exists already: the columns that shall change, before and after."""

    row: Columns
    before: Columns
    after: Columns

    @property
    def id(self) -> int:
        """Of the entity."""
        return int(self.row["id"])


def batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values, BATCH at a time."""
    return (values[start : start + BATCH] for start in range(0, len(values), BATCH))


def rows_by(connection: Connection, column: Column[Any], values: Iterable[Any]) -> dict[Any, dict[str, Any]]:
    """Rows by the value of a unique column, without the configurations and the times of writing."""
    columns = [one for one in column.table.c if one.name not in (*LARGE, *_STAMPS)]
    found: dict[Any, dict[str, Any]] = {}
    for batch in batches(sorted(set(values))):
        for row in connection.execute(select(*columns).where(column.in_(batch))):
            found[row._mapping[column.name]] = dict(row._mapping)
    return found


def ids_by(connection: Connection, column: Column[Any], values: Iterable[Any]) -> dict[Any, int]:
    """Ids by the value of a unique column."""
    found: dict[Any, int] = {}
    for batch in batches(sorted(set(values))):
        wanted = select(column, column.table.c.id).where(column.in_(batch))
        found |= {value: id_ for value, id_ in connection.execute(wanted)}  # noqa: C416 - rows are no pairs to mypy
    return found


def change_of(row: Mapping[str, Any], wanted: Columns) -> Change | None:
    """What has to be written to make the row what is wanted; None: it is."""
    after = {name: value for name, value in wanted.items() if row.get(name) != value}
    return Change(row=row, before={name: row.get(name) for name in after}, after=after) if after else None


def write_changes(connection: Connection, table: Table, changes: Iterable[Change], now: datetime) -> None:
    """Update rows, those with the same columns by one statement."""
    for names, rows in _alike({"row_id": one.id, **one.after} for one in changes):
        values: dict[str, Any] = {name: bindparam(name) for name in names if name != "row_id"}
        statement = update(table).where(table.c.id == bindparam("row_id")).values(**values, updated_at=now)
        connection.execute(statement, rows)


def insert_rows(connection: Connection, table: Table, wanted: Iterable[Columns], now: datetime) -> None:
    """Insert rows, those with the same columns by one statement."""
    for _, rows in _alike({"created_at": now, "updated_at": now, **one} for one in wanted):
        connection.execute(insert(table), rows)


def _alike(rows: Iterable[dict[str, Any]]) -> Iterator[tuple[tuple[str, ...], list[dict[str, Any]]]]:
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        alike.setdefault(tuple(row), []).append(row)
    yield from alike.items()
