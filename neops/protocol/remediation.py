"""The ledger of what a failed run did, and what an operator does about it."""

from __future__ import annotations

from enum import StrEnum

from neops.entities import EntityType
from neops.protocol.message import Bool, Count, EntityId, Maybe, Message, Timestamp
from neops.protocol.runs import RunStatus


class RemediationEntryState(StrEnum):
    """What became of one executed job."""

    OPEN = "open"
    ROLLBACK_IN_PROGRESS = "rollback_in_progress"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_FAILED = "rollback_failed"
    RESOLVED = "resolved"


class RemediationEntry(Message):
    """One executed non-pure job of a failed run."""

    job_uuid: str
    step_label: str
    entity_id: EntityId | None
    run_on: EntityType
    function_block: str
    reversible: Bool
    execution_wave: Count
    state: RemediationEntryState
    rollback_job_uuids: list[str]
    rollbackable_now: Bool
    rollback_blocked_by: list[str]
    resolved_by: str | None
    resolved_by_username: str | None
    resolved_at: Timestamp | None
    resolution_note: str | None


class RemediationLedger(Message):
    """Answer to `GET /workflow-execution/{id}/remediation`, newest wave first."""

    workflow_execution_id: str
    status: RunStatus
    reason: str
    cms_resources_locked: Bool
    complete: Bool
    entries: list[RemediationEntry]


class RemediationResolve(Message):
    """Body of `…/remediation/resolve`: an operator took care of these entries. Exactly one of `jobs` and `all`."""

    jobs: Maybe[list[str]] = None
    all: Maybe[Bool] = None
    note: str
    continue_rollback: Bool = False


class RemediationResolved(Message):
    """Answer to `…/remediation/resolve`."""

    resolved_jobs: list[str]
    created_rollback_jobs: list[str]
    ledger: RemediationLedger


class RemediationRollback(Message):
    """Body of `…/remediation/rollback`: undo these entries. Exactly one of `jobs` and `all`."""

    jobs: Maybe[list[str]] = None
    all: Maybe[Bool] = None


class RemediationRollbackStarted(Message):
    """Answer to `…/remediation/rollback`."""

    created_rollback_jobs: list[str]
    ledger: RemediationLedger
