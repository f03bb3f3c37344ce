"""One claimer for all the polls that wait in this process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

from neops.engine.store.changes import Claim
from neops.engine.store.errors import StoreUnavailable
from neops.engine.store.port import Store
from neops.engine.store.records import Lease, Signal, WorkerId

Gone = Callable[[], Coroutine[None, None, object]]
"""Ends when nobody listens any more."""

_log = logging.getLogger(__name__)

_LOOK_S = 5.0
"""How long the store may take to look for a poll that is not held."""

_RETRY_S = 1.0
"""Pause after the store failed."""


class _Waiting:
    """A poll that waits. Once `answer` is done, nobody waits any more: what is leased for it goes back.

    `at_once`: it wants to know what there is now, be it nothing.
    """

    def __init__(self, claim: Claim, *, at_once: bool) -> None:
        self.claim, self.at_once = claim, at_once
        self.answer: asyncio.Future[list[Lease]] = asyncio.get_running_loop().create_future()


class Claimer:
    """Claims for many waiting polls in one call, when there may be something for them.

    A poll whose asker has gone leases nothing: what was claimed for it is given back at once.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[_Waiting, None] = {}
        self._hungry: dict[_Waiting, None] = {}
        self._returned: list[Lease] = []
        self._bell = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe = store.subscribe(self._heard)

    @property
    def waiting(self) -> int:
        """Polls that wait."""
        return len(self._waiting)

    def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name="neops-claimer")

    async def stop(self) -> None:
        """End all waiting polls empty-handed and give back what is on the way."""
        self._unsubscribe()
        self._closing = True
        self.dismiss()
        self._bell.set()
        if self._task is not None:
            await self._task

    async def leases(self, claim: Claim, *, wait_s: float, gone: Gone) -> list[Lease]:
        """Jobs for a poll: at once when there are some, else the first that come within `wait_s`.

        Once `gone` has ended, nothing is leased.
        """
        if self._closing:
            return []
        waiting = _Waiting(claim, at_once=wait_s <= 0)
        leaving = asyncio.create_task(gone())
        self._waiting[waiting] = self._hungry[waiting] = None
        self._bell.set()
        try:
            timeout_s = _LOOK_S if waiting.at_once else wait_s
            await asyncio.wait((waiting.answer, leaving), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            return self._taken(waiting, gone=leaving.done())
        except asyncio.CancelledError:
            self._taken(waiting, gone=True)
            raise
        finally:
            leaving.cancel()
            self._waiting.pop(waiting, None)

    def give_back(self, leases: list[Lease]) -> None:
        """Return jobs that did not reach their worker."""
        self._returned += leases
        self._bell.set()

    def dismiss(self, worker: WorkerId | None = None) -> None:
        """End the waiting polls of a worker (of all) empty-handed."""
        for waiting in self._waiting:
            if worker in (None, waiting.claim.worker) and not waiting.answer.done():
                waiting.answer.set_result([])

    def _taken(self, waiting: _Waiting, *, gone: bool) -> list[Lease]:
        if not waiting.answer.done():
            waiting.answer.cancel()
            return []
        if gone:
            self.give_back(waiting.answer.result())
            return []
        return waiting.answer.result()

    def _heard(self, signal: Signal) -> None:
        if signal.jobs_queued and self._waiting:
            self._hungry.update(self._waiting)
            self._bell.set()

    async def _work(self) -> None:
        while not self._closing or self._returned:
            await self._bell.wait()
            self._bell.clear()
            try:
                await self._round()
                continue
            except StoreUnavailable as trouble:
                _log.error("cannot claim jobs", extra={"reason": str(trouble)})
            except Exception:  # noqa: BLE001 - the store's troubles are not the polls': they wait on
                _log.exception("cannot claim jobs")
            await asyncio.sleep(_RETRY_S)
            self._hungry.update(self._waiting)
            self._bell.set()

    async def _round(self) -> None:
        if self._returned:
            returned, self._returned = self._returned, []
            await self._store.jobs.give_back(returned)
        hungry = [one for one in self._hungry if not one.answer.done()]
        self._hungry.clear()
        if not hungry:
            return
        for waiting, leases in zip(hungry, await self._store.jobs.claim([one.claim for one in hungry]), strict=True):
            if not leases and not waiting.at_once:
                continue
            if waiting.answer.done():
                self.give_back(leases)
            else:
                waiting.answer.set_result(leases)
