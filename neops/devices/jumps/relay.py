"""Carries bytes between a library's socket and a channel through jump hosts, in the runtime's loop.

Importing this module imports asyncssh.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import asyncssh

OpenChannel = Callable[[Callable[[], asyncssh.SSHTCPSession[bytes]]], Awaitable[Any]]


class LocalEnd(asyncio.Protocol):
    """The end at which a library reads and writes; it opens the channel as soon as somebody is there.

    `opened` ends when the channel is open or could not be opened. When the library goes away, so does the channel.
    """

    def __init__(self, open_channel: OpenChannel) -> None:
        self._open_channel = open_channel
        self._transport: asyncio.Transport | None = None
        self._closed = False
        self._remote = _RemoteEnd(self)
        self.opened: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._closed:
            transport.close()
            return
        self.read(False)  # until there is a channel to write to
        self.opened = asyncio.get_running_loop().create_task(self._open())
        self.opened.add_done_callback(self._tried)

    def data_received(self, data: bytes) -> None:
        self._remote.write(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        self._transport = None
        if self.opened is not None:
            self.opened.cancel()
        self._remote.close()

    def pause_writing(self) -> None:
        self._remote.pause_reading()

    def resume_writing(self) -> None:
        self._remote.resume_reading()

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def read(self, on: bool) -> None:
        """Read on from the library, or hold it back while the channel is full."""
        if self._transport is not None:
            (self._transport.resume_reading if on else self._transport.pause_reading)()

    def close(self) -> None:
        """End the connection, also one that is still being made."""
        self._closed = True
        if self._transport is not None:
            self._transport.close()

    async def _open(self) -> None:
        await self._open_channel(lambda: self._remote)
        self.read(True)

    def _tried(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is not None:
            self.close()


class _RemoteEnd(asyncssh.SSHTCPSession[bytes]):
    """The end of the channel that is here; the other one is the device."""

    def __init__(self, local: LocalEnd) -> None:
        self._local = local
        self._channel: asyncssh.SSHTCPChannel[bytes] | None = None
        self._closed = False

    def connection_made(self, chan: asyncssh.SSHTCPChannel[bytes]) -> None:
        self._channel = chan
        if self._closed:
            chan.abort()

    def data_received(self, data: bytes, datatype: int | None) -> None:  # noqa: ARG002  # asyncssh's signature
        self._local.write(data)

    def eof_received(self) -> bool:
        self._local.close()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncssh's signature
        self._channel = None
        self._local.close()

    def pause_writing(self) -> None:
        self._local.read(False)

    def resume_writing(self) -> None:
        self._local.read(True)

    def write(self, data: bytes) -> None:
        if self._channel is not None and not self._channel.is_closing():
            self._channel.write(data)

    def close(self) -> None:
        self._closed = True
        if self._channel is not None:
            self._channel.close()

    def pause_reading(self) -> None:
        if self._channel is not None:
            self._channel.pause_reading()

    def resume_reading(self) -> None:
        if self._channel is not None:
            self._channel.resume_reading()
