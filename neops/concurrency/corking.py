"""Bytes of one turn of the event loop leave in one system call."""

from __future__ import annotations

import asyncio
from typing import Any, cast


class Cork:
    """In front of a transport: what is written in one turn of the loop goes out together, at its end.

    An asyncio transport asks the system once for every write, and a login over SSH writes two dozen packets, many of
    them back to back. Whatever else a transport can do is asked of the one behind.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._kept: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._kept:
            self._loop.call_soon(self.flush)
        self._kept.append(bytes(data))

    def flush(self) -> None:
        """Send what is kept, now."""
        kept, self._kept = self._kept, []
        if kept and not self._transport.is_closing():
            self._transport.write(kept[0] if len(kept) == 1 else b"".join(kept))

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once; what was written before is still handed to the system, as it is without a cork."""
        self.flush()
        self._transport.abort()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class CorkedProtocol(asyncio.BaseProtocol):
    """In front of a protocol class, as a base: whoever it is writes through a cork, if it is on a socket."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport = cast("asyncio.Transport", Cork(transport, asyncio.get_running_loop()))
        super().connection_made(transport)
