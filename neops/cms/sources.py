"""How far inventories were read that can tell what changed since."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from neops.cms import tables


def cursor_of(connection: Connection, source: str) -> str | None:
    """Where the last import from a source ended; None: there was none."""
    cursor: str | None = connection.scalar(select(tables.sources.c.cursor).where(tables.sources.c.name == source))
    return cursor


def keep_cursor(connection: Connection, source: str, cursor: str, now: datetime) -> None:
    """Remember where an import ended."""
    connection.execute(delete(tables.sources).where(tables.sources.c.name == source))
    connection.execute(insert(tables.sources).values(name=source, cursor=cursor, read_at=now))
