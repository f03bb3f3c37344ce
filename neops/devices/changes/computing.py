"""Differences and remediation for platforms that show none, by hier-config.

hier-config is imported on first use: a process that changes nothing does without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neops.devices.changes.texts import Text, folded

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
    before, added = folded(running), folded(config)
    now, wanted = _read(before, dialect), _read(added, dialect)
    future = _read(_without_texts(before, set(_heads(added))), dialect).future(wanted)
    for line in [child.text for child in future.children if _NO_TEXT.match(child.text)]:
        future.children.delete(line)
    return Computed(diff=_difference(now, future), lines=config_lines(config), reached=_is(future, dialect))


def replaced(running: str, config: str, *, dialect: str) -> Computed:
    """A configuration made into another one, line by line."""
    now, wanted = _read(folded(running), dialect), _read(folded(config), dialect)
    remedy = now.config_to_get_to(wanted).set_order_weight()
    lines = tuple(_shortened(line) for line in remedy.lines(sectional_exiting=True))
    return Computed(diff=_difference(now, wanted), lines=lines, reached=_is(wanted, dialect))


def config_lines(config: str) -> tuple[str, ...]:
    """The lines of a configuration that are worth sending: no remarks, and no `end`, which would leave it.

    A banner is one of them, folded.
    """
    lines = (line.rstrip() for line in folded(config).splitlines())
    return tuple(line for line in lines if line.strip() not in ("", "end") and not line.lstrip().startswith("!"))


_NO_TEXT = re.compile(r"no (banner \S+)")


def _shortened(line: str) -> str:
    """A line that takes a banner or a user away, without what it says: the device would read that as configuration."""
    return line if (taken := re.match(r"no (?:banner|username) \S+", line)) is None else taken[0]


def _heads(config: str) -> Iterator[str]:
    """The banners that a folded configuration sets or takes away."""
    for line in map(str.strip, config.splitlines()):
        if text := Text.of(line):
            yield text.head
        elif taken := _NO_TEXT.fullmatch(line):
            yield taken[1]


def _without_texts(config: str, heads: set[str]) -> str:
    """A folded configuration without these banners: a new one comes in place of the old one."""
    texts = ((line, Text.of(line)) for line in config.splitlines())
    return "\n".join(line for line, text in texts if text is None or text.head not in heads)


def _read(config: str, dialect: str) -> HConfig:
    """A folded configuration. hier-config 3 makes an ordinary blank of the one with which it does not see a banner."""
    from hier_config import Platform, get_hconfig, get_hconfig_driver
    from hier_config.exceptions import DuplicateChildError
    from hier_config.models import IdempotentCommandsRule, MatchRule

    driver = get_hconfig_driver(Platform[dialect])
    driver.rules.idempotent_commands.append(IdempotentCommandsRule(match_rules=(MatchRule(re_search=_ONE_EACH),)))
    text = _BANNER.sub("banner\N{NO-BREAK SPACE}", _EXIT.sub("", config))
    try:
        return get_hconfig(driver, text)
    except DuplicateChildError:  # hier-config 3 takes no section and no line twice
        return get_hconfig(driver, "\n".join(_printed(_sections(text))))


_ONE_EACH = r"^((?:username|enable (?:secret|password))\b.*) \S+$"
"""A new password comes in place of the old one: a user that was taken away before would be locked out meanwhile."""


_EXIT = re.compile(r"^exit[ \t]*$\n?", re.MULTILINE)
"""Ends a section that its indentation ends as well."""

_BANNER = re.compile(r"^banner ", re.MULTILINE)

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
    return "\n".join(line for one in old.unified_diff(new) for line in _shown(one))


def _shown(line: str) -> Iterator[str]:
    """A line of a difference for people: each line of a banner with its sign."""
    text = Text.of(line[2:]) if line.startswith(("+ ", "- ")) else None
    yield from [line] if text is None else [f"{line[:2]}{one}" for one in text.printed.split("\n")]


def _is(wanted: HConfig, dialect: str) -> Callable[[str], bool]:
    return lambda running: not _difference(_read(folded(running), dialect), wanted)
