"""How the conditions of an AND are put to the database: the rarest is listed, the others are asked of what it lists.

A database keeps no count of how often a value occurs (SQLite's ANALYZE knows an average for each index), and would
list every `facts.status:active` to combine it with a handful of devices. Counting stops early, so it costs little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, func, not_, select, true

Condition = ColumnElement[bool]

COUNTS: Final = (1_000, 20_000)
"""Where counting stops, and where it does if nothing rare was found until then: it takes 0.1 µs a row (SQLite 3.40).
Of what is found more often than that, a page is soon full."""

ASK_FACTOR: Final = 3
"""Asking about one entity costs about three times what listing one does (0.7 and 0.25 µs, SQLite 3.40)."""


@dataclass(frozen=True, kw_only=True)
class Members:
    """Entities whose `key` a SELECT of one column lists; not `included`: all others."""

    key: Column[Any]
    listing: Select[Any]
    included: bool = True

    def __invert__(self) -> Members:
        return replace(self, included=not self.included)

    def listed(self) -> Condition:
        """The condition for a database that makes the list first."""
        return self._or_others(self.key.in_(self.listing))

    def asked(self) -> Condition:
        """The condition for one that looks each entity up."""
        (column,) = self.listing.selected_columns
        return self._or_others(self.listing.where(column == self.key).correlate(self.key.table).exists())

    def size(self, connection: Connection, limit: int) -> int:
        """Length of the list, at most `limit`."""
        few = self.listing.limit(limit).subquery()
        return int(connection.scalar(select(func.count()).select_from(few)) or 0)

    def _or_others(self, condition: Condition) -> Condition:
        return condition if self.included else not_(condition)


Part = Members | Condition


def whole(part: Part) -> Condition:
    """A condition that stands alone."""
    return part.listed() if isinstance(part, Members) else part


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """The entities that a page is taken from first, in the page's order, and how many of them fill it."""

    ids: Select[Any]
    enough: int

    def fills_a_page(self, connection: Connection, key: Column[Any], condition: Condition) -> bool:
        """Whether enough of them match."""
        found = select(key).where(key.in_(self.ids), condition).limit(self.enough).subquery()
        return connection.scalar(select(func.count()).select_from(found)) == self.enough


def all_of(parts: Sequence[Part], connection: Connection | None, stretch: Stretch | None = None) -> Condition:
    """The AND of conditions; without a connection, in the order given.

    Where all are common, the `stretch` may have enough for a page: nothing is listed then, nor counted further.
    """
    members = [part for part in parts if isinstance(part, Members)]
    if connection is None or len(members) == 1 or not any(one.included for one in members):
        return and_(true(), *map(whole, parts))
    for limit in COUNTS:
        counted = [(one.size(connection, limit), one) for one in members]
        rarest = min(size for size, one in counted if one.included)
        if rarest < limit:
            break
        if stretch is not None:
            asked = and_(*(part.asked() if isinstance(part, Members) else part for part in parts))
            if stretch.fills_a_page(connection, members[0].key, asked):
                return asked
            stretch = None
    counted.sort(key=lambda pair: (not pair[1].included, pair[0]))
    listable = min(ASK_FACTOR * rarest, limit - 1) if rarest < limit else 0
    conditions = [one.listed() if size <= listable else one.asked() for size, one in counted]
    return and_(*conditions, *(part for part in parts if not isinstance(part, Members)))
