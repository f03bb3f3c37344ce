"""Providers that block are asked in threads, which belong to the devices: one that hangs must not use them all up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

from neops.concurrency import in_thread
from neops.devices.waiting import WaitingLine

T = TypeVar("T")

AT_A_TIME: Final = 32
"""Look-ups of one provider that may run at the same time, those included that nobody waits for any more."""


class BlockingLookUps:
    """The look-ups of one provider. Lives in one event loop."""

    def __init__(self) -> None:
        self._running = self._left_behind = 0
        self._line = WaitingLine()

    async def run(self, look_up: Callable[[], T]) -> T:
        """Do it in a thread when there is room. Whoever is cancelled leaves the thread behind until it has ended.

        Raises:
            TimeoutError: all that may run were left behind, and none of them has ended.
        """
        if self._left_behind >= AT_A_TIME:
            raise TimeoutError(f"{self._left_behind} look-ups before do not end")
        await self._line.enter(self._take, self._give_back)
        loop, over, left_behind = asyncio.get_running_loop(), False, False

        def called() -> T:
            try:
                return look_up()
            finally:
                with suppress(RuntimeError):  # the loop is closed: nobody counts any more
                    loop.call_soon_threadsafe(ended)

        def ended() -> None:
            nonlocal over
            over = True
            if left_behind:
                self._left_behind -= 1
                self._give_back()

        def leave() -> None:
            nonlocal left_behind
            left_behind = not over
            self._left_behind += left_behind

        try:
            return await in_thread(called, on_cancel=leave)
        finally:
            if not left_behind:
                self._give_back()

    def _take(self) -> bool:
        room = self._running < AT_A_TIME
        self._running += room
        return room

    def _give_back(self) -> None:
        self._running -= 1
        self._line.move()
