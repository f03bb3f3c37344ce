"""What databases do not agree on, in one place. All else in the CMS is SQL that SQLite and PostgreSQL both take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, DateTime, Dialect, Table, TypeDecorator, and_, insert

_LAST = "\U0010ffff"
"""Sorts after every other character."""


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. SQLite forgets the zone: it is put back when a row is read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


def matches(column: ColumnElement[Any], pattern: str, prefix: str) -> ColumnElement[bool]:
    """LIKE that an index serves: `prefix` is the part of the pattern before its first wildcard, both in lower case.

    SQLite's own use of an index for LIKE depends on the column's collation and PostgreSQL's on its operator class.
    """
    like = column.like(pattern, escape="\\")
    return and_(column >= prefix, column <= prefix + _LAST, like) if prefix else like


def insert_plain(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of plain values, in the order of `names`, without converting each: five times as fast for many."""
    if not rows:
        return
    compiled = insert(table).compile(dialect=connection.dialect, column_keys=list(names))
    order = [names.index(name) for name in compiled.positiontup or names]
    if order != list(range(len(names))):
        rows = [tuple(row[at] for at in order) for row in rows]
    connection.exec_driver_sql(str(compiled), list(rows))
