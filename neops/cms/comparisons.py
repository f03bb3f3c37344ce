"""How a query's terms are compared with values: words, phrases, wildcards and ranges, on text and on numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Final

from luqum import tree
from sqlalchemy import ColumnElement, and_, or_, true

from neops.cms.dialect import matches
from neops.cms.planning import Condition


@dataclass(frozen=True, kw_only=True)
class Value:
    """The columns that a comparison looks at: a value's text in lower case, and the number that it is.

    `number` is None of a field that holds text, whatever that looks like.
    """

    text: ColumnElement[Any]
    number: ColumnElement[Any] | None = None


Test = Callable[[Value], Condition]
"""A comparison waiting for the value it looks at."""

_WILDCARD: Final = re.compile(r"(?<!\\)(?:\\\\)*[*?]")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_EXACT: Final = 2**53
"""From here on numbers are compared as text: as floats they would equal their neighbours (IEEE 754)."""


def anything(value: Value) -> Condition:  # noqa: ARG001 - a term that is there has a value
    """The test of `*`."""
    return true()


def unescaped(text: str) -> str:
    """The text that `\\` was written for."""
    return _ESCAPED.sub(r"\1", text)


def has_wildcard(text: str) -> bool:
    """Whether `*` or `?` stands in it without a `\\` before it."""
    return _WILDCARD.search(text) is not None


def literal(node: tree.Item) -> str | None:
    """The value that a word or a phrase stands for; None: it is neither, or a pattern."""
    match node:
        case tree.Phrase():
            return unescaped(node.value[1:-1])
        case tree.Word() if not has_wildcard(node.value):
            return unescaped(node.value)
        case _:
            return None


def like(word: str) -> Test:
    """The test of a word with wildcards."""
    wildcard = _WILDCARD.search(word)
    pattern = "".join(_like_parts(word.lower()))
    prefix = unescaped(word[: wildcard.end() - 1] if wildcard else word).lower()
    return lambda value: matches(value.text, pattern, prefix)


def escaped(text: str) -> str:
    """The text as a part of a LIKE pattern."""
    return re.sub(r"([%_\\])", r"\\\1", text)


def one_of(values: Collection[str]) -> Test:
    """The test of words and phrases: equal to one of them."""
    texts = dict.fromkeys(value.lower() for value in values)
    found = (_number(value) for value in values)
    numbers = dict.fromkeys(number for number in found if number is not None and abs(number) < _EXACT)

    def test(value: Value) -> Condition:
        as_text = _among(value.text, texts)
        return or_(as_text, _among(value.number, numbers)) if numbers and value.number is not None else as_text

    return test


def in_network(text: str) -> Test:
    """The test of `192.0.2.0/24`: an address in it.

    Raises:
        ValueError: it is no IPv4 network.
    """
    network = IPv4Network(text, strict=False)
    whole = -(-network.prefixlen // 8)
    parts = [str(part.network_address).split(".")[:whole] for part in network.subnets(new_prefix=8 * whole)]
    if whole == 4:
        return one_of([".".join(part) for part in parts])
    begun, rest = ["".join(f"{octet}." for octet in part) for part in parts], ".".join("%" * (4 - whole))
    return lambda value: or_(*(matches(value.text, one + rest, one) for one in begun))


def between(node: tree.Range | tree.From | tree.To) -> Test:
    """The test of a range, open or half open."""
    bounds = [_bound(*limit) for limit in limits_of(node)]
    return lambda value: and_(true(), *(bound(value) for bound in bounds))


Limit = tuple[tree.Item, bool, bool]
"""An end of a range; whether it is the lower one, and included."""


def limits_of(node: tree.Range | tree.From | tree.To) -> list[Limit]:
    """The ends of a range."""
    if isinstance(node, tree.Range):
        return [(node.low, True, node.include_low), (node.high, False, node.include_high)]
    return [(node.a, isinstance(node, tree.From), node.include)]


def limit_text(limit: tree.Item) -> str | None:
    """What an end of a range says; None: it is open."""
    text = literal(limit)
    if text is not None:
        return text
    text = str(limit).strip()  # `-5` is a term with a sign to luqum
    return None if text == "*" else unescaped(text)


def _bound(limit: tree.Item, above: bool, inclusive: bool) -> Test:
    text = limit_text(limit)
    if text is None:
        return anything
    number = None if isinstance(limit, tree.Phrase) else _number(text)

    def test(value: Value) -> Condition:
        if number is None or value.number is None:
            return beyond(value.text, text.lower(), above=above, inclusive=inclusive)
        return beyond(value.number, number, above=above, inclusive=inclusive)

    return test


def beyond(column: ColumnElement[Any], value: Any, *, above: bool, inclusive: bool) -> Condition:
    """Above a value or below it."""
    if above:
        behind: Condition = column >= value if inclusive else column > value
        return behind
    before: Condition = column <= value if inclusive else column < value
    return before


def _among(column: ColumnElement[Any], values: Collection[Any]) -> Condition:
    if len(values) == 1:
        (only,) = values
        equal: Condition = column == only
        return equal
    return column.in_(values)


def _like_parts(word: str) -> Iterator[str]:
    taken = False
    for char in word:
        if taken or char not in "\\*?":
            yield escaped(char)
            taken = False
        elif char == "\\":
            taken = True
        else:
            yield "%" if char == "*" else "_"


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
