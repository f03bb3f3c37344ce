"""The run's state machine: `(progress, event) → (progress, command)`, and nothing else.

It has no clock, no database and no network. The scheduler carries out the command, and what comes of it is the next
event.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from neops.engine.runs.states import ACKNOWLEDGED, BEFORE_RUNNING, MOVES
from neops.protocol import ReasonCode, RunStatus, UnsafeCause


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The first thing that failed in a run."""

    code: ReasonCode
    reason: str


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands, as far as decisions depend on it.

    `cursor` counts the steps that are over, of `steps`. `changed` says that a block that is not pure has run. `note`
    says what the run waits for.
    """

    status: RunStatus = RunStatus.NEW
    steps: int = 0
    cursor: int = 0
    changed: bool = False
    failure: Failure | None = None
    unsafe_cause: UnsafeCause | None = None
    note: str | None = None


class Command(StrEnum):
    """What the scheduler shall do next."""

    PREPARE = "resolve blocks, pin versions, check document and parameters"
    CHECK_CONDITION = "evaluate the root condition"
    DISCOVER = "resolve the seed and send ACQUIRE jobs"
    TAKE_IN_ACQUIRED = "wait for the ACQUIRE jobs and take in what they ask for"
    SCHEDULE = "put the run in line for its locks"
    ASK_LOCKS = "say that locks are asked for"
    LOCK = "take all locks at once"
    START = "begin"
    RUN_STEP = "start the step at the cursor, or settle it when its jobs are over"
    STOP_JOBS = "end pending jobs, cancel leased ones, wait for them"
    SETTLE = "apply entity updates, release locks"
    REST = "nothing: the run is over"


@dataclass(frozen=True, kw_only=True)
class Done:
    """The command was carried out."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Document, blocks and parameters are valid; the run has this many steps."""

    steps: int


@dataclass(frozen=True, kw_only=True)
class NotYet:
    """The root condition does not hold, or another run holds an entity: `note` says which."""

    note: str


@dataclass(frozen=True, kw_only=True)
class StepEnded:
    """The step at the cursor is over. `changed`: a block that is not pure ran in it."""

    changed: bool


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A step, the preparation, the engine itself failed, or an operator aborted the run."""

    failure: Failure
    changed: bool = False


Event = Done | Prepared | NotYet | StepEnded | Failed

_COMMANDS = {
    RunStatus.NEW: Command.PREPARE,
    RunStatus.VALID: Command.CHECK_CONDITION,
    RunStatus.BLOCKED_WAITING: Command.CHECK_CONDITION,
    RunStatus.READY: Command.DISCOVER,
    RunStatus.RESOURCE_DISCOVERY: Command.TAKE_IN_ACQUIRED,
    RunStatus.RESOURCES_DISCOVERED: Command.SCHEDULE,
    RunStatus.SCHEDULED: Command.ASK_LOCKS,
    RunStatus.LOCKING: Command.LOCK,
    RunStatus.LOCKED: Command.START,
    RunStatus.RUNNING: Command.RUN_STEP,
    RunStatus.ERROR: Command.STOP_JOBS,
    RunStatus.ROLLBACK: Command.STOP_JOBS,
    RunStatus.COMPLETED: Command.SETTLE,
    RunStatus.FAILED_SAFE: Command.SETTLE,
    RunStatus.FAILED_UNSAFE: Command.SETTLE,
}

_AFTER_DONE = {
    RunStatus.VALID: RunStatus.READY,
    RunStatus.BLOCKED_WAITING: RunStatus.READY,
    RunStatus.READY: RunStatus.RESOURCE_DISCOVERY,
    RunStatus.RESOURCE_DISCOVERY: RunStatus.RESOURCES_DISCOVERED,
    RunStatus.RESOURCES_DISCOVERED: RunStatus.SCHEDULED,
    RunStatus.SCHEDULED: RunStatus.LOCKING,
    RunStatus.LOCKING: RunStatus.LOCKED,
    RunStatus.LOCKED: RunStatus.RUNNING,
    **ACKNOWLEDGED,
}


def command_for(progress: Progress) -> Command:
    """What is to be done with a run that stands here."""
    return _COMMANDS.get(progress.status, Command.REST)


def advance(progress: Progress, event: Event) -> tuple[Progress, Command]:
    """The run after an event, and what to do next. An event that does not fit changes nothing."""
    after = _after(progress, event)
    if after.status not in MOVES[progress.status] and after.status is not progress.status:
        after = progress
    return after, command_for(after)


def _after(progress: Progress, event: Event) -> Progress:
    match event:
        case Failed():
            return _failed(progress, event)
        case Prepared():
            return replace(progress, status=RunStatus.VALID, steps=event.steps)
        case NotYet():
            return _waiting(progress, event.note)
        case StepEnded():
            return _step_ended(progress, event)
        case Done():
            return _done(progress)


def _failed(progress: Progress, event: Failed) -> Progress:
    failure, changed = progress.failure or event.failure, progress.changed or event.changed
    if progress.status in BEFORE_RUNNING:
        return replace(progress, status=RunStatus.FAILED_SAFE, failure=failure, note=None)
    if progress.status is RunStatus.RUNNING:
        return replace(progress, status=RunStatus.ERROR, failure=failure, changed=changed)
    return progress


def _waiting(progress: Progress, note: str) -> Progress:
    back = RunStatus.SCHEDULED if progress.status is RunStatus.LOCKING else RunStatus.BLOCKED_WAITING
    return replace(progress, status=back, note=note)


def _step_ended(progress: Progress, event: StepEnded) -> Progress:
    if progress.status is not RunStatus.RUNNING:
        return progress
    cursor = progress.cursor + 1
    status = RunStatus.RUNNING if cursor < progress.steps else RunStatus.COMPLETED
    return replace(progress, status=status, cursor=cursor, changed=progress.changed or event.changed)


def _done(progress: Progress) -> Progress:
    if progress.status is RunStatus.ERROR:
        return _classified(progress)
    return replace(progress, status=_AFTER_DONE.get(progress.status, progress.status), note=None)


def _classified(progress: Progress) -> Progress:
    """Safe when the network was only read; otherwise unsafe, until rolling back is done by the engine."""
    if not progress.changed:
        return replace(progress, status=RunStatus.FAILED_SAFE)
    return replace(progress, status=RunStatus.FAILED_UNSAFE, unsafe_cause=UnsafeCause.ROLLBACK_BLOCKED)
