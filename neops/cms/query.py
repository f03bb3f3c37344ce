"""Elasticsearch query strings over the CMS: `hostname:r1* AND facts.role:core AND NOT platform.short_name:ios`.

The syntax is that of Elasticsearch's query_string query (fields, phrases, `*` and `?`, ranges, `_exists_`, AND, OR,
NOT, `+`, `-`, parentheses; two terms side by side mean OR). Matching ignores case. A term without a field looks at the
host name, address and group names of a device, the name of anything else. All but ids and times is looked up in the
terms of `neops.cms.terms`, by index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import partial
from typing import Any, Final

from luqum import tree
from sqlalchemy import Column, ColumnElement, Connection, Integer, Text, and_, cast, func, or_, select, true

from neops.cms import tables
from neops.cms.comparisons import (
    Test,
    Value,
    anything,
    between,
    escaped,
    has_wildcard,
    in_network,
    like,
    limit_text,
    limits_of,
    literal,
    one_of,
    unescaped,
)
from neops.cms.dialect import matches
from neops.cms.grammar import parse
from neops.cms.moments import moment_beyond
from neops.cms.planning import Condition, Members, Part, Stretch, all_of, whole
from neops.cms.terms import SEARCHABLE, TERMS
from neops.entities import EntityType
from neops.errors import QueryInvalid

CONDITIONS_MAX: Final = 300
"""SQLite takes expressions up to 1,000 deep, and each condition of an AND or an OR is a step of some."""

_MOMENTS = ("created_at", "updated_at")
_ADDRESSES = ("ip", "device.ip")
_LOWER_CASE = ("and", "or", "not")
_KINDS = {tree.Regex: "regular expressions", tree.Fuzzy: "fuzzy terms", tree.Proximity: "proximity searches"}


def compile_query(
    entity: EntityType,
    query: str,
    connection: Connection | None = None,
    stretch: Stretch | None = None,
    *,
    now: datetime | None = None,
) -> Condition:
    """The WHERE condition that the query string means for this kind of entity.

    `now` is what the word means in it, without one the time of the clock. With the connection that it will run
    on, the rarest condition of each AND is looked at first.

    Raises:
        QueryInvalid: a syntax error or an unknown field, with its position.
    """
    if not query.strip():
        return true()
    plan = partial(all_of, connection=connection, stretch=stretch)
    return whole(_Compiler(entity, query, plan, now or datetime.now(UTC)).condition(parse(query)))


class _Compiler:
    def __init__(
        self, entity: EntityType, query: str, all_of: Callable[[Sequence[Part]], Condition], now: datetime
    ) -> None:
        self._entity, self._query, self._all_of, self._now = entity, query, all_of, now
        self._fields = FIELDS[entity]
        self._conditions = 0

    def condition(self, node: tree.Item, field: str | None = None) -> Part:
        match node:
            case tree.SearchField():
                return self._search_field(node)
            case tree.AndOperation():
                return self._all_of([self.condition(child, field) for child in node.children])
            case tree.OrOperation():
                return self._any_of(node.children, field)
            case tree.UnknownOperation():
                return self._side_by_side(node, field)
            case tree.Not() | tree.Prohibit():
                return ~self.condition(node.children[0], field)
            case tree.Group() | tree.FieldGroup() | tree.Plus() | tree.Boost():
                return self.condition(node.children[0], field)
            case tree.Word(value="*") if field is None:
                return true()
            case _ if field in _MOMENTS:
                return self._moment(field, node)
            case _:
                return self._apply(field, self._test(node, field))

    def _any_of(self, nodes: Iterable[tree.Item], field: str | None) -> Condition:
        """Values of one field are one condition: lists of names are long."""
        values: dict[str | None, list[str]] = defaultdict(list)
        others: list[Part] = []
        for node in nodes:
            if (equality := self._equality(node, field)) is None:
                others.append(self.condition(node, field))
            else:
                values[equality[0]].append(equality[1])
        found = [self._apply(name, one_of(texts)) for name, texts in values.items()]
        return or_(*map(whole, found + others))

    def _equality(self, node: tree.Item, field: str | None) -> tuple[str | None, str] | None:
        """Field and value of a term that asks for one."""
        searched = isinstance(node, tree.SearchField)
        text = literal(node.expr if searched else node)
        if text is None or (searched and node.name == "_exists_"):
            return None
        name = self._known(node.name, node) if searched else field
        return None if name in _MOMENTS or _is_network(name, text) else (name, text)

    def _side_by_side(self, node: tree.UnknownOperation, field: str | None) -> Condition:
        """As Lucene reads `a +b -c NOT d`: what has no sign matters only where nothing has a plus."""
        signed = (tree.Plus, tree.Prohibit, tree.Not)
        required = [child for child in node.children if isinstance(child, signed)]
        optional = [child for child in node.children if not isinstance(child, signed)]
        for child in optional:
            if isinstance(child, tree.Word) and child.value in _LOWER_CASE:
                word = child.value
                raise self._mistake(f'write {word.upper()}, or "{word}" for the word itself', child)
        wanted = [self.condition(child, field) for child in required]
        if optional and not any(isinstance(child, tree.Plus) for child in required):
            wanted.append(self._any_of(optional, field))
        return self._all_of(wanted)

    def _search_field(self, node: tree.SearchField) -> Part:
        if node.name == "_exists_":
            return self._exists(node.expr)
        if node.name == "*" and isinstance(node.expr, tree.Word) and node.expr.value == "*":
            return true()
        if isinstance(node.expr, tree.Plus | tree.Prohibit):
            raise self._mistake("a value that begins with + or - goes in quotes", node.expr)
        return self.condition(node.expr, self._known(node.name, node))

    def _known(self, written: str, node: tree.Item) -> str:
        name = unescaped(written)
        if name in self._fields or name in _MOMENTS:
            return name
        if not name.startswith("facts.") or name == "facts.":
            raise self._mistake(self._unknown(name), node)
        if has_wildcard(written):
            raise self._mistake("a field has one name: wildcards are for values", node)
        return name

    def _exists(self, node: tree.Item) -> Part:
        if not isinstance(node, tree.Word | tree.Phrase):
            raise self._mistake("_exists_ takes the name of one field", node)
        name = self._known(node.value.strip('"'), node)
        if name in _MOMENTS:
            return true()
        there = self._apply(name, anything)
        if name in self._fields:
            return there
        table, owner = TERMS[self._entity]
        inside = select(owner).where(matches(table.c.field, f"{escaped(name)}.%", f"{name}."))
        return or_(whole(there), _TABLE[self._entity].c.id.in_(inside))

    def _moment(self, name: str, node: tree.Item) -> Condition:
        self._count()
        column = _TABLE[self._entity].c[name]
        ranged = isinstance(node, tree.Range | tree.From | tree.To)
        limits = limits_of(node) if ranged else [(node, True, True), (node, False, True)]
        return and_(true(), *(self._limit(column, *limit) for limit in limits))

    def _limit(self, column: ColumnElement[Any], limit: tree.Item, above: bool, inclusive: bool) -> Condition:
        text = limit_text(limit)
        if text is None:
            return true()
        try:
            return moment_beyond(column, text, now=self._now, above=above, inclusive=inclusive)
        except ValueError:
            raise self._mistake(f"{text!r} is no time, such as 2026-01-31 or now-7d", limit) from None

    def _apply(self, field: str | None, test: Test) -> Part:
        self._count()
        if field is None:
            return or_(*(whole(self._fields[name](test)) for name in DEFAULT_FIELDS[self._entity]))
        if field in self._fields:
            return self._fields[field](test)
        return _term(self._entity, field)(test)

    def _count(self) -> None:
        self._conditions += 1
        if self._conditions > CONDITIONS_MAX:
            problem = f"it has more than {CONDITIONS_MAX} conditions, where a list of values is one"
            raise QueryInvalid(self._query, problem)

    def _unknown(self, field: str) -> str:
        known = [*self._fields, *_MOMENTS]
        begun = [name for name in known if name.startswith(field.lower())]
        if close := begun[:1] or get_close_matches(field.lower(), known, n=2):
            return f"unknown field {field!r}; did you mean {' or '.join(map(repr, close))}?"
        fact = field if field.isidentifier() and field != "facts" else "…"
        return f"unknown field {field!r}; a fact is facts.{fact}, fields are {', '.join(known)}"

    def _test(self, node: tree.Item, field: str | None) -> Test:
        match node:
            case tree.Range() | tree.From() | tree.To():
                return between(node)
            case tree.Word(value="*"):
                return anything
            case tree.Word() | tree.Phrase():
                text = literal(node)
                if text is None:
                    return like(node.value)
                return self._network(text, node) if _is_network(field, text) else one_of([text])
            case _:
                kind = _KINDS.get(type(node), type(node).__name__.lower())
                raise self._mistake(f"{kind} are not supported", node)

    def _network(self, text: str, node: tree.Item) -> Test:
        try:
            return in_network(text)
        except ValueError:
            raise self._mistake(f"{text!r} is no IPv4 network, such as 192.0.2.0/24", node) from None

    def _mistake(self, problem: str, node: tree.Item) -> QueryInvalid:
        return QueryInvalid(self._query, problem, node.pos)


def _is_network(field: str | None, text: str) -> bool:
    return field in _ADDRESSES and "/" in text


_TABLE = {EntityType.DEVICE: tables.devices, EntityType.GROUP: tables.groups, EntityType.INTERFACE: tables.interfaces}
Lookup = Callable[[Test], Part]


def _id(column: ColumnElement[Any]) -> Lookup:
    return lambda test: test(Value(text=cast(column, Text), number=column))


def _term(entity: EntityType, field: str) -> Lookup:
    table, owner = TERMS[entity]
    column = _TABLE[entity].c.get(field)
    number = table.c.number if column is None or isinstance(column.type, Integer) else None
    value, of_field = Value(text=table.c.text, number=number), select(owner).where(table.c.field == field)
    return lambda test: Members(key=_TABLE[entity].c.id, listing=of_field.where(test(value)))


def _platform(lookup: Lookup) -> Lookup:
    """A device without a platform is one that does not match: in SQL, NULL IN (…) is neither true nor false."""
    known, found = tables.devices.c.platform_id, select(tables.platforms.c.id)
    return lambda test: and_(known.is_not(None), known.in_(found.where(whole(lookup(test)))))


def _text(column: Column[Any]) -> Lookup:
    return lambda test: test(Value(text=func.lower(column)))


def _member_of(lookup: Lookup) -> Lookup:
    members, groups = tables.group_members, tables.groups
    of_group = select(members.c.device_id).join(groups, members.c.group_id == groups.c.id)
    return lambda test: Members(key=tables.devices.c.id, listing=of_group.where(whole(lookup(test))))


def _of_device(lookup: Lookup) -> Lookup:
    devices = select(tables.devices.c.id)
    return lambda test: tables.interfaces.c.device_id.in_(devices.where(whole(lookup(test))))


def _own(entity: EntityType) -> dict[str, Lookup]:
    return {"id": _id(_TABLE[entity].c.id), **{name: _term(entity, name) for name in SEARCHABLE[entity]}}


_PLATFORM_FIELDS = {
    **{f"platform.{name}": _platform(_text(tables.platforms.c[name])) for name in ("short_name", "name", "vendor")},
    "platform.id": _platform(_id(tables.platforms.c.id)),
}

FIELDS: Mapping[EntityType, Mapping[str, Lookup]] = {
    EntityType.DEVICE: {
        **_own(EntityType.DEVICE),
        **_PLATFORM_FIELDS,
        "groups.name": _member_of(_term(EntityType.GROUP, "name")),
        "groups.id": _member_of(_id(tables.groups.c.id)),
    },
    EntityType.GROUP: _own(EntityType.GROUP),
    EntityType.INTERFACE: {
        **_own(EntityType.INTERFACE),
        "device.id": _id(tables.interfaces.c.device_id),
        **{f"device.{name}": _of_device(_term(EntityType.DEVICE, name)) for name in ("hostname", "ip")},
        **{f"device.{name}": _of_device(lookup) for name, lookup in _PLATFORM_FIELDS.items()},
    },
    EntityType.GLOBAL: {},
    EntityType.CLIENT: {},
}
"""What can be asked about each kind of entity, beside `facts.<path>` and the times of _MOMENTS."""

DEFAULT_FIELDS: Mapping[EntityType, tuple[str, ...]] = {
    EntityType.DEVICE: ("hostname", "ip", "groups.name"),
    EntityType.GROUP: ("name",),
    EntityType.INTERFACE: ("name",),
    EntityType.GLOBAL: (),
    EntityType.CLIENT: (),
}
