"""JMESPath expressions: compiled once, with what they read known before they run.

JMESPath has no own word for true, false and null: a bare `true` is a field of that name, and a number outside
backticks is a syntax error (https://jmespath.org/specification.html). Both are common mistakes, so both are named here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError, LexerError, ParseError
from jmespath.functions import Functions
from jmespath.parser import ParsedResult
from pydantic import JsonValue

from neops.errors import ExpressionInvalid

Path = tuple[str | int, ...]
"""Field names and indexes, from the root of a document down."""

_CACHED_EXPRESSIONS = 1024
_Node = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Expression:
    """A JMESPath expression that compiles.

    `paths` are the places of the root document that it reads, as far as they can be told without running it: the
    inside of a filter or after a pipe is not among them.
    """

    text: str
    paths: tuple[Path, ...]
    compiled: ParsedResult

    def value(self, document: Mapping[str, JsonValue]) -> JsonValue:
        """What the expression gives on `document`; null where it names something that is not there.

        Raises:
            ExpressionInvalid: a function or comparison was given a value of a kind that it does not take.
        """
        try:
            result: JsonValue = self.compiled.search(document)
        except (ValueError, TypeError) as error:  # jmespath compares a number with a text and lets Python complain
            raise ExpressionInvalid(self.text, str(error)) from error
        return result

    def holds(self, document: Mapping[str, JsonValue]) -> bool:
        """Whether the expression is true by JMESPath's rule: anything but false, null, "", [] and {}. 0 is true.

        Raises:
            ExpressionInvalid: as `value`.
        """
        value = self.value(document)
        return value is not None and value is not False and value not in ("", [], {})


@lru_cache(maxsize=_CACHED_EXPRESSIONS)
def compile_expression(text: str) -> Expression:
    """Compile a JMESPath expression.

    Raises:
        ExpressionInvalid: the text is no JMESPath, calls a function that does not exist, or writes `true` or `false`
            outside backticks.
    """
    try:
        compiled = jmespath.compile(text)
        problem = next(filter(None, map(_problem, _nodes(compiled.parsed))), None)
        paths = tuple(dict.fromkeys(_paths(compiled.parsed)))
    except JMESPathError as error:
        raise _explained(text, error) from error
    except RecursionError as error:
        raise ExpressionInvalid(f"{text[:40]}…", "it is nested too deeply") from error
    if problem:
        raise ExpressionInvalid(text, problem)
    return Expression(text=text, paths=paths, compiled=compiled)


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A name that an expression reads and a document does not have: `name` is not among `present` at `at`."""

    at: Path
    name: str
    present: tuple[str, ...]

    def __str__(self) -> str:
        place = f" in {dotted(self.at)}" if self.at else " known here"
        return f"names {self.name!r}, which is not{place}{suggestion(self.name, self.present)}"


def first_missing(expression: Expression, document: JsonValue) -> Missing | None:
    """The first name that an expression reads and `document` does not have; None when a null is meant."""
    return next(filter(None, (_missing(path, document) for path in expression.paths)), None)


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'hostname'?`, or nothing when no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def dotted(path: Path) -> str:
    """`steps[0].label` for ("steps", 0, "label")."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _missing(path: Path, document: JsonValue) -> Missing | None:
    here = document
    for depth, part in enumerate(path):
        match here, part:
            case dict(), str() if part in here:
                here = here[part]
            case list(), int() if -len(here) <= part < len(here):
                here = here[part]
            case _:
                present = tuple(here) if isinstance(here, dict) else ()
                return Missing(at=path[:depth], name=str(part), present=present)
    return None


def _explained(text: str, error: JMESPathError) -> ExpressionInvalid:
    if not text.strip():
        return ExpressionInvalid(text, "it is empty")
    if isinstance(error, LexerError):
        return ExpressionInvalid(text, str(error.message), error.lexer_position)
    if not isinstance(error, ParseError) or error.token_type in (None, "EOF"):
        return ExpressionInvalid(text, "something is missing at the end")
    hint = "; numbers are written in backticks: `0`" if str(error.token_value).isdecimal() else ""
    return ExpressionInvalid(text, f"{error.token_value!r} does not fit here{hint}", error.lex_position)


def _nodes(node: _Node) -> Iterator[_Node]:
    yield node
    for child in node["children"]:
        if isinstance(child, Mapping):  # the children of a slice are numbers
            yield from _nodes(child)


def _problem(node: _Node) -> str | None:
    if node["type"] == "comparator":
        for side in node["children"]:
            if side["type"] == "field" and side["value"] in ("true", "false"):
                return f"{side['value']} is a field's name here; the value is written in backticks: `{side['value']}`"
    if node["type"] == "function_expression":
        return _call_problem(str(node["value"]), len(node["children"]))
    return None


def _call_problem(name: str, given: int) -> str | None:
    known = Functions.FUNCTION_TABLE
    if name not in known:
        return f"there is no function {name}(){suggestion(name, known)}"
    signature = known[name]["signature"]
    variadic = bool(signature) and signature[-1].get("variadic", False)
    if given < len(signature) or (given > len(signature) and not variadic):
        return f"{name}() takes {len(signature)} argument(s), {given} given"
    return None


def _paths(node: _Node) -> Iterator[Path]:
    """The paths that a node reads when it is evaluated on the root document; a bare `null` is none."""
    kind, children = node["type"], node["children"]
    if kind in ("field", "subexpression", "index_expression", "current", "identity"):
        path, rest = _plain(node)
        if path and path != ("null",):
            yield path
        elif rest is not None:
            yield from _paths(rest)
    elif kind in ("projection", "value_projection", "filter_projection", "pipe"):
        yield from _paths(children[0])
    elif kind not in ("literal", "expref", "slice"):
        for child in children:
            yield from _paths(child)


def _plain(node: _Node) -> tuple[Path, _Node | None]:
    """The leading fields and indexes of a chain, and the first part of it that is neither."""
    kind = node["type"]
    if kind in ("field", "index"):
        return (node["value"],), None
    if kind in ("current", "identity"):
        return (), None
    if kind not in ("subexpression", "index_expression"):
        return (), node
    path: Path = ()
    for child in node["children"]:
        part, rest = _plain(child)
        path += part
        if rest is not None:
            return path, rest
    return path, None
