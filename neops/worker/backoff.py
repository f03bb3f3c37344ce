"""How long to wait before the next try."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Delays of 1, 2, 4, 8, 16, 30, 30 … seconds, each shortened by up to half, so that workers do not march in step.

    `jitter` gives numbers from 0 to 1.
    """

    first_s: float = 1.0
    most_s: float = 30.0
    jitter: Callable[[], float] = random.random

    def delays(self) -> Iterator[float]:
        """The delays of one series of failures; never ends."""
        delay = self.first_s
        while True:
            yield min(delay, self.most_s) * (1 - self.jitter() / 2)
            delay = min(delay * 2, self.most_s)


async def pause(seconds: float, *, until: asyncio.Event | None = None) -> None:
    """Sleep, or wake when the event is set meanwhile."""
    if until is None:
        await asyncio.sleep(seconds)
        return
    until.clear()
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await until.wait()
