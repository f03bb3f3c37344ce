"""How a worker is asked to leave: once to finish its work, twice to go at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


class Shutdown:
    """Counts the requests; the worker's loop waits for the first and for the second."""

    def __init__(self) -> None:
        self._requests = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._first, self._second = asyncio.Event(), asyncio.Event()

    def request(self) -> None:
        """Ask for the end; from any thread and from signal handlers, also before the worker runs."""
        self._requests += 1
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop was closed: the worker has left
                self._loop.call_soon_threadsafe(self._tell)

    def bind(self) -> None:
        """Wait on the running loop from now on."""
        self._loop = asyncio.get_running_loop()
        self._tell()

    async def requested(self) -> None:
        """Wait for the first request."""
        await self._first.wait()

    async def insisted(self) -> None:
        """Wait for the second request."""
        await self._second.wait()

    def _tell(self) -> None:
        if self._requests > 0:
            self._first.set()
        if self._requests > 1:
            self._second.set()


@contextmanager
def on_signals(shutdown: Shutdown) -> Iterator[None]:
    """Let SIGTERM and SIGINT request the end. Only in a process's main thread."""

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # the signal module's signature
        shutdown.request()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
