"""Banners: texts of several lines in a configuration, which a device reads up to an end mark. Pure.

IOS has them between two of a character that its user chooses (Cisco IOS Configuration Fundamentals Command Reference,
"banner motd") and shows that as `^C`, EOS up to a line `EOF` (EOS User Manual 4.31, "banner motd").

To whatever works line by line a text is folded into one line; folded texts are the same when the device would say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import quote, unquote

_FOLDED: Final = "\N{SYMBOL FOR START OF TEXT}"
_TO_EOF: Final = "\N{SYMBOL FOR END OF TEXT}"
"""Before a folded text: one between marks, one that ends at EOF."""

SHOWN_MARK: Final = "^C"
ETX: Final = "\x03"
"""What IOS shows as `^C`, and what a file for it has to have there: typed or copied, `^C` is the mark `^` and a C."""

_MARKS: Final = "@#%$&~|+=_;ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OPENS = re.compile(r"(?P<head>banner (?!motd (?:line|file|default)\b)\S+) (?P<rest>\S.*)")
"""FRR's banners of one line begin alike."""

_OPENS_TO_EOF = re.compile(r"banner (?:login|motd)\s*")


@dataclass(frozen=True, kw_only=True)
class Text:
    """`banner motd` and what stands between its marks, or before `EOF`."""

    head: str
    body: str
    to_eof: bool = False

    @classmethod
    def of(cls, line: str) -> Self | None:
        """What a folded line holds; None for any other line."""
        head, sign, body = line.strip().partition(f" {_FOLDED}")
        if not sign:
            return None
        return cls(head=head, body=unquote(body.removeprefix(_TO_EOF)), to_eof=body.startswith(_TO_EOF))

    @property
    def folded(self) -> str:
        return f"{self.head} {_FOLDED}{_TO_EOF if self.to_eof else ''}{quote(self.body)}"

    @property
    def printed(self) -> str:
        """As the device prints it."""
        return self._between(SHOWN_MARK)

    @property
    def in_file(self) -> str:
        """As the device reads it from a file."""
        return self._between(ETX)

    @property
    def typed(self) -> tuple[str, str]:
        """The line to type, and the lines that the device then reads; none where the text ends in that line.

        Raises:
            ValueError: it has every character that could be its mark.
        """
        if self.to_eof:
            return self.head, f"{self.body}\nEOF" if self.body else "EOF"
        mark = next((mark for mark in _MARKS if mark not in self.body), None)
        if mark is None:
            raise ValueError("it has every character that could mark its end")
        line, _, rest = f"{self.head} {mark}{self.body}{mark}".partition("\n")
        return line, rest

    def _between(self, mark: str) -> str:
        if self.to_eof:
            return "\n".join((self.head, *((self.body,) if self.body else ()), "EOF"))
        return f"{self.head} {mark}{self.body}{mark}"


def folded(config: str) -> str:
    """A configuration with each text in one line; one that never ends stays as it is."""
    return "\n".join(_folded(config.splitlines()))


def unfolded(line: str) -> str:
    """A line as the device prints it."""
    text = Text.of(line)
    return line if text is None else text.printed


def for_file(config: str) -> str:
    """A configuration as a device reads it from a file."""
    texts = ((line, Text.of(line)) for line in folded(config).splitlines())
    return "\n".join(line if text is None else text.in_file for line, text in texts)


def never_ends(line: str) -> bool:
    """Whether a line of a folded configuration begins a text whose end is not there."""
    return Text.of(line) is None and bool(_OPENS.fullmatch(line.strip()) or _OPENS_TO_EOF.fullmatch(line.strip()))


def _folded(lines: list[str]) -> Iterator[str]:
    at = 0
    while at < len(lines):
        text, after = _text_at(lines, at)
        yield lines[at] if text is None else text.folded
        at = after


def _text_at(lines: list[str], at: int) -> tuple[Text | None, int]:
    """The text that begins in a line, and the line after it."""
    line = lines[at].strip()
    if not line.startswith("banner "):
        return None, at + 1
    if _OPENS_TO_EOF.fullmatch(line):
        ends = next((end for end in range(at + 1, len(lines)) if lines[end].strip() == "EOF"), None)
        if ends is not None:
            return Text(head=line, body=_body(lines[at + 1 : ends]), to_eof=True), ends + 1
    elif opened := _OPENS.fullmatch(line):
        for mark in (SHOWN_MARK, opened["rest"][0]):
            text = [opened["rest"].removeprefix(mark), *lines[at + 1 :]]
            ends = next((end for end, one in enumerate(text) if mark in one), None)
            if opened["rest"].startswith(mark) and ends is not None:
                last = text[ends].partition(mark)[0]
                return Text(head=opened["head"], body=_body([*text[:ends], last])), at + ends + 1
    return None, at + 1


def _body(lines: list[str]) -> str:
    """Blanks at the ends of lines are not seen in what a device prints."""
    return "\n".join(line.rstrip() for line in lines)
