"""What the engine does because time has passed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from neops.engine.blackboard import Blackboard
from neops.engine.store.errors import StoreUnavailable
from neops.engine.store.port import Store
from neops.engine.store.records import RunId

_log = logging.getLogger(__name__)

TICK_S = 1.0
"""Longest time between two looks at the clock."""
_SHORTEST_S = 0.05


class Housekeeping:
    """Wakes runs whose time has come, lets delayed jobs into the queue, ends lost jobs, deletes forgotten workers."""

    def __init__(self, store: Store, blackboard: Blackboard, wake: Callable[[RunId], None]) -> None:
        self._store, self._blackboard, self._wake = store, blackboard, wake
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name="neops-housekeeping")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def once(self) -> float:
        """Do what is due; answers how long there is nothing to do, in seconds."""
        due = await self._store.due()
        for run in due.runs:
            self._wake(run)
        for job in await self._store.jobs.sweep():
            _log.warning(
                "job ended by the engine",
                extra={"job": job.job, "run": job.run, "ending": job.ending, "replaced_by": job.replaced_by},
            )
        if forgotten := await self._store.workers.forgotten():
            for worker in forgotten:
                self._blackboard.dismiss(worker)
            await self._store.workers.delete(forgotten)
            _log.info("workers forgotten", extra={"workers": forgotten})
        next_s = TICK_S if due.next_in is None else due.next_in.total_seconds()
        return min(TICK_S, max(_SHORTEST_S, next_s))

    async def _work(self) -> None:
        while True:
            pause_s = TICK_S
            try:
                pause_s = await self.once()
            except StoreUnavailable as trouble:
                _log.error("housekeeping waits for the store", extra={"reason": str(trouble)})
            except Exception:  # noqa: BLE001 - the next round tries again
                _log.exception("housekeeping failed")
            await asyncio.sleep(pause_s)
