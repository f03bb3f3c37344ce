"""Jobs and workers' doings as an operator sees them."""

from __future__ import annotations

from enum import StrEnum

from neops.protocol.jobs import JobType
from neops.protocol.message import Bool, Count, EntityId, JsonObject, Maybe, Message, Timestamp
from neops.protocol.patterns import Label
from neops.protocol.results import JobResultStatus


class JobStatus(StrEnum):
    """Where a job is: waiting, leased to a worker, or answered."""

    PENDING = "pending"
    POLLED = "polled"
    PUSHED = "pushed"


class JobSummary(Message):
    """A job in a list."""

    function_block_id: str
    job_id: str
    step_label: Maybe[Label] = None
    status: Maybe[JobStatus] = None
    type: JobType
    result_status: Maybe[JobResultStatus] = None
    worker_id: str | None
    worker_name: str | None
    worker_deleted: Bool
    workflow_execution_id: str
    entity_id: EntityId | None
    created_at: Timestamp
    updated_at: Timestamp
    started_at: Timestamp | None
    finished_at: Timestamp | None
    retry_count: Count
    canceled: Bool
    result_message: str | None
    result_data: Maybe[JsonObject] = None
    result_data_omitted: Maybe[Bool] = None


class JobResultData(Message):
    """Answer to `GET /blackboard/jobs/{jobId}/result`: the whole message and data."""

    job_id: str
    result_status: JobResultStatus | None
    message: str | None
    data: JsonObject | None
    retryable: Bool | None
