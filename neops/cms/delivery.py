"""Taking an inventory in parts: each is one transaction, so that whoever else works on the CMS gets a turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from neops.cms.history import Author, HistoryEntry, history_since, last_change
from neops.cms.importing import ImportSummary, import_batch
from neops.cms.sources import keep_cursor, settle_gone
from neops.entities import EntityBatch


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One part of an inventory; the last one has `batch.cursor` and `gone`.

    `source` is what the inventory was called; None: it is nobody's in particular. `gone` are devices that
    `batch.origin` had and has no more, which `prune` deletes. `changes`: answer each change as well.
    """

    batch: EntityBatch
    source: str | None = None
    gone: Sequence[str] = ()
    prune: bool = False
    changes: bool = False

    def author(self) -> Author:
        """Who it is in the history; what a URL's query chose is left out."""
        return Author(name="api" if self.source is None else f"import {self.source.partition('?')[0]}")


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What became of it. `gone`: those of the devices that are gone that no other inventory has."""

    summary: ImportSummary = field(default_factory=ImportSummary)
    gone: tuple[str, ...] = ()
    changes: tuple[HistoryEntry, ...] = ()

    def __add__(self, other: Delivered) -> Delivered:
        return Delivered(
            summary=self.summary + other.summary,
            gone=(*self.gone, *other.gone),
            changes=(*self.changes, *other.changes),
        )


def take(connection: Connection, delivery: Delivery, now: datetime) -> Delivered:
    """Write a part of an inventory, with where its devices came from and how far it was read."""
    batch, author, before = delivery.batch, delivery.author(), last_change(connection)
    summary = import_batch(connection, batch, now, author)
    gone: list[str] = []
    if batch.origin is not None:
        gone = settle_gone(connection, batch.origin, delivery.gone, now, author, prune=delivery.prune)
    if delivery.source is not None and batch.cursor is not None:
        keep_cursor(connection, delivery.source, batch.cursor, now)
    changes = history_since(connection, before) if delivery.changes else []
    return Delivered(summary=summary, gone=tuple(gone), changes=tuple(changes))
