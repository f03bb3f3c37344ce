"""Elasticsearch query strings over the CMS: `hostname:r1* AND facts.role:core AND NOT platform.short_name:ios`.

The syntax is that of Elasticsearch's query_string query (fields, phrases, `*` and `?`, ranges, `_exists_`, AND, OR,
NOT, `+`, `-`, parentheses; two terms side by side mean OR). Matching ignores case. A term without a field looks at the
host name, address and group names of a device, the name of anything else. All but ids and times is looked up in the
terms of `neops.cms.terms`, by index.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from luqum import tree
from luqum.exceptions import ParseError
from luqum.parser import parser
from sqlalchemy import Column, ColumnElement, Connection, Text, and_, cast, func, or_, select, true

from neops.cms import tables
from neops.cms.dialect import matches
from neops.cms.planning import Condition, Members, Part, all_of, whole
from neops.cms.terms import SEARCHABLE, TERMS
from neops.entities import EntityType
from neops.errors import QueryInvalid


@dataclass(frozen=True, kw_only=True)
class Value:
    """The columns that a comparison looks at: a value's text in lower case, and the number that it is, if any."""

    text: ColumnElement[Any]
    number: ColumnElement[Any]


Test = Callable[[Value], Condition]
"""A comparison waiting for the value it looks at."""

_WILDCARD = re.compile(r"(?<!\\)[*?]")
_ESCAPED = re.compile(r"\\(.)")
_POSITION = re.compile(r"at position (\d+)")


def compile_query(entity: EntityType, query: str, connection: Connection | None = None) -> Condition:
    """The WHERE condition that the query string means for this kind of entity.

    With the connection that it will run on, the rarest condition of each AND is looked at first.

    Raises:
        QueryInvalid: a syntax error or an unknown field, with its position.
    """
    if not query.strip():
        return true()
    try:
        parsed = parser.parse(query)
    except ParseError as problem:
        raise _syntax_error(query, str(problem)) from None
    return whole(_Compiler(entity, query, connection).condition(parsed))


def _syntax_error(query: str, problem: str) -> QueryInvalid:
    found = _POSITION.search(problem)
    text = problem.removeprefix("Syntax error in input : ").rstrip("!")
    return QueryInvalid(query, text, int(found.group(1)) if found else None)


class _Compiler:
    def __init__(self, entity: EntityType, query: str, connection: Connection | None) -> None:
        self._entity, self._query, self._connection = entity, query, connection
        self._fields = FIELDS[entity]

    def condition(self, node: tree.Item, field: str | None = None) -> Part:
        match node:
            case tree.SearchField():
                return self._search_field(node)
            case tree.AndOperation():
                return self._all_of(node.children, field)
            case tree.OrOperation():
                return self._any_of(node.children, field)
            case tree.UnknownOperation():
                return self._side_by_side(node, field)
            case tree.Not() | tree.Prohibit():
                return ~self.condition(node.children[0], field)
            case tree.Group() | tree.FieldGroup() | tree.Plus() | tree.Boost():
                return self.condition(node.children[0], field)
            case _:
                return self._apply(field, self._test(node))

    def _all_of(self, nodes: Iterable[tree.Item], field: str | None) -> Condition:
        return all_of([self.condition(node, field) for node in nodes], self._connection)

    def _any_of(self, nodes: Iterable[tree.Item], field: str | None) -> Condition:
        return or_(*(whole(self.condition(node, field)) for node in nodes))

    def _search_field(self, node: tree.SearchField) -> Part:
        name = str(node.expr) if node.name == "_exists_" else node.name
        if name not in self._fields and name not in _MOMENTS and not name.startswith("facts."):
            raise QueryInvalid(self._query, self._unknown(name), node.pos)
        if node.name == "_exists_":
            return self._exists(name)
        if name in _MOMENTS:
            return self._moment(name, node.expr)
        return self.condition(node.expr, name)

    def _exists(self, name: str) -> Part:
        if name in _MOMENTS:
            return true()
        there = self._apply(name, _anything)
        if name in self._fields:
            return there
        table, owner = TERMS[self._entity]
        inside = select(owner).where(matches(table.c.field, f"{_escaped(name)}.%", f"{name}."))
        return or_(whole(there), _TABLE[self._entity].c.id.in_(inside))

    def _moment(self, name: str, node: tree.Item) -> Condition:
        column = _TABLE[self._entity].c[name]
        match node:
            case tree.Range():
                limits = [(node.low, True, node.include_low), (node.high, False, node.include_high)]
            case tree.From() | tree.To():
                limits = [(node.a, isinstance(node, tree.From), node.include)]
            case _:
                raise QueryInvalid(self._query, f"{name} takes a range, such as {name}:[2026-01-31 TO *]", node.pos)
        return and_(true(), *(self._limit(column, *limit) for limit in limits))

    def _limit(self, column: ColumnElement[Any], limit: tree.Item, above: bool, inclusive: bool) -> Condition:
        text = str(limit).strip().strip('"').replace("\\", "")
        if text == "*":
            return true()
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise QueryInvalid(self._query, f"{text!r} is no time of ISO 8601", limit.pos) from None
        return _beyond(
            column, moment if moment.tzinfo else moment.replace(tzinfo=UTC), above=above, inclusive=inclusive
        )

    def _side_by_side(self, node: tree.UnknownOperation, field: str | None) -> Condition:
        required = [child for child in node.children if isinstance(child, tree.Plus | tree.Prohibit)]
        optional = [child for child in node.children if child not in required]
        wanted = [self.condition(child, field) for child in required]
        if optional and not any(isinstance(child, tree.Plus) for child in required):
            wanted.append(self._any_of(optional, field))
        return all_of(wanted, self._connection)

    def _apply(self, field: str | None, test: Test) -> Part:
        if field is None:
            return or_(*(whole(self._fields[name](test)) for name in DEFAULT_FIELDS[self._entity]))
        if field in self._fields:
            return self._fields[field](test)
        return _term(self._entity, field)(test)

    def _unknown(self, field: str) -> str:
        close = get_close_matches(field, self._fields, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; fields are {', '.join(self._fields)} and facts.…"
        return f"unknown field {field!r}{hint}"

    def _test(self, node: tree.Item) -> Test:
        match node:
            case tree.Phrase():
                return _equals(node.value[1:-1])
            case tree.Word():
                return _word(node.value)
            case tree.Range():
                return _range(node)
            case tree.From() | tree.To():
                return _bound(node.a, above=isinstance(node, tree.From), inclusive=node.include)
            case _:
                raise QueryInvalid(self._query, f"{type(node).__name__.lower()} terms are not supported", node.pos)


def _anything(value: Value) -> Condition:  # noqa: ARG001 - a term that is there has a value
    return true()


def _word(value: str) -> Test:
    if value == "*":
        return _anything
    wildcard = _WILDCARD.search(value)
    if wildcard:
        pattern = "".join(_like_parts(value.lower()))
        prefix = _ESCAPED.sub(r"\1", value[: wildcard.start()]).lower()
        return lambda column: matches(column.text, pattern, prefix)
    return _equals(_ESCAPED.sub(r"\1", value))


def _like_parts(value: str) -> Iterator[str]:
    escaped = False
    for char in value:
        if escaped or char not in "\\*?":
            yield _escaped(char)
            escaped = False
        elif char == "\\":
            escaped = True
        else:
            yield "%" if char == "*" else "_"


def _escaped(text: str) -> str:
    return re.sub(r"([%_\\])", r"\\\1", text)


def _equals(value: str) -> Test:
    number = _number(value)
    if number is None:
        return lambda column: column.text == value.lower()
    return lambda column: or_(column.text == value.lower(), column.number == number)


def _range(node: tree.Range) -> Test:
    low = _bound(node.low, above=True, inclusive=node.include_low)
    high = _bound(node.high, above=False, inclusive=node.include_high)
    return lambda column: and_(low(column), high(column))


def _bound(limit: tree.Item, *, above: bool, inclusive: bool) -> Test:
    text = str(limit).strip().strip('"')
    number = _number(text)
    if text == "*":
        return _anything
    if number is None:
        return lambda column: _beyond(column.text, text.lower(), above=above, inclusive=inclusive)
    return lambda column: _beyond(column.number, number, above=above, inclusive=inclusive)


def _beyond(column: ColumnElement[Any], value: Any, *, above: bool, inclusive: bool) -> Condition:
    if above:
        beyond: Condition = column >= value if inclusive else column > value
        return beyond
    before: Condition = column <= value if inclusive else column < value
    return before


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


_TABLE = {EntityType.DEVICE: tables.devices, EntityType.GROUP: tables.groups, EntityType.INTERFACE: tables.interfaces}
_MOMENTS = ("created_at", "updated_at")

Lookup = Callable[[Test], Part]


def _id(column: ColumnElement[Any]) -> Lookup:
    return lambda test: test(Value(text=cast(column, Text), number=column))


def _term(entity: EntityType, field: str) -> Lookup:
    table, owner = TERMS[entity]
    value, of_field = Value(text=table.c.text, number=table.c.number), select(owner).where(table.c.field == field)
    return lambda test: Members(key=_TABLE[entity].c.id, listing=of_field.where(test(value)))


def _platform(lookup: Lookup) -> Lookup:
    """A device without a platform is one that does not match: in SQL, NULL IN (…) is neither true nor false."""
    known, found = tables.devices.c.platform_id, select(tables.platforms.c.id)
    return lambda test: and_(known.is_not(None), known.in_(found.where(whole(lookup(test)))))


def _text(column: Column[Any]) -> Lookup:
    return lambda test: test(Value(text=func.lower(column), number=column))


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
