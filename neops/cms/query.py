"""Elasticsearch query strings over the CMS: `hostname:r1* AND facts.role:core AND NOT platform.short_name:ios`.

The syntax is that of Elasticsearch's query_string query (fields, phrases, `*` and `?`, ranges, `_exists_`, AND, OR,
NOT, `+`, `-`, parentheses; two terms side by side mean OR). Matching ignores case. A term without a field looks at the
host name, address and group names of a device, the name of anything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

from luqum import tree
from luqum.exceptions import ParseError
from luqum.parser import parser
from sqlalchemy import ColumnElement, and_, cast, exists, func, not_, or_, select, true
from sqlalchemy.types import Text

from neops.cms import tables
from neops.cms.dialect import json_values
from neops.entities import EntityType
from neops.errors import QueryInvalid

Condition = ColumnElement[bool]
Test = Callable[[ColumnElement[Any]], Condition]
"""A comparison waiting for the column it looks at."""

_WILDCARD = re.compile(r"(?<!\\)[*?]")
_ESCAPED = re.compile(r"\\(.)")
_POSITION = re.compile(r"at position (\d+)")


def compile_query(entity: EntityType, query: str) -> Condition:
    """The WHERE condition that the query string means for this kind of entity.

    Raises:
        QueryInvalid: a syntax error or an unknown field, with its position.
    """
    if not query.strip():
        return true()
    try:
        parsed = parser.parse(query)
    except ParseError as problem:
        raise _syntax_error(query, str(problem)) from None
    return _Compiler(entity, query).condition(parsed)


def _syntax_error(query: str, problem: str) -> QueryInvalid:
    found = _POSITION.search(problem)
    text = problem.removeprefix("Syntax error in input : ").rstrip("!")
    return QueryInvalid(query, text, int(found.group(1)) if found else None)


class _Compiler:
    def __init__(self, entity: EntityType, query: str) -> None:
        self._entity, self._query = entity, query
        self._fields = FIELDS[entity]

    def condition(self, node: tree.Item, field: str | None = None) -> Condition:
        match node:
            case tree.SearchField():
                return self._search_field(node)
            case tree.AndOperation():
                return and_(*(self.condition(child, field) for child in node.children))
            case tree.OrOperation():
                return or_(*(self.condition(child, field) for child in node.children))
            case tree.UnknownOperation():
                return self._side_by_side(node, field)
            case tree.Not() | tree.Prohibit():
                return not_(self.condition(node.children[0], field))
            case tree.Group() | tree.FieldGroup() | tree.Plus() | tree.Boost():
                return self.condition(node.children[0], field)
            case _:
                return self._apply(field, self._test(node))

    def _search_field(self, node: tree.SearchField) -> Condition:
        name = str(node.expr) if node.name == "_exists_" else node.name
        if name not in self._fields and not name.startswith("facts."):
            raise QueryInvalid(self._query, self._unknown(name), node.pos)
        if node.name == "_exists_":
            return self._apply(name, lambda column: column.is_not(None))
        return self.condition(node.expr, name)

    def _side_by_side(self, node: tree.UnknownOperation, field: str | None) -> Condition:
        required = [child for child in node.children if isinstance(child, tree.Plus | tree.Prohibit)]
        optional = [child for child in node.children if child not in required]
        wanted = and_(true(), *(self.condition(child, field) for child in required))
        if optional and not any(isinstance(child, tree.Plus) for child in required):
            wanted = and_(wanted, or_(*(self.condition(child, field) for child in optional)))
        return wanted

    def _apply(self, field: str | None, test: Test) -> Condition:
        if field is None:
            return or_(*(self._fields[name](test) for name in DEFAULT_FIELDS[self._entity]))
        if field in self._fields:
            return self._fields[field](test)
        return json_values(_TABLE[self._entity].c.facts, field.removeprefix("facts."), test)

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


def _word(value: str) -> Test:
    if value == "*":
        return lambda column: column.is_not(None)
    if _WILDCARD.search(value):
        pattern = _like(value)
        return lambda column: cast(column, Text).ilike(pattern, escape="\\")
    return _equals(_ESCAPED.sub(r"\1", value))


def _like(value: str) -> str:
    return "".join(_like_parts(value))


def _like_parts(value: str) -> Iterator[str]:
    escaped = False
    for char in value:
        if escaped or char not in "\\*?":
            yield f"\\{char}" if char in "%_\\" else char
            escaped = False
        elif char == "\\":
            escaped = True
        else:
            yield "%" if char == "*" else "_"


def _equals(value: str) -> Test:
    number = _number(value)
    if number is None:
        return lambda column: func.lower(cast(column, Text)) == value.lower()
    return lambda column: or_(column == number, cast(column, Text) == value)


def _range(node: tree.Range) -> Test:
    low = _bound(node.low, above=True, inclusive=node.include_low)
    high = _bound(node.high, above=False, inclusive=node.include_high)
    return lambda column: and_(low(column), high(column))


def _bound(limit: tree.Item, *, above: bool, inclusive: bool) -> Test:
    text = str(limit).strip().strip('"')
    if text == "*":
        return lambda column: column.is_not(None)
    number = _number(text)
    value: Any = text if number is None else number
    if above:
        return (lambda column: column >= value) if inclusive else (lambda column: column > value)
    return (lambda column: column <= value) if inclusive else (lambda column: column < value)


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


_TABLE = {EntityType.DEVICE: tables.devices, EntityType.GROUP: tables.groups, EntityType.INTERFACE: tables.interfaces}


def _column(column: ColumnElement[Any]) -> Callable[[Test], Condition]:
    return lambda test: test(column)


def _platform(column: ColumnElement[Any]) -> Callable[[Test], Condition]:
    return lambda test: tables.devices.c.platform_id.in_(select(tables.platforms.c.id).where(test(column)))


def _member_of(column: ColumnElement[Any]) -> Callable[[Test], Condition]:
    members, groups = tables.group_members, tables.groups
    joined = select(members.c.device_id).join_from(members, groups, members.c.group_id == groups.c.id)
    return lambda test: tables.devices.c.id.in_(joined.where(test(column)))


def _of_device(column: ColumnElement[Any]) -> Callable[[Test], Condition]:
    return lambda test: exists().where(tables.interfaces.c.device_id == tables.devices.c.id, test(column))


_DEVICE_COLUMNS = (
    "id",
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
    "created_at",
    "updated_at",
)

FIELDS: dict[EntityType, dict[str, Callable[[Test], Condition]]] = {
    EntityType.DEVICE: {
        **{name: _column(tables.devices.c[name]) for name in _DEVICE_COLUMNS},
        **{f"platform.{name}": _platform(tables.platforms.c[name]) for name in ("short_name", "name", "vendor", "id")},
        **{f"groups.{name}": _member_of(tables.groups.c[name]) for name in ("name", "id")},
    },
    EntityType.GROUP: {name: _column(tables.groups.c[name]) for name in ("id", "name", "title", "description")},
    EntityType.INTERFACE: {
        **{name: _column(tables.interfaces.c[name]) for name in ("id", "name", "description", "state", "ifindex")},
        **{f"device.{name}": _of_device(tables.devices.c[name]) for name in ("id", "hostname", "ip")},
    },
    EntityType.GLOBAL: {},
    EntityType.CLIENT: {},
}
"""What can be asked about each kind of entity, beside `facts.<path>`."""

DEFAULT_FIELDS: dict[EntityType, tuple[str, ...]] = {
    EntityType.DEVICE: ("hostname", "ip", "groups.name"),
    EntityType.GROUP: ("name",),
    EntityType.INTERFACE: ("name",),
    EntityType.GLOBAL: (),
    EntityType.CLIENT: (),
}
