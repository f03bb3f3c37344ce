"""The CMS's memory: who changed what, when, in which run, and what it was before.

What a device inherits is recorded where it was changed, at the group. Secrets and configurations are recorded as
changed, without values: versions of configurations are kept apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import JsonValue
from sqlalchemy import ColumnElement, Connection, Row, func, insert, select

from neops.cms import tables
from neops.cms.rows import LARGE

SECRETS = ("password", "connection_options")
_LEFT_OUT = ("id", "created_at", "updated_at", "inherited", "platform_alias")


class Operation(StrEnum):
    """What happened to an entity."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who changes the CMS: a name for people (`api`, `import nornir:config.yaml`), and the run's id where it is one."""

    name: str
    run: str | None = None


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """One field, or one fact (`facts.site`), before and after; of a secret only that it changed."""

    path: str
    before: JsonValue = None
    after: JsonValue = None
    hidden: bool = False


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One change of one entity. What a deleted entity was is in the `before` of its changes."""

    id: int
    at: datetime
    author: str
    run: str | None
    entity: str
    entity_id: int
    name: str | None
    operation: Operation
    changes: tuple[FieldChange, ...]


class Journal:
    """Collects the changes of one transaction. `flush` writes them down."""

    def __init__(self, connection: Connection, now: datetime, author: Author) -> None:
        self.now, self.author = now, author
        self._connection = connection
        self._rows: list[dict[str, Any]] = []

    def created(self, entity: str, id_: int, name: str | None) -> None:
        """An entity is new; what it holds can be read from itself and its later changes."""
        self._add(entity, id_, name, Operation.CREATED, {})

    def changed(
        self, entity: str, id_: int, name: str | None, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        """Fields got other values; those that are equal are passed over."""
        if changes := dict(field_changes(before, after)):
            self._add(entity, id_, name, Operation.CHANGED, changes)

    def deleted(self, entity: str, id_: int, name: str | None, before: Mapping[str, Any]) -> None:
        """An entity is gone."""
        self._add(entity, id_, name, Operation.DELETED, dict(field_changes(before, {})))

    def flush(self) -> None:
        """Write down what was collected."""
        if self._rows:
            self._name_platforms()
            self._connection.execute(insert(tables.history), self._rows)
            self._rows = []

    def _name_platforms(self) -> None:
        moved = [row["changes"] for row in self._rows if "platform_id" in row["changes"]]
        if moved:
            names = {row.id: row.short_name for row in self._connection.execute(select(tables.platforms))}
            for changes in moved:
                change = changes.pop("platform_id")
                changes["platform"] = {key: names.get(id_) for key, id_ in change.items()}

    def _add(
        self, entity: str, id_: int, name: str | None, operation: Operation, changes: dict[str, dict[str, Any]]
    ) -> None:
        self._rows.append(
            {
                "at": self.now,
                "author": self.author.name,
                "run_id": self.author.run,
                "entity": entity,
                "entity_id": id_,
                "name": name,
                "operation": operation.value,
                "changes": changes,
            }
        )


def field_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path → what to remember about it, for every field that differs; a missing one counts as None."""
    for name in dict.fromkeys([*before, *after]):
        was, now = before.get(name), after.get(name)
        if was == now or name in _LEFT_OUT:
            continue
        if name == "facts":
            yield from field_changes(
                {f"facts.{key}": value for key, value in (was or {}).items()},
                {f"facts.{key}": value for key, value in (now or {}).items()},
            )
        elif name in SECRETS or name in LARGE:
            yield name, {"hidden": True}
        else:
            yield name, {"before": was, "after": now}


def history_of(
    connection: Connection, entity: str, *, id_: int | None = None, name: str | None = None, limit: int = 100
) -> list[HistoryEntry]:
    """An entity's changes, newest first; by name those of its namesakes before it too."""
    table = tables.history
    who = table.c.entity_id == id_ if id_ is not None else table.c.name == name
    return _entries(connection, (table.c.entity == entity) & who, limit)


def history_of_run(
    connection: Connection, run: str, *, limit: int | None = None, before: int | None = None
) -> list[HistoryEntry]:
    """Everything that a run changed, newest first; `before`: what is older than the change of that number."""
    condition = tables.history.c.run_id == run
    if before is not None:
        condition &= tables.history.c.id < before
    return _entries(connection, condition, limit)


def history_since(connection: Connection, change: int) -> list[HistoryEntry]:
    """Everything that changed after the change of that number (0: from the first), oldest first."""
    wanted = select(tables.history).where(tables.history.c.id > change).order_by(tables.history.c.id)
    return [_entry(row) for row in connection.execute(wanted)]


def last_change(connection: Connection) -> int:
    """Number of the newest change."""
    return connection.scalar(select(func.max(tables.history.c.id))) or 0


def _entries(connection: Connection, condition: ColumnElement[bool], limit: int | None) -> list[HistoryEntry]:
    wanted = select(tables.history).where(condition).order_by(tables.history.c.id.desc()).limit(limit)
    return [_entry(row) for row in connection.execute(wanted)]


def _entry(row: Row[Any]) -> HistoryEntry:
    return HistoryEntry(
        id=row.id,
        at=row.at,
        author=row.author,
        run=row.run_id,
        entity=row.entity,
        entity_id=row.entity_id,
        name=row.name,
        operation=Operation(row.operation),
        changes=tuple(FieldChange(path=path, **change) for path, change in row.changes.items()),
    )
