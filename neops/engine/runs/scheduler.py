"""Moves runs along: woken by what happened, it carries out one command after the other until a run has to wait."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from neops.cms import EntityStore
from neops.engine.runs.decisions import Decider, Decision
from neops.engine.runs.machine import Event, Failed, Failure, NotYet, Progress, advance, command_for
from neops.engine.runs.plan import Notes, progress_of
from neops.engine.store.changes import NewEvent, RunChange
from neops.engine.store.errors import LocksHeld, RunMoved, StoreUnavailable
from neops.engine.store.port import Store
from neops.engine.store.records import TERMINAL, EventKind, Run, RunId, Signal
from neops.protocol import JsonObject, ReasonCode, RunStatus

_log = logging.getLogger(__name__)

_LOCK_RETRY = timedelta(seconds=1)
"""How long a run that was refused its locks waits before it asks again."""

_STORE_RETRY_S = 1.0
"""Pause after the store could not be read or written: its disk is full, somebody holds it."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Scheduler:
    """One per engine process. Runs are moved one at a time, each as far as it goes."""

    def __init__(
        self, store: Store, cms: EntityStore, *, cancel_grace: timedelta, clock: Callable[[], datetime] = _utc_now
    ) -> None:
        self._store = store
        self._decider = Decider(store, cms, cancel_grace=cancel_grace, clock=clock)
        self._woken: dict[RunId, None] = {}
        self._bell = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] | None = None

    async def start(self) -> None:
        """Take up every run that is not over, and listen for news."""
        self._unsubscribe = self._store.subscribe(self._heard)
        for run in await self._store.runs.find(unfinished=True):
            self.wake(run.id)
        self._task = asyncio.create_task(self._work(), name="neops-scheduler")

    async def stop(self) -> None:
        """Stop between two decisions; what is undone is taken up at the next start."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def wake(self, run: RunId) -> None:
        """Look at a run soon."""
        self._woken[run] = None
        self._bell.set()

    async def fail(self, run_id: RunId, failure: Failure, *, by: str | None = None) -> Run | None:
        """End a run from outside: an operator's abort. None: it is over already.

        Its pending jobs end at once, its leased ones get a cancel signal and the cancel grace.
        """
        while (run := await self._store.runs.get(run_id)) is not None:
            notes = Notes.of(run)
            before = progress_of(run, notes)
            after, _ = advance(before, Failed(failure=failure, changed=await self._touches_network(run, notes)))
            if after == before:
                return None
            decision = Decision(notes=notes, cancel_jobs=True)
            with contextlib.suppress(RunMoved):
                failed = await self._commit(replace(run, aborted_by=by), decision, before, after)
                self.wake(run_id)
                return failed
        return None

    async def _touches_network(self, run: Run, notes: Notes) -> bool:
        """Whether a block that is not pure may have begun in the step that is open."""
        if notes.open_step is None or notes.steps[notes.cursor].pure:
            return False
        outcomes = await self._store.runs.outcomes(run.id, notes.steps[notes.cursor].key)
        return bool(outcomes.leased + outcomes.succeeded + outcomes.failed)

    def _heard(self, signal: Signal) -> None:
        for run in signal.advanced:
            self.wake(run)

    async def _work(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            while self._woken:
                run = next(iter(self._woken))
                del self._woken[run]
                await self._move(run)

    async def _move(self, run_id: RunId) -> None:
        try:
            await self._carry_on(run_id)
        except RunMoved:
            self.wake(run_id)
        except StoreUnavailable as trouble:
            _log.error("a run waits for the store", extra={"run": run_id, "reason": str(trouble)})
            self.wake(run_id)
            await asyncio.sleep(_STORE_RETRY_S)
        except Exception as fault:  # noqa: BLE001 whatever it is, the run must end and the others go on
            _log.exception("a run cannot go on", extra={"run": run_id})
            reason = f"the engine failed: {type(fault).__name__}: {fault}"
            await self._give_up(run_id, Failure(code=ReasonCode.ENGINE_ERROR, reason=reason))

    async def _give_up(self, run_id: RunId, failure: Failure) -> None:
        try:
            await self.fail(run_id, failure)
        except Exception:  # noqa: BLE001 the scheduler outlives everything: whoever wakes the run tries again
            _log.exception("a run cannot be ended", extra={"run": run_id})

    async def _carry_on(self, run_id: RunId) -> None:
        run = await self._store.runs.get(run_id)
        while run is not None and run.status not in TERMINAL:
            notes = Notes.of(run)
            progress = progress_of(run, notes)
            decision = await self._decider.decide(command_for(progress), run, notes)
            if decision.waits:
                return
            event = decision.event
            try:
                run = await self._write(run, decision, progress, event)
            except LocksHeld as held:
                event = NotYet(note=await self._why_locked(held))
                run = await self._write(run, Decision(notes=notes, wake_after=_LOCK_RETRY), progress, event)
            if isinstance(event, NotYet):
                return

    async def _why_locked(self, held: LocksHeld) -> str:
        holder = await self._store.runs.get(held.holder)
        if holder is None or holder.status is not RunStatus.FAILED_UNSAFE_ACK:
            return str(held)
        return f"{held}, which failed after it may have changed something, until somebody has looked and frees it"

    async def _write(self, run: Run, decision: Decision, before: Progress, event: Event | None) -> Run:
        after = before if event is None else advance(before, event)[0]
        return await self._commit(run, decision, before, after)

    async def _commit(self, run: Run, decision: Decision, before: Progress, after: Progress) -> Run:
        written = await self._store.runs.commit(
            RunChange(
                run=_moved(run, decision, after),
                context=None if decision.entities is None else decision.entities.to_json(),
                jobs=decision.jobs,
                events=(*decision.events, *_run_events(before, after)),
                acknowledge=decision.acknowledge,
                cancel_jobs=decision.cancel_jobs,
                lock=decision.lock,
                unlock=decision.unlock,
                wake_after=decision.wake_after,
                apply=decision.apply,
            )
        )
        if decision.apply is not None and (refused := decision.apply.events()):
            await self._store.events.append(run.id, refused)
        return written


def _moved(run: Run, decision: Decision, after: Progress) -> Run:
    kept = decision.notes.model_copy(update={"cursor": after.cursor, "changed": after.changed})
    return replace(
        run,
        status=after.status,
        state=kept.to_json(),
        parameters=run.parameters if decision.parameters is None else decision.parameters,
        reason=after.failure.reason if after.failure else None,
        reason_code=after.failure.code if after.failure else None,
        unsafe_cause=after.unsafe_cause,
        retry_note=after.note,
    )


def _run_events(before: Progress, after: Progress) -> tuple[NewEvent, ...]:
    """One event for each transition."""
    if after.status is before.status:
        return ()
    data: JsonObject = {"status": after.status.value}
    if after.failure is not None:
        data |= {"reasonCode": after.failure.code.value, "reason": after.failure.reason}
    if after.unsafe_cause is not None:
        data["unsafeCause"] = after.unsafe_cause.value
    if after.note is not None:
        data["retryNote"] = after.note
    return (NewEvent(kind=EventKind.RUN, data=data),)
