"""Calls from other threads into an event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any


class Crossing:
    """Calls functions in one event loop, from any thread, in the order of asking.

    `loop.call_soon_threadsafe` wakes the loop for every call, a system call each. Here calls that come before the loop
    looks wake it once. A function must not raise, and sees the context of any of its callers: give it what it needs.
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
        self._calls.append((function, arguments))
        if not self._woken:
            self._woken = True  # before the loop is woken: who comes from now on relies on it
            self.loop.call_soon_threadsafe(self._arrive)

    def _arrive(self) -> None:
        self._woken = False  # before the first call: who comes from now on wakes the loop again
        while self._calls:
            function, arguments = self._calls.popleft()
            function(*arguments)
