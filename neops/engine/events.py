"""Following a run's log as it grows."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from neops.engine.store.port import Store
from neops.engine.store.records import TERMINAL, Event, RunId, Signal

_PAGE = 500


class EventLog:
    """Reads runs' logs, and waits for what is not yet in them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: defaultdict[RunId, set[asyncio.Event]] = defaultdict(set)
        self._closed = False
        self._unsubscribe = store.subscribe(self._heard)

    async def read(self, run: RunId, after: int = 0) -> AsyncIterator[Event]:
        """The events behind number `after` that are there now."""
        while page := await self._store.events.after(run, after, limit=_PAGE):
            for event in page:
                yield event
            after = page[-1].seq

    async def follow(self, run: RunId, after: int = 0, *, idle_s: float) -> AsyncIterator[Event | None]:
        """The events behind number `after` as they come, until the run is over; None after each `idle_s` of silence."""
        with self._listening(run) as news:
            while not self._closed:
                news.clear()
                over = await self._is_over(run)
                async for event in self.read(run, after):
                    yield event
                    after = event.seq
                if over:
                    return
                if not await _happens(news, idle_s):
                    yield None

    def close(self) -> None:
        """End all followers."""
        self._closed = True
        self._unsubscribe()
        for listeners in self._waiting.values():
            for news in listeners:
                news.set()

    async def _is_over(self, run: RunId) -> bool:
        found = await self._store.runs.get(run)
        return found is None or found.status in TERMINAL

    @contextmanager
    def _listening(self, run: RunId) -> Iterator[asyncio.Event]:
        news = asyncio.Event()
        self._waiting[run].add(news)
        try:
            yield news
        finally:
            self._waiting[run].discard(news)
            if not self._waiting[run]:
                del self._waiting[run]

    def _heard(self, signal: Signal) -> None:
        for run in signal.logged & self._waiting.keys():
            for news in self._waiting[run]:
                news.set()


async def _happens(news: asyncio.Event, within_s: float) -> bool:
    try:
        async with asyncio.timeout(within_s):
            await news.wait()
    except TimeoutError:
        return False
    return True
