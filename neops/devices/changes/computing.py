"""Differences and remediation for platforms that show none, by hier-config.

hier-config is imported on first use: a process that changes nothing does without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hier_config import HConfig


@dataclass(frozen=True, kw_only=True)
class Computed:
    """What a change comes to: the difference for people, the lines to send, and what tells the result."""

    diff: str
    lines: tuple[str, ...]
    reached: Callable[[str], bool]


def merged(running: str, config: str, *, dialect: str) -> Computed:
    """A configuration with more lines. `dialect` is hier-config's name of the platform, `CISCO_IOS`.

    The lines are sent as their author wrote them. One that is a default, and therefore not shown by the device
    (`no shutdown`), is in the difference all the same.
    """
    now, wanted = _read(running, dialect), _read(config, dialect)
    future = now.future(wanted)
    return Computed(diff=_difference(now, future), lines=config_lines(config), reached=_is(future, dialect))


def replaced(running: str, config: str, *, dialect: str) -> Computed:
    """A configuration made into another one, line by line."""
    now, wanted = _read(running, dialect), _read(config, dialect)
    remedy = now.config_to_get_to(wanted).set_order_weight()
    lines = tuple(_NO_BANNER.sub(r"\1", line) for line in remedy.lines(sectional_exiting=True))
    return Computed(diff=_difference(now, wanted), lines=lines, reached=_is(wanted, dialect))


_NO_BANNER = re.compile(r"\A(\s*no banner \S+) .*", re.DOTALL)
"""hier-config 3 takes a banner away with all of its text, whose lines the device would read as configuration."""


def config_lines(config: str) -> tuple[str, ...]:
    """The lines of a configuration that are worth sending: no remarks, and no `end`, which would leave it."""
    lines = (line.rstrip() for line in config.splitlines())
    return tuple(line for line in lines if line.strip() not in ("", "end") and not line.lstrip().startswith("!"))


def _read(config: str, dialect: str) -> HConfig:
    from hier_config import Platform, get_hconfig
    from hier_config.exceptions import DuplicateChildError

    text = _SHORT_BANNER.sub("banner\N{NO-BREAK SPACE}", _EXIT.sub("", config))
    try:
        return get_hconfig(Platform[dialect], text)
    except DuplicateChildError:  # hier-config 3 takes no section and no line twice
        return get_hconfig(Platform[dialect], "\n".join(_printed(_sections(text))))


_EXIT = re.compile(r"^exit[ \t]*$\n?", re.MULTILINE)
"""Ends a section that its indentation ends as well."""

_SHORT_BANNER = re.compile(r"^banner (?=motd (?:line|file|default)\b|\S+ (\^C|\S).*\1\s*$)", re.MULTILINE)
"""A banner of one line, whose end hier-config 3 expects below: it takes the lines that follow for its text. It makes an
ordinary blank of the other one itself."""

_Section = dict[str, "_Section"]


def _sections(config: str) -> _Section:
    """Lines by the line that they stand below, each once: a section that comes again goes on, a line counts last."""
    root: _Section = {}
    above: list[tuple[int, _Section]] = [(-1, root)]
    for raw in config.splitlines():
        if not (line := raw.strip()):
            continue
        indent = len(raw) - len(raw.lstrip())
        while above[-1][0] >= indent:
            above.pop()
        section = above[-1][1]
        section[line] = inner = section.pop(line, {})
        above.append((indent, inner))
    return root


def _printed(section: _Section, depth: int = 0) -> Iterator[str]:
    for line, inner in section.items():
        yield f"{' ' * depth}{line}"
        yield from _printed(inner, depth + 1)


def _difference(old: HConfig, new: HConfig) -> str:
    return "\n".join(old.unified_diff(new))


def _is(wanted: HConfig, dialect: str) -> Callable[[str], bool]:
    return lambda running: not _difference(_read(running, dialect), wanted)
