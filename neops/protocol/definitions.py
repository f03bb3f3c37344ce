"""Workflow definitions: storing, publishing and comparing versions.

The document itself travels as a plain object here; `neops.engine.workflows.definition` knows its schema.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from neops.entities import EntityType
from neops.protocol.message import Bool, Count, JsonObject, Maybe, Message, Timestamp
from neops.protocol.runs import RunStatus, TriggerType

BumpName = Literal["major", "minor", "patch"]
AcceptableBump = Literal["patch", "minor"]
PublishRefusal = Literal[
    "BelowFloor",
    "MajorRequiresExplicit",
    "VersionAlreadyPublished",
    "VersionDeleted",
    "AcceptBumpMismatch",
    "InvalidParameter",
    "InvalidDocument",
    "LicenseLimitExceeded",
]


class FindingLevel(StrEnum):
    """How big a bump a finding asks for; `ADVISORY` asks for none."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    ADVISORY = "advisory"


class WorkflowDefinition(Message):
    """One stored version of a workflow, with its document."""

    id: str
    package: str
    name: str
    major_version: Count
    minor_version: Count
    patch_version: Count
    workflow_definition: JsonObject
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None
    created_by: str | None
    created_by_username: str | None


class LastRun(Message):
    """The newest run of a workflow."""

    id: str
    version: str
    status: RunStatus
    created_at: Timestamp
    trigger_type: TriggerType | None
    started_at: Timestamp | None
    finished_at: Timestamp | None


class WorkflowDefinitionSummary(Message):
    """One stored version of a workflow in a page."""

    id: str
    package: str
    name: str
    major_version: Count
    minor_version: Count
    patch_version: Count
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None
    created_by: str | None
    created_by_username: str | None
    description: str | None
    seed_entity: EntityType | None
    last_run_at: Timestamp | None
    last_run: LastRun | None


class PublishWorkflow(Message):
    """Body of `POST /workflow-definition/publish`."""

    workflow: JsonObject
    increment: Bool = False
    dry_run: Bool = False
    accept_bump: Maybe[AcceptableBump] = None


class FindingTarget(Message):
    """What a finding is about."""

    kind: Literal["step", "schemaProperty"]
    label: Maybe[str] = None
    property: Maybe[str] = None


class Finding(Message):
    """One difference between two versions of a workflow, and the bump it asks for."""

    code: str
    path: str
    message: str
    level: FindingLevel
    target: Maybe[FindingTarget] = None


class PublishResult(Message):
    """201 written; 200 unchanged, or what a dry run found."""

    dry_run: Maybe[Bool] = None
    id: Maybe[str] = None
    version: str
    status: Maybe[Literal["published", "unchanged"]] = None
    would_status: Maybe[Literal["published", "unchanged"] | PublishRefusal] = None
    bump: BumpName | None
    floor: BumpName | None
    declared_bump: Maybe[BumpName] = None
    suggested_version: Maybe[str] = None
    alternative_version: Maybe[str] = None
    revived: Maybe[Bool] = None
    would_revive: Maybe[Bool] = None
    would_exceed_license: Maybe[Bool] = None
    accepted_bump: Maybe[AcceptableBump] = None
    findings: list[Finding]


class PublishRetryWith(Message):
    """What to add to the same request to have it accepted."""

    accept_bump: Maybe[AcceptableBump] = None


class PublishBadRequest(Message):
    """400: the request itself is wrong."""

    status_code: Literal[400] = 400
    error: Literal["AcceptBumpMismatch", "InvalidParameter", "InvalidDocument"]
    sent: Maybe[AcceptableBump] = None
    expected: Maybe[AcceptableBump] = None
    retry_with: Maybe[PublishRetryWith] = None
    message: str
    hint: str


class PublishConflict(Message):
    """409: that version is taken, by other content or by a deleted version."""

    status_code: Literal[409] = 409
    error: Literal["VersionAlreadyPublished", "VersionDeleted"]
    suggested_version: str
    findings: Maybe[list[Finding]] = None
    message: str
    hint: str


class PublishRejected(Message):
    """422: the version says less than the change is."""

    status_code: Literal[422] = 422
    error: Literal["BelowFloor", "MajorRequiresExplicit"]
    floor: BumpName
    declared_bump: Maybe[BumpName] = None
    suggested_version: str
    alternative_version: Maybe[str] = None
    findings: list[Finding]
    retry_with: PublishRetryWith | None
    message: str
    hint: str


class ComparedVersion(Message):
    """One side of a comparison."""

    id: str
    version: str
    created_at: Timestamp
    created_by_username: str | None
    deleted_at: Timestamp | None


class WorkflowComparison(Message):
    """Answer to `GET /workflow-definition/compare`: `from_` is the older version."""

    from_: ComparedVersion = Field(alias="from")
    to: ComparedVersion
    floor: BumpName | None
    findings: list[Finding]
