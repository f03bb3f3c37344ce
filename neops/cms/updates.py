"""Applying what jobs want changed: creates, patches and deletes of one run, in order, in one transaction.

An update that cannot be applied does not take the others with it: it is refused with a reason, for the run's events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select

from neops.cms.fields import GROUP_LEVEL, NAMES, Refusal, checked, tables_of
from neops.cms.history import Author, Journal
from neops.cms.writing import Writer
from neops.entities import EntityCreate, EntityDelete, EntityPatch, EntityType, EntityUpdate

RUN = Author(name="run")

_HIDDEN_OF_GROUPS = (*GROUP_LEVEL, "parents")


@dataclass(frozen=True, kw_only=True)
class Refused:
    """An update that was not applied, and why."""

    update: EntityUpdate
    reason: str

    def __str__(self) -> str:
        return f"{self.update.operation} of {self.update.entity} {self.update.id}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What became of a batch: temporary id → id of each created entity, how many were applied, which were refused."""

    ids: Mapping[tuple[EntityType, int], int] = field(default_factory=dict)
    applied: int = 0
    refused: tuple[Refused, ...] = ()


def apply_updates(
    connection: Connection, updates: Iterable[EntityUpdate], now: datetime, author: Author = RUN
) -> Applied:
    """Apply the updates in order; later ones may point at entities that earlier ones created."""
    writer = Writer(connection, Journal(connection, now, author))
    applied, refused = 0, []
    for one in _read_ahead(writer, updates):
        try:
            _apply(connection, writer, one)
            applied += 1
        except (Refusal, LookupError) as reason:
            refused.append(Refused(update=one, reason=str(reason)))
    writer.flush()
    return Applied(ids=writer.references.created, applied=applied, refused=tuple(refused))


def _read_ahead(writer: Writer, updates: Iterable[EntityUpdate]) -> Iterator[EntityUpdate]:
    """The updates; what patches in a row are about is read at once, when the first of them is due."""
    for (kind, entity), alike in groupby(updates, lambda one: (type(one), one.entity)):
        in_a_row = list(alike)
        if kind is EntityPatch and entity in NAMES:
            writer.read_ahead(entity, {writer.references.real(entity, one.id) for one in in_a_row})
        yield from in_a_row


def _apply(connection: Connection, writer: Writer, one: EntityUpdate) -> None:
    id_ = writer.references.real(one.entity, one.id)
    match one:
        case EntityCreate():
            _create(connection, writer, one)
        case EntityPatch():
            _patch(writer, one, id_)
        case EntityDelete():
            writer.delete(one.entity, [id_])


def _create(connection: Connection, writer: Writer, one: EntityCreate) -> None:
    writer.flush()
    existing = _existing(connection, writer, one)
    if existing is not None and not one.skip_if_identifier_exists:
        raise Refusal(f"another {one.entity} with the same {', '.join(one.identifier_fields)} exists already")
    writer.references.created[one.entity, one.id] = (
        writer.create(one.entity, _allowed(one.entity, one.data)) if existing is None else existing
    )


def _existing(connection: Connection, writer: Writer, one: EntityCreate) -> int | None:
    table = tables_of(one.entity)
    values = checked(one.entity, {name: one.data.get(name) for name in one.identifier_fields})
    identifiers = {name: value for name, value in values.items() if value is not None}
    if not identifiers:
        return None
    if one.entity is EntityType.INTERFACE:
        identifiers["device_id"] = writer.references.find(EntityType.DEVICE, one.data.get("device") or {})
    wanted = select(table.c.id).where(*(table.c[name] == value for name, value in identifiers.items()))
    found: int | None = connection.scalar(wanted)
    return found


def _patch(writer: Writer, one: EntityPatch, id_: int) -> None:
    head, *path = one.path.split(".")
    if not path:
        if one.entity is EntityType.GROUP and head in _HIDDEN_OF_GROUPS:
            raise Refusal(f"{one.entity} has no field {head!r} that a job may change")
        if one.keys and head == "facts":
            _patch_facts(writer, one, id_)
        else:
            writer.change(one.entity, id_, {head: one.value})
    elif head == "facts" and all(path):
        writer.set_fact(one.entity, id_, path, one.value)
    else:
        raise Refusal(f"{one.path!r} names no field: a dotted path is facts.name or facts.name.name")


def _patch_facts(writer: Writer, one: EntityPatch, id_: int) -> None:
    wanted = one.facts({})
    for key in one.keys:
        if key in wanted:
            writer.set_fact(one.entity, id_, [key], wanted[key])
        else:
            writer.drop_fact(one.entity, id_, key)


def _allowed(entity: EntityType, data: Mapping[str, Any]) -> dict[str, Any]:
    """Jobs see no credentials of groups: they do not write them either."""
    hidden = _HIDDEN_OF_GROUPS if entity is EntityType.GROUP else ()
    return {name: value for name, value in data.items() if name not in hidden}
