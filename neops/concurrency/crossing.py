"""Calls from other threads into an event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

AT_A_TIME: Final = 64
"""Calls in one turn of the loop. What they start goes on meanwhile: of a thousand logins that are asked for, the first
packets leave before the last login is prepared."""


class Crossing:
    """Calls functions in one event loop, from any thread, in the order of asking.

    `loop.call_soon_threadsafe` wakes the loop for every call, a system call each. Here calls that come before the loop
    looks wake it once. A function sees the context of any of its callers, so give it what it needs. What it raises goes
    to the loop's exception handler.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._calls: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._woken = False

    def call(self, function: Callable[..., object], *arguments: Any) -> None:
        """Have a function called in the loop, soon.

        Raises:
            RuntimeError: the loop is closed; it will not be called.
        """
        self.add(function, *arguments)
        self.wake()

    def add(self, function: Callable[..., object], *arguments: Any) -> None:
        """Have a function called when the loop is woken the next time."""
        self._calls.append((function, arguments))

    def wake(self) -> None:
        """Have what was added called, soon.

        Raises:
            RuntimeError: the loop is closed; nothing will be called.
        """
        if self._woken:
            return
        self._woken = True  # before the loop is woken: who comes from now on relies on it
        try:
            self.loop.call_soon_threadsafe(self._arrive)
        except RuntimeError:
            self._woken = False
            raise

    def _arrive(self) -> None:
        self._woken = False  # before the first call: who comes from now on wakes the loop again
        try:
            for _ in range(min(len(self._calls), AT_A_TIME)):
                function, arguments = self._calls.popleft()
                function(*arguments)
        finally:
            if self._calls:  # more than enough for one turn, or one raised: that is not to hold the others back
                self.loop.call_soon(self._arrive)
