"""How NETCONF messages are cut out of a stream of bytes (RFC 6242 section 4). Pure."""

from __future__ import annotations

import re

END_OF_MESSAGE = b"]]>]]>"
"""RFC 6242 section 4.3: ends both hellos, and every message between peers of base:1.0."""

_CHUNK = re.compile(rb"\n#([1-9]\d{0,9})\n")
_END_OF_CHUNKS = b"\n##\n"
_HEADER_MAX = 13  # "\n#", ten digits, "\n"


class FramingBroken(ValueError):
    """The peer sent what is no chunk: the session has to end (RFC 6242 section 4.2)."""


class Framing:
    """Messages out of bytes and bytes out of messages; `chunked` from the moment both peers have said base:1.1."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._message = bytearray()
        self.chunked = False

    def receive(self, data: bytes) -> None:
        self._received += data

    def next_message(self) -> str | None:
        """The next complete message; None: more has to come.

        Raises:
            FramingBroken: what came is not framed as it should be.
        """
        message = self._next_chunked() if self.chunked else self._next_delimited()
        return None if message is None else message.decode().strip()

    def framed(self, message: str) -> bytes:
        data = message.encode()
        return b"\n#%d\n%s\n##\n" % (len(data), data) if self.chunked else data + END_OF_MESSAGE

    def _next_delimited(self) -> bytes | None:
        message, end, rest = self._received.partition(END_OF_MESSAGE)
        if not end:
            return None
        self._received = rest
        return bytes(message)

    def _next_chunked(self) -> bytes | None:
        while self._received:
            while self._received.startswith((b"\n\n", b"\r")):
                del self._received[0]  # scrapli-netconf 2026.1 types a return after each message
            if self._received.startswith(_END_OF_CHUNKS):
                del self._received[: len(_END_OF_CHUNKS)]
                message, self._message = bytes(self._message), bytearray()
                return message
            if (header := _CHUNK.match(self._received)) is None:
                if len(self._received) >= _HEADER_MAX:
                    raise FramingBroken(bytes(self._received[:_HEADER_MAX]))
                return None
            end = header.end() + int(header[1])
            if len(self._received) < end:
                return None
            self._message += self._received[header.end() : end]
            del self._received[:end]
        return None
