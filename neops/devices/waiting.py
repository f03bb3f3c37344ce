"""Waiting for room, first come first served. Everything here lives in one event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from random import Random


class WaitingLine:
    """Coroutines that wait for room. Nobody is passed by who came later, and one that is cancelled loses no room.

    With `lots` the next one is drawn by lot instead, also among those who come in the same turn of the loop.
    """

    def __init__(self, lots: Random | None = None) -> None:
        self._lots = lots
        self._tickets: deque[tuple[asyncio.Future[None], Callable[[], bool]]] = deque()
        self._moving = False

    def __len__(self) -> int:
        return sum(not ticket.done() for ticket, _ in self._tickets)

    async def enter(self, take: Callable[[], bool], give_back: Callable[[], None]) -> None:
        """Wait until all who came earlier are through and `take` has claimed room, which it does when it says True."""
        loop = asyncio.get_running_loop()
        if not self._tickets:
            if self._lots is not None:
                loop.call_soon(self.move)
            elif take():
                return
        ticket: asyncio.Future[None] = loop.create_future()
        self._tickets.append((ticket, take))
        try:
            await ticket
        except asyncio.CancelledError:
            if not ticket.cancelled():  # let in and cancelled in the same moment
                give_back()
            self.move()
            raise

    def move(self) -> None:
        """Let in whom there is room for. Call it whenever room may have appeared, also from within a `take`."""
        if self._moving:
            return
        self._moving = True
        try:
            self._let_in()
        finally:
            self._moving = False

    def _let_in(self) -> None:
        while self._tickets:
            if self._lots is not None:
                self._tickets.rotate(-self._lots.randrange(len(self._tickets)))
            ticket, take = self._tickets[0]
            if not ticket.done() and not take():
                return
            self._tickets.popleft()
            if not ticket.done():
                ticket.set_result(None)


class Places:
    """Room for `limit()` at a time. Who stays longer than `patience_s` no longer counts: it waits for its device."""

    def __init__(self, limit: Callable[[], float], *, patience_s: float, lots: Random | None = None) -> None:
        self._limit, self._patience_s = limit, patience_s
        self._taken = 0
        self._line = WaitingLine(lots)

    def place(self) -> Place:
        """`async with` it: wait for a place and hold it inside."""
        return Place(self._line, self._take, self._give_back, self._patience_s)

    def move(self) -> None:
        """Look again after `limit()` has changed."""
        self._line.move()

    def _take(self) -> bool:
        free = self._taken < self._limit()
        self._taken += free
        return free

    def _give_back(self) -> None:
        self._taken -= 1
        self._line.move()


class Place:
    """One place, held inside its `async with`. Written out, not a generator: every login takes two."""

    __slots__ = ("_give_back", "_held", "_line", "_patience_s", "_take", "_timer")

    def __init__(
        self, line: WaitingLine, take: Callable[[], bool], give_back: Callable[[], None], patience_s: float
    ) -> None:
        self._line, self._take, self._give_back, self._patience_s = line, take, give_back, patience_s
        self._held = False

    async def __aenter__(self) -> None:
        await self._line.enter(self._take, self._give_back)
        self._held = True
        self._timer = asyncio.get_running_loop().call_later(self._patience_s, self._free)

    async def __aexit__(self, *_: object) -> None:
        self._timer.cancel()
        self._free()

    def _free(self) -> None:
        if self._held:
            self._held = False
            self._give_back()
