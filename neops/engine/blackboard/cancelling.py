"""Telling workers at once which of their jobs shall stop."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from neops.engine.blackboard.claims import Gone
from neops.engine.store.port import Store
from neops.engine.store.records import JobId, Signal, WorkerId


class CancelChannel:
    """Holds workers' questions until one of their jobs is canceled."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[asyncio.Event, WorkerId] = {}
        self._closed = False
        self._unsubscribe = store.subscribe(self._heard)

    async def wait(self, worker: WorkerId, known: Collection[JobId], *, wait_s: float, gone: Gone) -> list[JobId]:
        """The worker's jobs that shall stop, without the known ones: the first that come within `wait_s`."""
        news, leaving = asyncio.Event(), asyncio.create_task(gone())
        self._waiting[news] = worker
        try:
            async with asyncio.timeout(wait_s):
                while not (canceled := await self._canceled(worker, known)):
                    if self._closed or leaving.done() or news not in self._waiting:
                        break
                    await _either(news, leaving)
            return canceled
        except TimeoutError:
            return []
        finally:
            leaving.cancel()
            self._waiting.pop(news, None)

    def dismiss(self, worker: WorkerId | None = None) -> None:
        """Answer the questions of a worker (of all), with nothing."""
        for news in [news for news, asking in self._waiting.items() if worker in (None, asking)]:
            del self._waiting[news]
            news.set()

    def close(self) -> None:
        """Answer all questions, from now on at once."""
        self._closed = True
        self._unsubscribe()
        self.dismiss()

    async def _canceled(self, worker: WorkerId, known: Collection[JobId]) -> list[JobId]:
        return [job for job in await self._store.workers.canceled(worker) if job not in known]

    def _heard(self, signal: Signal) -> None:
        if signal.jobs_canceled:
            for news in self._waiting:
                news.set()


async def _either(news: asyncio.Event, leaving: asyncio.Task[object]) -> None:
    heard = asyncio.create_task(news.wait())
    try:
        await asyncio.wait((heard, leaving), return_when=asyncio.FIRST_COMPLETED)
        news.clear()
    finally:
        heard.cancel()
