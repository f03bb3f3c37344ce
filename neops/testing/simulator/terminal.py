"""A terminal between a client's bytes and a shell's lines: echo, line editing and the pager. Pure."""

from __future__ import annotations

import re

from neops.testing.simulator.platform import Pager

_ENTER = (0x0A, 0x0D)
_ERASE = (0x08, 0x7F)
_TYPED = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]+")
CTRL_C, CTRL_D, CTRL_Z = "\x03", "\x04", "\x1a"
_LINES = {ord(CTRL_C): CTRL_C, ord(CTRL_D): CTRL_D, ord(CTRL_Z): CTRL_Z}


class Terminal:
    """Takes bytes in (`receive`), gives lines (`read_line`) and bytes for the client (`drain`).

    Input that comes while a command runs waits and is echoed when its turn comes, as on a device.
    """

    def __init__(self, pager: Pager | None, rows: int = 0) -> None:
        self._pager = pager
        self._input = bytearray()
        self._line = bytearray()
        self._output = bytearray()
        self._rest: list[str] = []
        self._prompt_after = ""
        self._after_return = False
        self.echo = True
        self.rows = (rows or pager.rows) if pager else 0
        """Lines of a page; 0: no paging."""

    def receive(self, data: bytes) -> None:
        self._input += data

    def drain(self) -> bytes:
        """What is to be sent now."""
        data = bytes(self._output)
        self._output.clear()
        return data

    def show(self, text: str, prompt: str) -> None:
        """Print a command's output page by page, then the prompt."""
        self._rest, self._prompt_after = text.splitlines(), prompt
        self._print(self.rows - 1 if self.rows > 1 else len(self._rest))

    def read_line(self) -> str | None:
        """The next complete line; None: nothing (more) typed, or the pager waits for a key."""
        while self._input:
            if not self._rest and (typed := _TYPED.match(self._input)):
                self._type(typed[0])
                continue
            byte = self._input.pop(0)
            if self._after_return and byte == _ENTER[0]:
                self._after_return = False
                continue
            self._after_return = byte == _ENTER[1]
            if self._rest:
                self._key(byte)
            elif byte in _ENTER:
                self._output += b"\r\n"
                return self._take_line()
            elif byte in _LINES:
                self._line.clear()
                self._output += b"\r\n"
                return _LINES[byte]
            elif byte in _ERASE:
                self._erase()
        return None

    def _take_line(self) -> str:
        line = self._line.decode("utf-8", "replace")
        self._line.clear()
        return line

    def _type(self, typed: bytes) -> None:
        del self._input[: len(typed)]
        self._after_return = False
        self._line += typed
        if self.echo:
            self._output += typed

    def _erase(self) -> None:
        if self._line:
            del self._line[-1]
            self._output += b"\b \b" if self.echo else b""

    def _key(self, byte: int) -> None:
        """A key at the pager's prompt: space shows a page, enter a line, q nothing more."""
        assert self._pager is not None
        self._output += b"\r" + b" " * len(self._pager.prompt) + b"\r"
        if byte in b"qQ\x03":
            self._rest = []
        self._print(1 if byte in _ENTER else self.rows - 1)

    def _print(self, count: int) -> None:
        page, self._rest = self._rest[:count], self._rest[count:]
        self._output += b"".join(line.encode("utf-8", "surrogateescape") + b"\r\n" for line in page)
        if self._rest and self._pager:
            self._output += self._pager.prompt.encode()
        else:
            self._output += self._prompt_after.replace("\n", "\r\n").encode()
