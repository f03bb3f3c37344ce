"""Workflow executions ("runs"): starting them, what they say about themselves."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from neops.protocol.message import Bool, EntityId, JsonObject, Maybe, Message, Timestamp
from neops.protocol.patterns import SemverRefText


class RunStatus(StrEnum):
    """Where a run is. Only the three `*_ACK` are final for a client: by then entities are updated and locks free."""

    NEW = "new"
    VALID = "valid"
    BLOCKED_WAITING = "blocked_waiting"
    READY = "ready"
    RESOURCE_DISCOVERY = "resource_discovery"
    RESOURCES_DISCOVERED = "resources_discovered"
    SCHEDULED = "scheduled"
    LOCKING = "locking"
    LOCKED = "locked"
    RUNNING = "running"
    ERROR = "error"
    ROLLBACK = "rollback"
    COMPLETED = "completed"
    FAILED_SAFE = "failed_safe"
    FAILED_UNSAFE = "failed_unsafe"
    COMPLETED_ACK = "completed_ack"
    FAILED_SAFE_ACK = "failed_safe_ack"
    FAILED_UNSAFE_ACK = "failed_unsafe_ack"


class ReasonCode(StrEnum):
    """The first thing that failed in a run."""

    INVALID_WORKFLOW = "invalid_workflow"
    UNRESOLVED_REFERENCE = "unresolved_reference"
    INVALID_PARAMETERS = "invalid_parameters"
    INTERPOLATION_FAILED = "interpolation_failed"
    LOCK_REFUSED = "lock_refused"
    ACQUIRE_FAILED = "acquire_failed"
    STEP_FAILED = "step_failed"
    INVALID_RESULT = "invalid_result"
    ASSERTION_FAILED = "assertion_failed"
    JOB_TIMED_OUT = "job_timed_out"
    UNLOCK_FAILED = "unlock_failed"
    WORKER_LOST = "worker_lost"
    ABORTED = "aborted"
    ENGINE_ERROR = "engine_error"


class UnsafeCause(StrEnum):
    """Why the network may be left half changed."""

    ROLLBACK_FAILED = "rollback_failed"
    ROLLBACK_BLOCKED = "rollback_blocked"
    UNLOCK_FAILED = "unlock_failed"
    ENGINE_FAULT = "engine_fault"


class TriggerType(StrEnum):
    """Who started a run."""

    MANUAL = "MANUAL"
    API = "API"
    CRON = "CRON"


class AuthorityBasis(StrEnum):
    """Under which authorization mode a run was started."""

    ENFORCED = "enforced"
    PERMISSIVE = "permissive"
    DISABLED = "disabled"


class RunTargets(Message):
    """The seed entities of a run: by id, or by a query of the CMS."""

    ids: Maybe[list[EntityId]] = None
    query: Maybe[str] = None


class ExecuteWorkflow(Message):
    """Body of `POST /workflow-execution`. `workflow` may be a partial version: the newest match is pinned."""

    workflow: SemverRefText
    workflow_execution_id: Maybe[str] = None
    execute_on_parameters: RunTargets
    parameters: JsonObject


class RunContext(Message):
    """The entities of a run, as plain objects with secrets masked."""

    devices: list[JsonObject] = Field(default_factory=list)
    device_groups: list[JsonObject] = Field(default_factory=list)
    interfaces: list[JsonObject] = Field(default_factory=list)


class HeldLocks(Message):
    """Ids of the entities a run holds locked."""

    devices: list[EntityId] = Field(default_factory=list)
    device_groups: list[EntityId] = Field(default_factory=list)
    interfaces: list[EntityId] = Field(default_factory=list)


class RunSummary(Message):
    """A run in a list."""

    uuid: str
    workflow_id: str
    workflow_name: str
    status: RunStatus
    reason: Maybe[str] = None
    reason_code: Maybe[ReasonCode] = None
    unsafe_cause: Maybe[UnsafeCause] = None
    retry_note: Maybe[str] = None
    created_at: Timestamp
    updated_at: Timestamp
    started_by: Maybe[str] = None
    started_by_username: Maybe[str] = None
    aborted_by: Maybe[str] = None
    aborted_by_username: Maybe[str] = None
    trigger_type: Maybe[TriggerType] = None
    authority_basis: Maybe[AuthorityBasis] = None
    started_at: Maybe[Timestamp] = None
    finished_at: Maybe[Timestamp] = None
    execute_on_parameters: RunTargets
    cms_resources_locked: Bool


class RunEntry(RunSummary):
    """A run with its parameters; only `GET /workflow-execution/id/{id}` fills `context`."""

    parameters: JsonObject
    context: Maybe[RunContext] = None
    held_locks: Maybe[HeldLocks] = None
