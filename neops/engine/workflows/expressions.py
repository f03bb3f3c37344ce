"""`{{ JMESPath }}` in parameters, and JMESPath in conditions.

A string that is nothing but one template takes the value as it is, of whatever JSON type; in a longer text strings
stand as they are and everything else as JSON. An expression that reads what is not there is an error when a step
executes; while entities are acquired (`lenient`) the key that holds it is left out. A null that is there stays null.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from pydantic import JsonValue

from neops.engine.workflows.jmes import Expression, Path, compile_expression, dotted, first_missing
from neops.errors import ExpressionInvalid, InterpolationFailed
from neops.protocol import JsonObject

Key = TypeVar("Key", str, int)

OPEN, CLOSE = "{{", "}}"
_QUOTES = "'\"`"
_CACHED_TEMPLATES = 1024


@dataclass(frozen=True, kw_only=True)
class Template:
    """A text cut into its literal pieces and its expressions."""

    parts: tuple[str | Expression, ...]

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return tuple(part for part in self.parts if isinstance(part, Expression))

    @property
    def only(self) -> Expression | None:
        """The expression, when the text is nothing else (white space around it does not count)."""
        told = [part for part in self.parts if isinstance(part, Expression) or part.strip()]
        return told[0] if len(told) == 1 and isinstance(told[0], Expression) else None


@lru_cache(maxsize=_CACHED_TEMPLATES)
def parse_template(text: str) -> Template:
    """Cut a text at its `{{ }}`.

    Raises:
        ExpressionInvalid: a template is not closed, or does not compile.
    """
    parts: list[str | Expression] = []
    at = 0
    while (start := text.find(OPEN, at)) >= 0:
        if start > at:
            parts.append(text[at:start])
        inner = start + len(OPEN)
        end = _end_of_template(text, inner)
        parts.append(compile_expression(text[inner:end].strip()))
        at = end + len(CLOSE)
    if at < len(text):
        parts.append(text[at:])
    return Template(parts=tuple(parts))


def parse_condition(text: str) -> Expression:
    """The expression of a condition or assertion, written with or without `{{ }}` around it.

    Raises:
        ExpressionInvalid: it does not compile.
    """
    if not text.strip().startswith(OPEN):
        return compile_expression(text.strip())
    only = parse_template(text).only
    if only is None:
        raise ExpressionInvalid(text, "a condition is one expression, with nothing around its {{ }}")
    return only


def holds(condition: str, document: Mapping[str, JsonValue]) -> bool:
    """Whether a condition or assertion holds on a root document. What is not there counts as null.

    Raises:
        ExpressionInvalid: it does not compile, or a function was given a value that it does not take.
    """
    return parse_condition(condition).holds(document)


def render_parameters(
    parameters: Mapping[str, JsonValue],
    raw_parameters: Mapping[str, JsonValue],
    document: JsonObject,
    *,
    lenient: bool = False,
) -> JsonObject:
    """The parameters of a job: templates filled in from `document`, `raw_parameters` put over them as they are.

    Args:
        lenient: leave out what cannot be resolved instead of failing.

    Raises:
        InterpolationFailed: a template names something that is not there; its path is `parameters.…`.
    """
    rendered = dict(_rendered(parameters.items(), document, ("parameters",), lenient))
    return rendered | dict(raw_parameters)


def render(value: JsonValue, document: JsonObject, path: Path = (), *, lenient: bool = False) -> JsonValue:
    """One value with its templates filled in; `path` is its place in the messages.

    With `lenient`, entries of objects and lists that cannot be resolved are left out.

    Raises:
        InterpolationFailed: `value` itself cannot be resolved, or, if not `lenient`, something in it.
    """
    if isinstance(value, str):
        return _render_text(value, document, path) if OPEN in value else value
    if isinstance(value, dict):
        return dict(_rendered(value.items(), document, path, lenient))
    if isinstance(value, list):
        return [item for _, item in _rendered(enumerate(value), document, path, lenient)]
    return value


def _rendered(
    items: Iterable[tuple[Key, JsonValue]], document: JsonObject, path: Path, lenient: bool
) -> Iterator[tuple[Key, JsonValue]]:
    for key, item in items:
        try:
            yield key, render(item, document, (*path, key), lenient=lenient)
        except InterpolationFailed:
            if not lenient:
                raise


def _render_text(text: str, document: JsonObject, path: Path) -> JsonValue:
    try:
        template = parse_template(text)
    except ExpressionInvalid as error:
        raise InterpolationFailed(dotted(path), error.expression, f"is no expression: {error.problem}") from error
    if only := template.only:
        return _value(only, document, path)
    return "".join(part if isinstance(part, str) else _as_text(part, document, path) for part in template.parts)


def _value(expression: Expression, document: JsonObject, path: Path) -> JsonValue:
    try:
        value = expression.value(document)
    except ExpressionInvalid as error:
        raise InterpolationFailed(dotted(path), expression.text, f"cannot be told: {error.problem}") from error
    if value is None and (missing := first_missing(expression, document)):
        raise InterpolationFailed(dotted(path), expression.text, str(missing))
    return value


def _as_text(expression: Expression, document: JsonObject, path: Path) -> str:
    value = _value(expression, document, path)
    if value is None:
        raise InterpolationFailed(dotted(path), expression.text, "is null, which cannot stand in a text")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _end_of_template(text: str, start: int) -> int:
    """Where the `}}` stands that closes the template; braces and quotes of the expression itself are stepped over."""
    depth, quote, at = 0, "", start
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in _QUOTES:
            quote = char
        elif char == "{":
            depth += 1
        elif char == "}" and depth:
            depth -= 1
        elif text.startswith(CLOSE, at):
            return at
        at += 1
    raise ExpressionInvalid(
        text[start:].strip(),
        "the {{ is not closed; text that keeps its braces belongs into rawParameters",
    )
