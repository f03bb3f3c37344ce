"""What the store keeps, as it hands it out. All times are aware datetimes of the store's own clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from neops.entities import EntityType
from neops.protocol import (
    AuthorityBasis,
    FunctionBlockType,
    JobResultStatus,
    JobStatus,
    JobType,
    JsonObject,
    ReasonCode,
    RunStatus,
    RunTargets,
    TriggerType,
    UnsafeCause,
    WorkerState,
)

WorkerId = NewType("WorkerId", str)
BlockId = NewType("BlockId", str)
"""`package/name:major.minor.patch`"""
DefinitionId = NewType("DefinitionId", str)
"""`package/name:major.minor.patch`"""
RunId = NewType("RunId", str)
JobId = NewType("JobId", str)
StepKey = NewType("StepKey", str)
"""One execution of one step, unique in its run. A label is not: steps repeat, and embedded workflows reuse labels."""
ArtifactId = NewType("ArtifactId", str)

TERMINAL = frozenset({RunStatus.COMPLETED_ACK, RunStatus.FAILED_SAFE_ACK, RunStatus.FAILED_UNSAFE_ACK})
"""The statuses a run never leaves by itself."""


@dataclass(frozen=True, kw_only=True, order=True)
class Version:
    """A semantic version."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A registered worker. `state` is worked out from its last heartbeat when it is read."""

    id: WorkerId
    version: str
    name: str | None
    ip_address: str | None
    extensions: frozenset[str]
    state: WorkerState
    last_ping_at: datetime
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Block:
    """A function block as it was registered: the engine knows no more of it than this."""

    id: BlockId
    package: str
    name: str
    version: Version
    run_on: str
    type: FunctionBlockType
    description: str
    markdown_help_text: str
    deprecated: bool
    parameter_schema: JsonObject
    result_schema: JsonObject
    idempotent: bool
    pure: bool
    reversible: bool
    own_acquire: bool
    """Whether its steps get an ACQUIRE job; true also for a block whose registration does not say."""
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None

    @property
    def repeatable(self) -> bool:
        """Whether it may run a second time when nobody knows how far the first went."""
        return self.pure or self.idempotent


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One published version of a workflow. Its document never changes."""

    id: DefinitionId
    package: str
    name: str
    version: Version
    document: JsonObject
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    created_by: str | None
    created_by_username: str | None


@dataclass(frozen=True, kw_only=True)
class Run:
    """One execution of a workflow, without its context (which may be large: `RunStore.context`)."""

    id: RunId
    workflow_id: DefinitionId
    workflow_name: str
    status: RunStatus
    revision: int
    """Counts commits. A commit names the revision it was decided on and fails when another one came first."""
    parameters: JsonObject
    targets: RunTargets
    state: JsonObject
    """The scheduler's notes on where the run stands. The store does not look inside."""
    reason: str | None
    reason_code: ReasonCode | None
    unsafe_cause: UnsafeCause | None
    retry_note: str | None
    trigger: TriggerType | None
    authority_basis: AuthorityBasis | None
    started_by: str | None
    started_by_username: str | None
    aborted_by: str | None
    aborted_by_username: str | None
    parent: RunId | None
    locked: bool
    """Whether it holds locks on entities."""
    wake_at: datetime | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobEnding(StrEnum):
    """Why a job is over."""

    RESULT = "result"
    """A worker answered."""
    CANCELED = "canceled"
    """The run failed or was aborted before a worker took it."""
    NEVER_POLLED = "never_polled"
    """No online worker offered its block for too long."""
    WORKER_LOST = "worker_lost"
    """Its worker stopped renewing the lease."""
    TIMED_OUT = "timed_out"
    """Its deadline passed and the worker did not say so."""
    UNDELIVERABLE = "undeliverable"
    """It could not be put into a message a worker understands."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job, without its parameters and context."""

    id: JobId
    run: RunId
    step: StepKey
    step_label: str
    wave: int
    type: JobType
    block: BlockId
    run_on: EntityType
    entity_id: int | None
    status: JobStatus
    ending: JobEnding | None
    """None until `status` is PUSHED."""
    result_status: JobResultStatus | None
    attempt: int
    replaces: JobId | None
    superseded: bool
    """Another attempt took its place: it counts no more."""
    worker: WorkerId | None
    worker_name: str | None
    worker_deleted: bool
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    deadline: datetime | None
    result: JsonObject | None
    """`JobExecutionResult` as JSON; None until there is one."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A job that a worker was given, with what it needs to run it. Devices' credentials are not in `context`."""

    job: JobId
    run: RunId
    worker: WorkerId
    token: str
    attempt: int
    expires_at: datetime
    deadline: datetime | None
    step_label: str
    type: JobType
    block: BlockId
    run_on: EntityType
    entity_id: int | None
    parameters: JsonObject
    context: JsonObject
    forward_result: JsonObject | None


@dataclass(frozen=True, kw_only=True)
class StepOutcomes:
    """How many of a step's jobs are where. Superseded attempts are not counted."""

    pending: int = 0
    leased: int = 0
    succeeded: int = 0
    failed: int = 0
    """Answered with a failure, lost, or timed out."""
    canceled: int = 0

    @property
    def open(self) -> int:
        return self.pending + self.leased

    @property
    def total(self) -> int:
        return self.open + self.succeeded + self.failed + self.canceled


class EventKind(StrEnum):
    """What an event is about; its data has these keys.

    RUN: status, and what of reasonCode, reason, unsafeCause, retryNote is known.
    STEP: status (started, finished, failed, skipped) and counts.
    JOB: status (pending, polled, pushed), attempt, what there is of ending, resultStatus, message, workerId, replaces.
    LOG: level, message, loggedAt. PROGRESS: done, total, message. ARTIFACT: artifactId, name, size, sha256.
    """

    RUN = "run"
    STEP = "step"
    JOB = "job"
    LOG = "log"
    PROGRESS = "progress"
    ARTIFACT = "artifact"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line of a run's log. `seq` counts from 1 without a gap."""

    run: RunId
    seq: int
    at: datetime
    kind: EventKind
    step_label: str | None
    job: JobId | None
    entity_id: int | None
    data: JsonObject


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A file that a job left; its bytes are found by `sha256`."""

    id: ArtifactId
    run: RunId
    job: JobId | None
    step_label: str | None
    entity_id: int | None
    name: str
    media_type: str
    size: int
    sha256: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True, order=True)
class LockKey:
    """An entity that can be locked."""

    entity: EntityType
    id: int


@dataclass(frozen=True, kw_only=True)
class Signal:
    """What a commit changed, for those who wait: hints, never the truth. Look into the store again."""

    jobs_queued: bool = False
    jobs_canceled: bool = False
    """A leased job is to stop."""
    advanced: frozenset[RunId] = field(default=frozenset())
    """Runs that may go on: created, a step's last open job answered, or a job ended by the store."""
    logged: frozenset[RunId] = field(default=frozenset())
    """Runs with new events."""
