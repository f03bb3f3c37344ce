"""What a job answers."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from neops.entities import EntityUpdate
from neops.protocol.acquire import JobAcquire
from neops.protocol.events import JobArtifact
from neops.protocol.message import Bool, JsonObject, Maybe, Message


class JobResultStatus(StrEnum):
    """Outcome of a job. A worker sends the plain ones; the engine adds `-ack` when it is done with a result."""

    SUCCESS = "success"
    SUCCESS_ACK = "success-ack"
    FAILED = "failed"
    FAILED_ACK = "failed-ack"


class JobError(Message):
    """What was raised in a job, for people: the type's name, the message, and the traceback if code broke."""

    type: str
    message: str
    traceback: Maybe[str] = None
    retryable: Maybe[Bool] = None


class DbUpdates(Message):
    """Changes to entities, in the order in which they apply."""

    updates: list[EntityUpdate] = Field(default_factory=list)


class JobExecutionResult(Message):
    """A block's answer. Only a successful EXECUTE carries `db_updates`."""

    db_updates: Maybe[DbUpdates] = None
    success: Bool
    message: Maybe[str] = None
    data: Maybe[JsonObject] = None
    retryable: Maybe[Bool] = None
    error: Maybe[JobError] = None


class JobResult(Message):
    """Body of `POST /blackboard/job/result`: 201 taken, 409 when another result was first."""

    job_execution_id: str
    status: JobResultStatus
    result: JobExecutionResult
    acquires: Maybe[list[JobAcquire]] = None
    lease_token: Maybe[str] = None
    artifacts: Maybe[list[JobArtifact]] = None
