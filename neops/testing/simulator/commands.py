"""Finding the command that a line means, and filtering its output through pipes. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache

from neops.testing.simulator.platform import Command

LINES_KNOWN = 1000  # thousands of devices of one platform are asked the same


class Fit(IntEnum):
    """How a typed word fits a word of a pattern; the lower the better."""

    EXACT = 0
    ABBREVIATED = 1
    PLACEHOLDER = 2


@dataclass(frozen=True, kw_only=True)
class Match:
    command: Command
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Values of the pattern's placeholders, by name."""


@dataclass(frozen=True, kw_only=True)
class NoMatch:
    """No command fits. `reason` is the error of the platform to show, `at` the index of the first wrong word."""

    reason: str
    at: int = 0


_NOTHING = NoMatch(reason="unknown")


class CommandTable:
    """Commands by their patterns.

    A pattern is words: plain ones, alternatives (`exit|quit`), placeholders (`<name>`), `<name...>` for all the rest.
    """

    def __init__(self, commands: Mapping[str, Command], *, abbreviations: bool) -> None:
        self._patterns = [(tuple(pattern.split()), command) for pattern, command in commands.items()]
        self._abbreviations = abbreviations
        self._known = lru_cache(LINES_KNOWN)(self._look_up)

    def find(self, line: str, mode: str) -> Match | NoMatch:
        """The command that `line` means in this mode: the one that fits best."""
        return self._known(line, mode) if self._patterns else _NOTHING

    def _look_up(self, line: str, mode: str) -> Match | NoMatch:
        words = line.split()
        available = [(p, c) for p, c in self._patterns if not c.modes or mode in c.modes]
        fits = sorted(
            ((fit, index) for index, (pattern, _) in enumerate(available) if (fit := self._fit(pattern, words))),
            key=lambda entry: entry[0],
        )
        if not fits:
            return self._why_not(words, [pattern for pattern, _ in available])
        best, index = fits[0]
        if len(fits) > 1 and fits[1][0] == best and Fit.ABBREVIATED in best:
            return NoMatch(reason="ambiguous", at=best.index(Fit.ABBREVIATED))
        pattern, command = available[index]
        return Match(command=command, arguments=_arguments(pattern, words))

    def _fit(self, pattern: tuple[str, ...], words: list[str]) -> tuple[Fit, ...] | None:
        rest = pattern[-1].endswith("...>")
        if len(words) < len(pattern) or (len(words) > len(pattern) and not rest):
            return None
        fits = [self._fit_word(expected, word) for expected, word in zip(pattern, words, strict=False)]
        return None if None in fits else tuple(fit for fit in fits if fit is not None)

    def _fit_word(self, expected: str, word: str) -> Fit | None:
        if expected.startswith("<"):
            return Fit.PLACEHOLDER
        typed = word.lower() if self._abbreviations else word
        alternatives = expected.split("|") if len(expected) > 1 else [expected]
        if typed in alternatives:
            return Fit.EXACT
        if self._abbreviations and any(alternative.startswith(typed) for alternative in alternatives):
            return Fit.ABBREVIATED
        return None

    def _why_not(self, words: list[str], patterns: Iterable[tuple[str, ...]]) -> NoMatch:
        deepest = 0
        for pattern in patterns:
            fitting = 0
            for expected, word in zip(pattern, words, strict=False):
                if self._fit_word(expected, word) is None:
                    break
                fitting += 1
            if fitting == len(words):
                return NoMatch(reason="incomplete", at=fitting)
            deepest = max(deepest, fitting)
        return NoMatch(reason="unknown", at=deepest)


def _arguments(pattern: tuple[str, ...], words: list[str]) -> dict[str, str]:
    found = {p.strip("<>."): w for p, w in zip(pattern, words, strict=False) if p.startswith("<")}
    if pattern[-1].endswith("...>"):
        found[pattern[-1].strip("<>.")] = " ".join(words[len(pattern) - 1 :])
    return found


def split_pipes(line: str) -> tuple[str, list[str]]:
    """`show run | include ntp` → (`show run`, [`include ntp`])."""
    command, *pipes = re.split(r"\s*\|\s*", line)
    return command.strip(), pipes


def filtered(text: str, verb: str, argument: str) -> str:
    """The output after one pipe; `verb` is one of the names that platform files map their pipes to."""
    pattern = _pattern(argument)
    lines = text.splitlines()
    filters: dict[str, Callable[[], list[str]]] = {
        "all": lambda: lines,
        "keep": lambda: [line for line in lines if pattern.search(line)],
        "drop": lambda: [line for line in lines if not pattern.search(line)],
        "from": lambda: _from_first(lines, pattern),
        "section": lambda: _sections(lines, pattern),
        "count": lambda: [f"Count: {len([line for line in lines if pattern.search(line)])} lines"],
    }
    return "\n".join(filters[verb]())


def _pattern(argument: str) -> re.Pattern[str]:
    """Devices take regular expressions; what Python cannot compile is taken literally."""
    argument = argument.strip().strip("\"'")
    try:
        return re.compile(argument)
    except re.error:
        return re.compile(re.escape(argument))


def _from_first(lines: list[str], pattern: re.Pattern[str]) -> list[str]:
    first = next((index for index, line in enumerate(lines) if pattern.search(line)), len(lines))
    return lines[first:]


def _sections(lines: list[str], pattern: re.Pattern[str]) -> list[str]:
    """Matching lines with everything indented below them."""
    kept: list[str] = []
    depth: int | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if depth is not None and indent > depth:
            kept.append(line)
            continue
        depth = indent if pattern.search(line) else None
        if depth is not None:
            kept.append(line)
    return kept
