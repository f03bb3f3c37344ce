"""The little language of the platform files: text with `$name`, loops and optional lines.

- `$name` or `${name}` is a value; `${name:<22}` formats it as Python's format() does, dates included; `$$` is a dollar.
- `@each interfaces` … `@end`, each on a line of its own, repeats the lines between them.
- `?name|text` is the line `text` if `name` has a value, `?!name|text` if it has none.

JSON outputs are written as data instead: every string is a template, a string that is exactly `$name` gives the value
with its type, `{each: interfaces, item: …}` gives a list and `{each: interfaces, key: $name, item: …}` a mapping.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Scope = Mapping[str, Any]

_MARK = re.compile(r"\?(?P<absent>!?)(?P<name>[a-z_0-9]+)\|(?P<text>.*)")


class Deferred(Mapping[str, Any]):
    """Values that are worked out when a template names them."""

    def __init__(self, makers: Mapping[str, Callable[[], Any]]) -> None:
        self._makers = makers

    def __getitem__(self, name: str) -> Any:
        return self._makers[name]()

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


class TemplateInvalid(ValueError):
    """A platform file uses a name that no device has, or a loop without its end."""


_FIELD = re.compile(
    r"""
    \$ (?: (?P<dollar> \$)
        | (?P<name> [a-z_][a-z0-9_]*)
        | \{ (?P<braced> [a-z_][a-z0-9_]*) (?: : (?P<form> [^}]*) )? \}
        | (?P<stray> ) )
    """,
    re.VERBOSE,
)

LINES_KNOWN = 10_000
"""Lines of templates that are kept as read: thousands of devices print the same ones."""


@dataclass(frozen=True)
class _Field:
    """One value in a line, and how it is formatted."""

    name: str
    form: str

    def of(self, scope: Scope) -> str:
        try:
            value = scope[self.name]
        except KeyError:
            if self.name in scope:
                raise
            known = ", ".join(sorted(scope))
            raise TemplateInvalid(f"the template names ${self.name}; known here: {known}") from None
        return format("" if value is None else value, self.form)


@lru_cache(LINES_KNOWN)
def _pieces(line: str) -> tuple[str | _Field, ...]:
    """A line cut into its text and its fields."""
    pieces: list[str | _Field] = []
    at = 0
    for found in _FIELD.finditer(line):
        if found["stray"] is not None:
            raise TemplateInvalid(f"the template has a dollar that names nothing, for $$: {line!r}")
        pieces.append(line[at : found.start()] + (found["dollar"] or ""))
        if name := found["name"] or found["braced"]:
            pieces.append(_Field(name, found["form"] or ""))
        at = found.end()
    return (*pieces, line[at:])


def render(text: str, scope: Scope) -> str:
    """The text for these values.

    Raises:
        TemplateInvalid: a name that the scope has not, or `@each` without `@end`.
    """
    if "\n" not in text and not text.startswith(("?", "@")):
        return _filled(text, scope)
    return "\n".join(_rendered_lines(text.splitlines(), scope))


def _rendered_lines(lines: Sequence[str], scope: Scope) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.startswith("@each "):
            end = _end_of_loop(lines, at)
            for item in scope[line.removeprefix("@each ").strip()]:
                yield from _rendered_lines(lines[at:end], ChainMap(item, scope))  # type: ignore[arg-type]  # read only
            at = end + 1
        elif line.startswith("?") and (mark := _MARK.fullmatch(line)):
            if bool(scope.get(mark["name"])) != bool(mark["absent"]):
                yield _filled(mark["text"], scope)
        else:
            yield _filled(line, scope)


def _filled(line: str, scope: Scope) -> str:
    if "$" not in line:
        return line
    return "".join(piece if isinstance(piece, str) else piece.of(scope) for piece in _pieces(line))


def _end_of_loop(lines: Sequence[str], start: int) -> int:
    depth = 1
    for at in range(start, len(lines)):
        depth += lines[at].startswith("@each ") - (lines[at].strip() == "@end")
        if not depth:
            return at
    raise TemplateInvalid("@each without @end")


def render_data(data: object, scope: Scope) -> object:
    """The same for JSON-shaped data: mappings, lists and strings all the way down."""
    match data:
        case {"each": str(name), "key": str(key), "item": item}:
            entries = [ChainMap(entry, scope) for entry in scope[name]]  # type: ignore[arg-type]  # read only
            return {render(key, entry): render_data(item, entry) for entry in entries}
        case {"each": str(name), "item": item}:
            return [render_data(item, ChainMap(entry, scope)) for entry in scope[name]]  # type: ignore[arg-type]  # read only
        case dict():
            return {render(key, scope): render_data(value, scope) for key, value in data.items()}
        case list():
            return [render_data(item, scope) for item in data]
        case str() if data.startswith("$") and data[1:] in scope:
            return scope[data[1:]]
        case str():
            return render(data, scope)
    return data
