"""What the store is asked to do: new rows, claims, results, and the one change of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from neops.engine.store.records import (
    BlockId,
    DefinitionId,
    EventKind,
    JobEnding,
    JobId,
    LockKey,
    Run,
    RunId,
    StepKey,
    Version,
    WorkerId,
)
from neops.entities import EntityType
from neops.protocol import (
    AuthorityBasis,
    FunctionBlockType,
    JobResultStatus,
    JobType,
    JsonObject,
    RunTargets,
    TriggerType,
)


@dataclass(frozen=True, kw_only=True)
class NewWorker:
    """A worker that registers. `lease` is how long a heartbeat keeps its jobs."""

    version: str
    name: str | None = None
    ip_address: str | None = None
    extensions: frozenset[str] = field(default=frozenset())
    lease: timedelta


@dataclass(frozen=True, kw_only=True)
class NewBlock:
    """A function block that a worker offers."""

    package: str
    name: str
    version: Version
    run_on: str
    type: FunctionBlockType
    description: str
    markdown_help_text: str = ""
    deprecated: bool = False
    parameter_schema: JsonObject
    result_schema: JsonObject
    idempotent: bool = False
    pure: bool = False
    reversible: bool = False
    own_acquire: bool = True

    @property
    def id(self) -> BlockId:
        return BlockId(f"{self.package}/{self.name}:{self.version}")


@dataclass(frozen=True, kw_only=True)
class NewDefinition:
    """A version of a workflow to keep."""

    package: str
    name: str
    version: Version
    document: JsonObject
    created_by: str | None = None
    created_by_username: str | None = None

    @property
    def id(self) -> DefinitionId:
        return DefinitionId(f"{self.package}/{self.name}:{self.version}")


@dataclass(frozen=True, kw_only=True)
class NewRun:
    """A run to start. Without an `id` the store gives it one."""

    id: RunId | None = None
    workflow_id: DefinitionId
    workflow_name: str
    parameters: JsonObject
    targets: RunTargets
    state: JsonObject = field(default_factory=dict)
    trigger: TriggerType | None = None
    authority_basis: AuthorityBasis | None = None
    started_by: str | None = None
    started_by_username: str | None = None
    parent: RunId | None = None


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """A job for the blackboard. `context` holds no credentials: they are added when a worker gets the job."""

    step: StepKey
    step_label: str
    wave: int = 0
    type: JobType
    block: BlockId
    run_on: EntityType
    entity_id: int | None
    parameters: JsonObject
    context: JsonObject
    forward_result: JsonObject | None = None
    priority: int = 0
    """Lower runs first; equal ones in the order in which they were created."""
    delay: timedelta = timedelta(0)
    """How long it stays out of the queue."""
    timeout: timedelta | None = None
    """From the moment a worker gets it."""
    repeatable: bool = False
    """Whether the store may replace it by another attempt when its worker is lost."""
    attempt: int = 1
    max_attempts: int = 3
    replaces: JobId | None = None


@dataclass(frozen=True, kw_only=True)
class NewEvent:
    """A line for the run's log; the store gives it time and number."""

    kind: EventKind
    data: JsonObject
    step_label: str | None = None
    job: JobId | None = None
    entity_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class LockRequest:
    """Entities a run wants for itself, all or none. Shared locks do not exclude each other."""

    keys: frozenset[LockKey]
    exclusive: bool = True


@dataclass(frozen=True, kw_only=True)
class RunChange:
    """All that one decision about a run changes; it happens as a whole or not at all.

    `run` is the run as it shall be, its `revision` the one that was read. The store sets `revision`, `wake_at` and the
    timestamps: `started_at` with RUNNING, `finished_at` with COMPLETED, FAILED_SAFE or FAILED_UNSAFE.
    Events of jobs (pending, canceled) are appended by the store, those of run and steps are in `events`.
    """

    run: Run
    context: JsonObject | None = None
    """The run's new context, None when it stays as it is."""
    jobs: tuple[NewJob, ...] = ()
    events: tuple[NewEvent, ...] = ()
    acknowledge: tuple[StepKey, ...] = ()
    """Steps whose results are taken in: their jobs' result status gains `-ack`."""
    cancel_jobs: bool = False
    """End the run's pending jobs, and ask workers to stop the leased ones."""
    lock: LockRequest | None = None
    unlock: bool = False
    wake_after: timedelta | None = None
    """When `Store.due` shall name the run; None: never by itself."""
    apply: Callable[[Connection, datetime], object] | None = None
    """More to do in the same transaction (entity updates), given the store's time.

    It runs on the store's thread: no await, no network.
    """


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A worker asks for up to `limit` jobs of exactly these blocks."""

    worker: WorkerId
    blocks: tuple[BlockId, ...]
    limit: int = 1
    lease: timedelta
    """How long the worker has until its first heartbeat."""
    confirms: bool = False
    """The worker begins a job only after a heartbeat that named it: unnamed, it goes back into the queue."""


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """A file that is kept under its hash already."""

    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Push:
    """A worker's answer to a job. A published worker sends no token: the job's id is its fence."""

    job: JobId
    token: str | None
    status: JobResultStatus
    result: JsonObject
    """`JobExecutionResult` as JSON; that of an ACQUIRE also has `acquires`."""
    files: tuple[KeptFile, ...] = ()
    """They become artifacts of the run together with the result."""


class PushOutcome(StrEnum):
    """What became of a pushed result."""

    STORED = "stored"
    REPEATED = "repeated"
    """The same lease sent it before: its answer was lost on the way. Nothing changed."""
    CONFLICT = "conflict"
    """The job is over, or another lease has it. The result was put aside as evidence."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class JobNote:
    """What a running job said: a log line or its progress, as the data of an event."""

    job: JobId
    token: str | None
    kind: EventKind
    data: JsonObject


@dataclass(frozen=True, kw_only=True)
class HeldLease:
    """A lease that a worker says it has."""

    job: JobId
    token: str | None


@dataclass(frozen=True, kw_only=True)
class Heartbeat:
    """Answer to a worker's heartbeat: its leases are renewed, and these of its jobs shall stop."""

    cancel: tuple[JobId, ...] = ()
    lost: tuple[JobId, ...] = ()
    """Jobs that the worker named and no longer holds."""


@dataclass(frozen=True, kw_only=True)
class EndedJob:
    """A job that the store ended by itself."""

    job: JobId
    run: RunId
    ending: JobEnding
    replaced_by: JobId | None = None


@dataclass(frozen=True, kw_only=True)
class Due:
    """What the clock has brought: jobs that entered the queue, runs to look at, and when the next of them is due."""

    jobs: int
    runs: tuple[RunId, ...]
    next_in: timedelta | None
