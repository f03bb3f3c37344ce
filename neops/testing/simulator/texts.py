"""Banners: lines that a device reads as text up to an end mark. Pure.

Cisco IOS Configuration Fundamentals Command Reference, "banner motd"; EOS User Manual 4.31, "banner motd".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

TextStyle = Literal["", "marks", "eof"]

SHOWN = "^C"
"""What IOS shows in place of the mark, whichever was typed; in a file it is the control character."""
ETX = "\x03"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A text as far as it was given: its first words, its mark (empty: EOF), and its lines."""

    head: str
    mark: str
    lines: tuple[str, ...] = ()

    @classmethod
    def begun(cls, style: TextStyle, line: str, *, shown: bool = False) -> Reading | None:
        """The text that this line begins; `shown`: a mark may be written as devices show it."""
        if style == "eof" and re.fullmatch(r"banner (?:login|motd)", line):
            return cls(head=line, mark="")
        if style == "marks" and (found := re.fullmatch(r"(banner \S+) (\S.*)", line)):
            mark = SHOWN if shown and found[2].startswith(SHOWN) else found[2][0]
            return cls(head=found[1], mark=mark, lines=(found[2].removeprefix(mark),))
        return None

    def with_line(self, line: str) -> Reading:
        return replace(self, lines=(*self.lines, line))

    @property
    def invitation(self) -> str:
        ends = f"  End with the character '{self.mark}'." if self.mark else " Type 'EOF' on its own line to end."
        return f"Enter TEXT message.{ends}"

    @property
    def whole(self) -> bool:
        last = self.lines[-1] if self.lines else ""
        return self.mark in last if self.mark else last.strip() == "EOF"

    @property
    def line(self) -> str:
        """All of it as one line of the configuration, as it is shown."""
        if not self.mark:
            return "\n".join((self.head, *self.lines))
        body = "\n".join(self.lines).partition(self.mark)[0]
        return f"{self.head} {SHOWN}{body}{SHOWN}"


def whole_lines(style: TextStyle, text: str, *, shown: bool) -> Iterator[str]:
    """The lines of a configuration, each of its texts as one."""
    reading: Reading | None = None
    for line in text.splitlines():
        reading = Reading.begun(style, line, shown=shown) if reading is None else reading.with_line(line)
        if reading is None:
            yield line
        elif reading.whole:
            yield reading.line
            reading = None


def in_file(style: TextStyle, text: str) -> str:
    """A configuration as the device writes it into a file."""
    if style != "marks":
        return text
    lines = whole_lines(style, text, shown=True)
    return "\n".join(line.replace(SHOWN, ETX) if line.startswith("banner ") else line for line in lines)
