"""Jobs as an operator sees them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from neops.engine.api.answers import answer, answer_all, not_found
from neops.engine.api.messages import job_message
from neops.engine.api.services import Parts
from neops.engine.store.records import JobId
from neops.protocol import JobResultData, JobStatus, JobSummary

router = APIRouter(prefix="/blackboard/jobs", tags=["jobs"])


@router.get("/active", response_model=list[JobSummary])
async def active(parts: Parts) -> Response:
    """Jobs that are not over, and those that ended in the last five minutes."""
    return answer_all([job_message(job) for job in await parts.store.jobs.find(active=True)])


@router.get("", response_model=list[JobSummary])
async def find(parts: Parts, status: JobStatus | None = None) -> Response:
    return answer_all([job_message(job) for job in await parts.store.jobs.find(status=status)])


@router.get("/{id}/result", response_model=JobResultData)
async def result(id: str, parts: Parts) -> Response:  # noqa: A002
    """The whole message and data of one job."""
    job = await parts.store.jobs.get(JobId(id))
    if job is None:
        raise not_found(f"there is no job {id}")
    return answer(
        JobResultData.model_validate(
            {"data": None, "message": None, "retryable": None}
            | (job.result or {})
            | {"job_id": job.id, "result_status": job.result_status}
        )
    )
