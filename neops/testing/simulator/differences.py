"""What differs between two configurations, in the four ways platforms show it. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Literal, Protocol

from neops.testing.simulator.configuration import Path, Section


class Renders(Protocol):
    def render(self, section: Section) -> str:
        """The text, as the platform prints it."""


def difference(
    kind: Literal["unified", "edits", "braces", "lines"], old: Section, new: Section, dialect: Renders
) -> str:
    """The difference as text; empty when there is none.

    `unified` is diff -u (EOS sessions), `edits` lists changed statements below `[edit path]` (Junos), `braces` shows
    them in their sections (SR Linux), `lines` shows the lines to type, with `no` for removed ones (IOS XR).
    """
    match kind:
        case "unified":
            return _unified(dialect.render(old), dialect.render(new))
        case "edits":
            return "\n".join(_edits(old, new, dialect, ()))
        case "braces":
            return "\n".join(_braces(old, new, 1))
        case "lines":
            return "\n".join(_lines(old, new, 0))


def _unified(old: str, new: str) -> str:
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), "system:/running-config", "session:/session-config", lineterm=""
    )
    return "\n".join(lines)


def _edits(old: Section, new: Section, dialect: Renders, path: Path) -> Iterator[str]:
    removed = {line: below for line, below in old.items() if line not in new}
    added = {line: below for line, below in new.items() if line not in old}
    if removed or added:
        yield f"[edit{''.join(f' {line}' for line in path)}]"
        for mark, section in (("-", removed), ("+", added)):
            yield from (f"{mark}  {line}" for line in dialect.render(section).splitlines())
    for line in old:
        if line in new:
            yield from _edits(old[line], new[line], dialect, (*path, line))


def _braces(old: Section, new: Section, depth: int) -> Iterator[str]:
    indent = "    " * depth
    for line in [*old, *(line for line in new if line not in old)]:
        before, after = old.get(line), new.get(line)
        if before == after:
            continue
        mark = " " if before is not None and after is not None else "-" if after is None else "+"
        below = list(_braces(before or {}, after or {}, depth + 1))
        yield f"{mark} {indent}{line}{' {' if below else ''}"
        yield from below
        if below:
            yield f"{mark} {indent}}}"


def _lines(old: Section, new: Section, depth: int) -> Iterator[str]:
    indent = " " * depth
    for line in old:
        if line not in new:
            yield f"{indent}no {line}"
    for line, after in new.items():
        before = old.get(line)
        if before == after:
            continue
        yield f"{indent}{line}"
        if after or before:
            yield from _lines(before or {}, after, depth + 1)
            yield f"{indent}!"
