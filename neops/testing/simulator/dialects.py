"""How configuration is written: indented lines with `no`, or statements in braces with `set` and `delete`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from neops.testing.simulator.configuration import LineRejected, Path, Section, at
from neops.testing.simulator.platform import ConfigurationData, Platform, SectionData
from neops.testing.simulator.texts import whole_lines

_CLOSING = ("end", "exit", "return", "exit-address-family")
_WORD = re.compile(r'"[^"]*"|\S+')


class Dialect(Protocol):
    def parse(self, text: str, *, shown: bool = True) -> Section:
        """The configuration that is written in this text, as the device shows it or as it reads it from a file."""

    def render(self, section: Section) -> str:
        """The text, as the platform prints it."""

    def part(self, section: Section, name: str) -> Section:
        """What `show running-config <name>` shows."""

    def apply(self, root: Section, path: Path, line: str) -> Path:
        """Carry one configuration line out in the section at `path`; returns where the session is afterwards.

        Raises:
            LineRejected: the platform has no such line here; nothing was changed.
        """


def dialect_of(platform: Platform) -> Dialect:
    """How configuration is written on this platform, which has one."""
    data = platform.configuration
    assert data is not None
    if data.dialect == "statements":
        return Statements(data)
    return Lines(data, platform.full_interface_name)


def words_of(line: str) -> list[str]:
    """The words of a line; a text in double quotes is one."""
    return _WORD.findall(line)


class Lines:
    """Indented lines: sections by data, `no …` removes, some lines exist only once (`hostname`, `description`)."""

    def __init__(self, data: ConfigurationData, interface_name: Callable[[str], str]) -> None:
        self._data, self._interface_name = data, interface_name
        self._phrases = sorted((*data.top, *data.inside), key=len, reverse=True)

    def parse(self, text: str, *, shown: bool = True) -> Section:
        root: Section = {}
        stack: list[tuple[int, Section]] = [(-1, root)]
        for raw in whole_lines(self._data.texts, text, shown=shown):
            line = raw.strip()
            if not line or line[0] in "!#" or line in _CLOSING:
                continue
            indent = len(raw) - len(raw.lstrip())
            while stack[-1][0] >= indent:
                stack.pop()
            stack.append((indent, stack[-1][1].setdefault(line, {})))
        return root

    def render(self, section: Section) -> str:
        return "\n".join(self._rendered(section, 0))

    def _rendered(self, section: Section, depth: int) -> Iterator[str]:
        separator = self._data.separator if depth == 0 else None
        before = ""
        for line, below in section.items():
            kind = line.split(" ", 1)[0]
            if separator is not None and before and (below or kind != before):
                yield separator
            yield self._data.indent * depth + line
            yield from self._rendered(below, depth + 1)
            if below and self._data.closing:
                yield self._data.indent * depth + self._data.closing
            before = kind

    def part(self, section: Section, name: str) -> Section:
        return {line: below for line, below in section.items() if _starts(line, name)}

    def apply(self, root: Section, path: Path, line: str) -> Path:
        negated, body = self._without_negation(line)
        body = self._spelled_out(body)
        opener, depth = self._opener(path, body)
        if opener:
            return self._section(root, path[:depth], body, negated)
        depth = len(path) if self._belongs(body, self._data.inside, path) else 0
        if not depth and not self._belongs(body, self._data.top, path):
            raise LineRejected(line, 1 if negated else 0)
        section = at(root, path[:depth])
        (self._remove if negated else self._add)(section, body, shown_off=self._shown_off(path[:depth], body))
        return path[:depth]

    def _shown_off(self, path: Path, body: str) -> bool:
        """Whether the line is the default here, so that its negation is what the configuration shows."""
        here = [one.default_on for one in self._data.sections if path and one.opens(path[-1], path[:-1])]
        return any(_starts(body, phrase) for phrases in (self._data.default_on, *here) for phrase in phrases)

    def _section(self, root: Section, path: Path, body: str, negated: bool) -> Path:
        parent = at(root, path)
        if negated:
            parent.pop(body, None)
            return path
        parent.setdefault(body, {})
        return (*path, body)

    def _opener(self, path: Path, body: str) -> tuple[SectionData | None, int]:
        """The section that this line opens, and how many levels of `path` stay above it: the deepest that fit."""
        for depth in range(len(path), -1, -1):
            for section in self._data.sections:
                if section.opens(body, path[:depth]):
                    return section, depth
        return None, 0

    def _belongs(self, body: str, phrases: Sequence[str], path: Path) -> bool:
        longest = next((phrase for phrase in self._phrases if _starts(body, phrase)), None)
        return longest in phrases and (phrases is self._data.top or bool(path))

    def _add(self, section: Section, body: str, *, shown_off: bool) -> None:
        section.pop(f"{self._data.negation} {body}", None)
        if shown_off:
            return
        named = (" ".join(body.split()[:2]) for phrase in self._data.keyed if _starts(body, phrase))
        single = next((phrase for phrase in (*named, *self._data.single) if _starts(body, phrase)), None)
        if single:
            _replace(section, body, single)
        else:
            section.setdefault(body, {})

    def _remove(self, section: Section, body: str, *, shown_off: bool) -> None:
        for line in [line for line in section if _starts(line, body)]:
            del section[line]
        if shown_off:
            section.setdefault(f"{self._data.negation} {body}", {})

    def _without_negation(self, line: str) -> tuple[bool, str]:
        body = line.removeprefix(f"{self._data.negation} ")
        return body != line, body

    def _spelled_out(self, body: str) -> str:
        """`int Gi1/0/1` → `interface GigabitEthernet1/0/1`, as the device stores it."""
        first, _, rest = body.partition(" ")
        known = {phrase.split(" ", 1)[0] for phrase in (*self._phrases, *(s.begins for s in self._data.sections))}
        matches = [word for word in known if word.startswith(first)]
        word = first if first in known or len(matches) != 1 else matches[0]
        if word == "interface":
            rest = self._interface_name(rest)
        return f"{word} {rest}".rstrip()


class Statements:
    """Statements in braces, each a path of words; `set` adds, `delete` removes, a value replaces the one before."""

    def __init__(self, data: ConfigurationData) -> None:
        self._data = data

    def parse(self, text: str, *, shown: bool = True) -> Section:
        del shown
        root: Section = {}
        self.merge_text(root, text)
        return root

    def render(self, section: Section) -> str:
        return "\n".join(self._rendered(section, 0))

    def _rendered(self, section: Section, depth: int) -> Iterator[str]:
        indent = self._data.indent * depth
        for line, below in section.items():
            if below:
                yield f"{indent}{line} {{"
                yield from self._rendered(below, depth + 1)
                yield f"{indent}}}"
            else:
                yield f"{indent}{line}{self._data.terminator}"

    def part(self, section: Section, name: str) -> Section:
        for node in self._nodes(words_of(name)):
            section = section.get(node, {})
        return section

    def apply(self, root: Section, path: Path, line: str) -> Path:
        verb, words = self._verb(words_of(line))
        base: Path = path
        if words[:1] == ["/"] or (words and words[0].startswith("/")):
            words, base = [word for word in (words[0].lstrip("/"), *words[1:]) if word], ()
        if not words and verb != "enter":
            raise LineRejected(line, 1)
        if not base and words and words[0] not in self._data.top:
            raise LineRejected(line, 0 if verb == "enter" else 1)
        nodes = (*base, *self._nodes(words))
        if verb == "delete":
            self.remove(root, nodes)
        elif verb == "enter" and not self._is_value(nodes):
            if self._data.contexts:
                at(root, nodes)
            return nodes
        else:
            self.put(root, nodes)
        return path

    def _verb(self, words: list[str]) -> tuple[str, list[str]]:
        if words[0] in ("set", "delete", "edit"):
            return {"edit": "enter"}.get(words[0], words[0]), words[1:]
        if not self._data.contexts:
            raise LineRejected(" ".join(words))
        return "enter", words

    def _words(self, line: str) -> list[str]:
        words = words_of(line)
        return [word for word in (words[1:] if words[0] == "set" else words) if word != "/"]

    def _nodes(self, words: Sequence[str]) -> Path:
        """`interfaces ge-0/0/0 unit 0 description x` → (`interfaces`, `ge-0/0/0`, `unit 0`, `description x`)."""
        nodes: list[str] = []
        rest = list(words)
        while rest:
            word = rest.pop(0)
            if word in self._data.values and rest:
                return (*nodes, " ".join((word, *rest)))
            if word in self._data.keyed and rest:
                word = f"{word} {rest.pop(0)}"
            nodes.append(word)
        return tuple(nodes)

    def _is_value(self, nodes: Path) -> bool:
        return bool(nodes) and nodes[-1].split(" ", 1)[0] in self._data.values

    def put(self, root: Section, nodes: Path) -> None:
        """Add a statement; a value replaces the one before."""
        parent = at(root, nodes[:-1])
        if self._is_value(nodes):
            _replace(parent, nodes[-1], nodes[-1].split(" ", 1)[0])
        else:
            parent.setdefault(nodes[-1], {})

    def remove(self, root: Section, nodes: Path) -> None:
        """Remove what the path names, and the sections that are empty without it."""
        _prune(root, nodes)

    def merge_text(self, root: Section, text: str) -> None:
        """Add a configuration in braces or in `set` lines, as `load merge` does."""
        for line in _statements(text):
            words = self._words(line)
            if words and words[0] not in self._data.top:
                raise LineRejected(" ".join(words))
            self.put(root, self._nodes(words))


def _statements(text: str) -> Iterator[str]:
    """Each leaf of a text in braces, or each line of one without, as a line of its own."""
    path: list[str] = []
    for raw in text.splitlines():
        line = raw.strip()
        if line.endswith("{"):
            path.append(line.removesuffix("{").strip())
        elif line == "}" and path:
            path.pop()
        elif line and not line.startswith(("#", "/*")):
            yield " ".join((*path, line.rstrip(";")))


def _starts(line: str, phrase: str) -> bool:
    return line == phrase or line.startswith((f"{phrase} ", f"{phrase}\n"))


def _replace(section: Section, line: str, key: str) -> None:
    """Put the line where the one with the same key was, so that the order stays."""
    items = [(line if _starts(old, key) else old, below) for old, below in section.items()]
    section.clear()
    section.update(items)
    section.setdefault(line, {})


def _prune(root: Section, nodes: Path) -> None:
    """Remove what the path names, and the sections that are empty without it."""
    *above, last = nodes
    sections = [root]
    for node in above:
        if node not in sections[-1]:
            return
        sections.append(sections[-1][node])
    for line in [line for line in sections[-1] if _starts(line, last)]:
        del sections[-1][line]
    for node, section in zip(reversed(above), reversed(sections[:-1]), strict=True):
        if not section[node] and " " not in node:
            del section[node]
