"""What a command says on stderr while it works for more than two seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Self, TextIO

PATIENCE_S = 2.0
_TERMINAL_S, _LINES_S = 0.1, 5.0


class Reporter:
    """Overwrites one line on a terminal, writes a line every five seconds elsewhere; silent for the first two.

    `with Reporter() as report: report("devices", 3000, 30000)`
    """

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream or sys.stderr, clock
        self._terminal = self._stream.isatty()
        self._next = clock() + PATIENCE_S
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown and self._terminal:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def __call__(self, what: str, done: int, total: int | None) -> None:
        now = self._clock()
        if now < self._next:
            return
        self._next = now + (_TERMINAL_S if self._terminal else _LINES_S)
        self._shown = True
        text = f"{what}: {done:,}" + (f" of {total:,}" if total else "")
        self._stream.write(f"\r{text}\x1b[K" if self._terminal else f"{text}\n")
        self._stream.flush()
