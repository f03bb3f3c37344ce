"""Where a NETCONF message ends on the wire (RFC 6242 §4). Bytes in, messages out; no I/O."""

from __future__ import annotations

import re
from typing import Final

END_OF_MESSAGE: Final = b"]]>]]>"

_HEADER: Final = re.compile(rb"\s*#(?:(?P<size>[1-9][0-9]{0,9})|(?P<end>#))\r?\n")
"""RFC 6242 §4.2, and blank lines before it, which some servers send between messages."""

_HEADER_BYTES: Final = 64
"""More than this without a header is no chunk."""


class FramingLost(Exception):
    """What came is not framed as agreed: nobody can say where the next message begins."""


class Framing:
    """Both directions of one session. A session starts with end-of-message marks; `chunked` is set after the hellos."""

    def __init__(self) -> None:
        self.chunked = False
        self._waiting = bytearray()
        self._message = bytearray()
        self._looked_at = 0

    def frame(self, message: bytes) -> bytes:
        """A message as it goes over the wire."""
        return b"\n#%d\n%b\n##\n" % (len(message), message) if self.chunked else message + END_OF_MESSAGE

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        self._waiting += data

    def next_message(self) -> bytes | None:
        """The next whole message, None when more has to be read first.

        Raises:
            FramingLost: the peer does not keep to the framing.
        """
        return self._next_by_chunks() if self.chunked else self._next_by_mark()

    def _next_by_mark(self) -> bytes | None:
        found = self._waiting.find(END_OF_MESSAGE, self._looked_at)
        if found < 0:
            self._looked_at = max(0, len(self._waiting) - len(END_OF_MESSAGE))
            return None
        message = bytes(self._waiting[:found])
        del self._waiting[: found + len(END_OF_MESSAGE)]
        self._looked_at = 0
        return message

    def _next_by_chunks(self) -> bytes | None:
        while header := self._header():
            if header["end"]:
                message = bytes(self._message)
                del self._waiting[: header.end()], self._message[:]
                return message
            begin, size = header.end(), int(header["size"])
            if len(self._waiting) < begin + size:
                return None
            self._message += self._waiting[begin : begin + size]
            del self._waiting[: begin + size]
        return None

    def _header(self) -> re.Match[bytes] | None:
        start = bytes(self._waiting[:_HEADER_BYTES])
        header = _HEADER.match(start)
        if header is None and (len(start) == _HEADER_BYTES or not re.fullmatch(rb"\s*(?:#(?:#|[0-9]*)\r?)?", start)):
            raise FramingLost(f"expected a chunk, read {start[:32]!r}")
        return header
