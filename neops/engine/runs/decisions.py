"""Carrying out the state machine's commands: each gives an event for it and what is to be written with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from neops.cms import Author, EntitySet, EntityStore, Refused, apply_updates
from neops.engine.runs.acquiring import AcquireFailed, acquire_jobs, take_in
from neops.engine.runs.entities import RunEntities
from neops.engine.runs.machine import Command, Done, Event, Failed, Failure, NotYet, StepEnded
from neops.engine.runs.plan import Notes, OpenStep, StepPlan
from neops.engine.runs.preparation import prepare
from neops.engine.runs.settling import results_of, settle, updates_of
from neops.engine.runs.starting import start, targets
from neops.engine.store.changes import LockRequest, NewEvent, NewJob
from neops.engine.store.port import Store
from neops.engine.store.records import EventKind, Job, Run, StepKey
from neops.engine.workflows.expressions import holds
from neops.engine.workflows.scope import ContextDocument, Scope
from neops.entities import EntityType, EntityUpdate
from neops.errors import ExpressionInvalid, QueryInvalid
from neops.protocol import JsonObject, ReasonCode, RunStatus

ACQUIRE_STEP = StepKey("acquire")
_PAGE = 1000
"""Jobs read at a time when a step is settled."""
_ASK_AGAIN = timedelta(seconds=1)
"""How long a run waits before it asks for held locks, or for its condition, again."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What came of a command. Without an `event` the run stays where it is and waits."""

    event: Event | None = None
    notes: Notes
    parameters: JsonObject | None = None
    """The run's parameters, completed; None: as they are."""
    entities: RunEntities | None = None
    jobs: tuple[NewJob, ...] = ()
    events: tuple[NewEvent, ...] = ()
    acknowledge: tuple[StepKey, ...] = ()
    cancel_jobs: bool = False
    lock: LockRequest | None = None
    unlock: bool = False
    wake_after: timedelta | None = None
    apply: UpdateApplication | None = None
    waits: bool = False
    """There is nothing to write: a job, a lock or a timer will wake the run."""


class UpdateApplication:
    """Applies a run's entity updates in the transaction of its commit, and remembers what was refused."""

    def __init__(self, updates: Sequence[EntityUpdate], author: Author) -> None:
        self._updates, self._author = updates, author
        self._refused: tuple[Refused, ...] = ()

    def __call__(self, connection: Connection, now: datetime) -> None:
        self._refused = apply_updates(connection, self._updates, now, self._author).refused

    def events(self) -> tuple[NewEvent, ...]:
        """A warning for each update that could not be applied."""
        return tuple(
            NewEvent(kind=EventKind.LOG, data={"level": "WARNING", "message": f"update refused: {one}"})
            for one in self._refused
        )


def _author(run: Run) -> Author:
    return Author(name=run.started_by_username or f"run of {run.workflow_id}", run=run.id)


class Decider:
    """Carries out commands for any run. It keeps nothing between calls."""

    def __init__(
        self, store: Store, cms: EntityStore, *, cancel_grace: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._cms = store, cms
        self._cancel_grace, self._clock = cancel_grace, clock

    async def decide(self, command: Command, run: Run, notes: Notes) -> Decision:
        """Carry out a command.

        Raises:
            Exception: a fault of the engine; the caller ends the run with `engine_error`.
        """
        match command:
            case Command.PREPARE:
                return await self._prepare(run, notes)
            case Command.CHECK_CONDITION:
                return _check_condition(run, notes)
            case Command.DISCOVER:
                return await self._discover(run, notes)
            case Command.TAKE_IN_ACQUIRED:
                return await self._take_in_acquired(run, notes)
            case Command.LOCK:
                return await self._lock(run, notes)
            case Command.RUN_STEP:
                return await self._run_step(run, notes)
            case Command.STOP_JOBS:
                return await self._stop_jobs(run, notes)
            case Command.SETTLE:
                return await self._settle(run, notes)
            case _:
                return Decision(event=Done(), notes=notes)

    async def _prepare(self, run: Run, notes: Notes) -> Decision:
        definition = await self._store.definitions.get(run.workflow_id, deleted=True)
        blocks = await self._store.blocks.find()
        if definition is None:
            failure = Failure(code=ReasonCode.UNRESOLVED_REFERENCE, reason=f"there is no workflow {run.workflow_id}")
            return Decision(event=Failed(failure=failure), notes=notes)
        prepared = prepare(definition.document, blocks, run.parameters)
        return Decision(event=prepared.event, notes=prepared.notes, parameters=prepared.parameters)

    async def _discover(self, run: Run, notes: Notes) -> Decision:
        try:
            found = await self._store.read(lambda connection: self._seed(connection, run, notes.seed))
        except QueryInvalid as problem:
            return _failed(notes, ReasonCode.ACQUIRE_FAILED, str(problem))
        entities = RunEntities.of(found)
        if notes.seed is not EntityType.GLOBAL and not entities.of_kind(notes.seed):
            return _failed(notes, ReasonCode.ACQUIRE_FAILED, _nothing_found(run, notes.seed))
        scope = Scope(parameters=run.parameters, context=entities.document())
        jobs = acquire_jobs(notes.steps, ACQUIRE_STEP, entities, scope)
        after = notes.model_copy(update={"acquiring": bool(jobs)})
        return Decision(event=Done(), notes=after, entities=entities, jobs=jobs)

    def _seed(self, connection: Connection, run: Run, seed: EntityType) -> EntitySet:
        if seed is EntityType.GLOBAL:
            return EntitySet()
        ids = self._cms.ids(connection, seed, query=run.targets.query or "", ids=run.targets.ids)
        return self._cms.related(connection, seed, ids)

    async def _take_in_acquired(self, run: Run, notes: Notes) -> Decision:
        if not notes.acquiring:
            return Decision(event=Done(), notes=notes)
        if (await self._store.runs.outcomes(run.id, ACQUIRE_STEP)).open:
            return Decision(notes=notes, waits=True)
        jobs = await self._jobs(run, ACQUIRE_STEP)
        entities = await self._entities(run)
        try:
            taken = await self._store.read(lambda connection: take_in(connection, self._cms, entities, jobs))
        except AcquireFailed as problem:
            return _failed(notes, ReasonCode.ACQUIRE_FAILED, str(problem))
        return Decision(event=Done(), notes=notes, entities=taken, acknowledge=(ACQUIRE_STEP,))

    async def _lock(self, run: Run, notes: Notes) -> Decision:
        keys = (await self._entities(run)).lock_keys(notes.seed)
        return Decision(event=Done(), notes=notes, lock=LockRequest(keys=keys, exclusive=not notes.all_pure))

    async def _run_step(self, run: Run, notes: Notes) -> Decision:
        step = notes.steps[notes.cursor]
        if notes.open_step is None:
            return await self._start_step(run, notes, step)
        if (await self._store.runs.outcomes(run.id, step.key)).open:
            return Decision(notes=notes, waits=True)
        return await self._settle_step(run, notes, step, notes.open_step)

    async def _start_step(self, run: Run, notes: Notes, step: StepPlan) -> Decision:
        entities = await self._entities(run)
        chosen = targets(step, entities, notes.excluded.get(step.run_on, ()))
        scope = await self._scope(run, notes, step, entities)
        started = await asyncio.to_thread(start, step, entities, scope, chosen, notes.cursor)
        opened = started.open_step
        events = [_step_event(step, "started", jobs=len(started.jobs), skipped=opened.skipped)]
        events += [_step_event(step, "failed", entity_id=one.entity_id, message=one.message) for one in opened.unfit]
        return Decision(notes=notes.model_copy(update={"open_step": opened}), jobs=started.jobs, events=tuple(events))

    async def _settle_step(self, run: Run, notes: Notes, step: StepPlan, opened: OpenStep) -> Decision:
        jobs = await self._jobs(run, step.key)
        block = await self._store.blocks.get(step.block, deleted=True)
        settled = settle(opened, jobs, block.result_schema if block else {})
        entities = await self._entities(run)
        changed = settled.ran and not step.pure
        failure = settled.failure(step, entities)
        counts = {"succeeded": len(jobs) + len(opened.unfit) - len(settled.unfit), "failed": len(settled.unfit)}
        gone = {one.entity_id for one in settled.unfit if one.entity_id is not None}
        excluded = {**notes.excluded, step.run_on: (*notes.excluded.get(step.run_on, ()), *sorted(gone))}
        after = notes.model_copy(update={"open_step": None, "excluded": excluded})
        event: Event = StepEnded(changed=changed)
        if failure is not None:
            event = Failed(failure=failure, changed=changed)
        return Decision(
            event=event,
            notes=after,
            entities=entities.updated(settled.updates) if settled.updates else None,
            events=(_step_event(step, "failed" if failure else "finished", skipped=opened.skipped, **counts),),
            acknowledge=(step.key,),
        )

    async def _stop_jobs(self, run: Run, notes: Notes) -> Decision:
        """End what is open; wait for leased jobs, but no longer than the cancel grace."""
        if not notes.stopping:
            stopping = notes.model_copy(update={"stopping": True})
            return Decision(notes=stopping, cancel_jobs=True, wake_after=self._cancel_grace)
        open_jobs = 0
        if notes.open_step is not None and notes.cursor < len(notes.steps):
            open_jobs = (await self._store.runs.outcomes(run.id, notes.steps[notes.cursor].key)).open
        if open_jobs and run.wake_at is not None and self._clock() < run.wake_at:
            return Decision(notes=notes, waits=True)
        return Decision(event=Done(), notes=notes)

    async def _settle(self, run: Run, notes: Notes) -> Decision:
        if run.status is RunStatus.COMPLETED and not notes.applied:
            updates = [
                update for step in notes.steps for job in await self._jobs(run, step.key) for update in updates_of(job)
            ]
            application = UpdateApplication(updates, _author(run)) if updates else None
            return Decision(notes=notes.model_copy(update={"applied": True}), apply=application)
        return Decision(event=Done(), notes=notes, unlock=run.status is not RunStatus.FAILED_UNSAFE)

    async def _entities(self, run: Run) -> RunEntities:
        return RunEntities.from_json(await self._store.runs.context(run.id))

    async def _jobs(self, run: Run, step: StepKey) -> list[Job]:
        jobs: list[Job] = []
        while page := await self._store.runs.jobs(run.id, step, after=jobs[-1].id if jobs else None, limit=_PAGE):
            jobs += page
            if len(page) < _PAGE:
                break
        return jobs

    async def _scope(self, run: Run, notes: Notes, step: StepPlan, entities: RunEntities) -> Scope:
        """What the step's expressions can see; results of earlier steps only where their label is mentioned."""
        mentions = f"{step.condition} {step.assertions} {step.parameters}"
        results = {
            earlier.label: results_of(earlier, await self._jobs(run, earlier.key))
            for earlier in notes.steps[: notes.cursor]
            if earlier.label in mentions
        }
        return Scope(parameters=run.parameters, context=entities.document(), results=results)


def _check_condition(run: Run, notes: Notes) -> Decision:
    if notes.condition is None:
        return Decision(event=Done(), notes=notes)
    document = Scope(parameters=run.parameters, context=ContextDocument()).document()
    try:
        held = holds(notes.condition, document)
    except ExpressionInvalid as problem:
        return _failed(notes, ReasonCode.INVALID_WORKFLOW, str(problem))
    if held:
        return Decision(event=Done(), notes=notes)
    note = f"waits for its condition: {notes.condition}"
    return Decision(event=NotYet(note=note), notes=notes, wake_after=_ASK_AGAIN)


def _failed(notes: Notes, code: ReasonCode, reason: str) -> Decision:
    return Decision(event=Failed(failure=Failure(code=code, reason=reason)), notes=notes)


def _nothing_found(run: Run, seed: EntityType) -> str:
    if run.targets.ids is not None:
        return f"no {seed} has one of the ids that the run was started on"
    return f"no {seed} matches the query {run.targets.query or '*'!r}"


def _step_event(step: StepPlan, status: str, *, entity_id: int | None = None, **data: int | str) -> NewEvent:
    body: JsonObject = {"status": status, **data}
    return NewEvent(kind=EventKind.STEP, data=body, step_label=step.label, entity_id=entity_id)
