"""Workers: joining, leaving, listing. Pings are among the hot routes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from neops.engine.api.answers import answer, answer_all, empty, not_found
from neops.engine.api.messages import job_message, worker_message
from neops.engine.api.services import Parts, Services
from neops.engine.store.records import Worker, WorkerId
from neops.protocol import (
    JobStatus,
    JobSummary,
    RegisterWorker,
    WorkerActionResult,
    WorkerCleanupResult,
    WorkerRegistration,
    WorkerState,
)

router = APIRouter(prefix="/workers", tags=["workers"])

_log = logging.getLogger(__name__)


@router.post("/register", status_code=HTTPStatus.CREATED, response_model=WorkerRegistration)
async def register(worker: RegisterWorker, parts: Parts) -> Response:
    return answer(worker_message(await parts.blackboard.register(worker)), HTTPStatus.CREATED)


@router.post("/{uuid}/unregister", response_model=WorkerActionResult)
async def unregister(uuid: str, parts: Parts) -> Response:
    await parts.blackboard.unregister(WorkerId(uuid))
    return answer(WorkerActionResult(success=True))


@router.post("/cleanup", response_model=WorkerCleanupResult)
async def cleanup(parts: Parts) -> Response:
    """Delete the workers that were silent past the threshold."""
    return answer(await _delete(parts, await parts.store.workers.forgotten()))


@router.post("/cleanup-offline", response_model=WorkerCleanupResult)
async def cleanup_offline(parts: Parts) -> Response:
    """Delete all workers that are offline now."""
    offline = await parts.store.workers.find(state=WorkerState.OFFLINE)
    return answer(await _delete(parts, [worker.id for worker in offline]))


@router.get("", response_model=list[WorkerRegistration])
async def find(parts: Parts, findDeleted: bool = False, populateFunctionBlocks: bool = False) -> Response:  # noqa: N803
    workers = await parts.store.workers.find(deleted=findDeleted)
    return await _listed(parts, workers, with_blocks=populateFunctionBlocks)


@router.get("/online", response_model=list[WorkerRegistration])
async def online(parts: Parts) -> Response:
    return await _listed(parts, await parts.store.workers.find(state=WorkerState.ONLINE), with_blocks=False)


@router.get("/{uuid}", response_model=WorkerRegistration)
async def get(uuid: str, parts: Parts, findDeleted: bool = False) -> Response:  # noqa: N803
    worker = await _known(parts, uuid, deleted=findDeleted)
    return answer(worker_message(worker, await parts.store.workers.blocks(worker.id)))


@router.get("/{uuid}/function-blocks", response_model=list[str])
async def blocks(uuid: str, parts: Parts) -> JSONResponse:
    worker = await _known(parts, uuid)
    return JSONResponse(await parts.store.workers.blocks(worker.id))


@router.get("/{uuid}/jobs", response_model=list[JobSummary])
async def jobs(uuid: str, parts: Parts, status: JobStatus | None = None) -> Response:
    worker = await _known(parts, uuid, deleted=True)
    found = await parts.store.jobs.find(worker=worker.id, status=status)
    return answer_all([job_message(job) for job in found])


@router.delete("/{uuid}", status_code=HTTPStatus.NO_CONTENT)
async def delete(uuid: str, parts: Parts) -> Response:
    worker = await _known(parts, uuid)
    await _delete(parts, [worker.id])
    return empty(HTTPStatus.NO_CONTENT)


async def _known(parts: Services, uuid: str, *, deleted: bool = False) -> Worker:
    worker = await parts.store.workers.get(WorkerId(uuid), deleted=deleted)
    if worker is None:
        raise not_found(f"worker {uuid} is not registered")
    return worker


async def _listed(parts: Services, workers: Sequence[Worker], *, with_blocks: bool) -> Response:
    return answer_all(
        [
            worker_message(worker, await parts.store.workers.blocks(worker.id) if with_blocks else None)
            for worker in workers
        ]
    )


async def _delete(parts: Services, workers: Sequence[WorkerId]) -> WorkerCleanupResult:
    for worker in workers:
        parts.blackboard.dismiss(worker)
    ended = await parts.store.workers.delete(workers)
    if workers:
        _log.info("workers deleted", extra={"workers": list(workers), "jobs": ended})
    return WorkerCleanupResult(cleaned_up_worker_ids=list(workers), failed_job_count=ended)
