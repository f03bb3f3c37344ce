"""Between the wire's words and the block's: a job as the engine sends it, a result as the engine takes it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from pydantic import JsonValue, TypeAdapter

from neops.blocks import BlockError, BlockJob, BlockOutcome, BlockRegistry, JobInfo, JobKind
from neops.concurrency import Deadline
from neops.entities import EntityCreate, EntityPatch, EntityType, EntityUpdate
from neops.logs import Redactor
from neops.protocol import (
    DbUpdates,
    Extension,
    JobAcquire,
    JobArtifact,
    JobDefinition,
    JobError,
    JobExecutionResult,
    JobResult,
    JobResultStatus,
    JobType,
    UndecodableJob,
)
from neops.worker.membership import Membership

logger = logging.getLogger(__name__)

_ACQUIRES: TypeAdapter[list[JobAcquire]] = TypeAdapter(list[JobAcquire])


def read_job(job: JobDefinition, registry: BlockRegistry, answered_at: datetime) -> BlockJob:
    """The job in the block's words. `answered_at` is the engine's clock when it sent the job.

    Raises:
        KeyError: this worker has no such block.
    """
    info = JobInfo(
        id=job.job_id,
        attempt=job.attempt or 1,
        step=job.step_label,
        workflow_execution_id=job.workflow_execution_id,
        deadline=Deadline.after(_seconds_left(job, answered_at)),
    )
    return BlockJob(
        info=info,
        block=registry[job.function_block_id],
        kind=JobKind(job.type.value),
        parameters=job.parameters,
        run_on=job.run_on,
        entity_id=job.entity_id,
        devices=job.context.devices,
        device_groups=job.context.device_groups,
        interfaces=job.context.interfaces,
        forward_result=_forward_result(job.forward_result),
    )


def _seconds_left(job: JobDefinition, answered_at: datetime) -> float | None:
    if job.remaining_seconds is not None or job.deadline is None:
        return job.remaining_seconds
    return (job.deadline - answered_at).total_seconds()


def devices_at_hand(job: JobDefinition) -> frozenset[int]:
    """Ids of the devices that the job is about: no other job of this worker shall be at them meanwhile."""
    if job.type is JobType.ACQUIRE:
        return frozenset()
    match job.run_on:
        case EntityType.DEVICE:
            wanted = {job.entity_id}
        case EntityType.INTERFACE:
            wanted = {one.device.id for one in job.context.interfaces if one.id == job.entity_id and one.device}
        case EntityType.GROUP:
            members = [one for one in job.context.device_groups if one.id == job.entity_id]
            wanted = {device.id for group in members for device in group.devices}
        case _:
            wanted = {device.id for device in job.context.devices}
    return frozenset(device for device in wanted if device is not None)


def _forward_result(result: JobExecutionResult | None) -> Mapping[str, JsonValue] | None:
    if result is None:
        return None
    return {"success": result.success, "message": result.message, "data": result.data}


def write_result(job: JobDefinition, outcome: BlockOutcome, membership: Membership) -> JobResult:
    """The outcome in the wire's words, with no key of an extension that the engine does not know."""
    result = JobExecutionResult(
        db_updates=DbUpdates(updates=list(outcome.updates)) if outcome.updates else None,
        success=outcome.success,
        message=outcome.message,
        data=outcome.data,
        retryable=outcome.retryable,
        error=_error(outcome.error) if membership.has(Extension.RESULT_ERROR) else None,
    )
    return JobResult(
        job_execution_id=job.job_id,
        status=JobResultStatus(outcome.status),
        result=result,
        acquires=_acquires(outcome) if job.type is JobType.ACQUIRE else None,
        lease_token=job.lease_token,
        artifacts=_artifacts(outcome) if membership.has(Extension.ARTIFACTS) else None,
    )


def failed(type_: str, message: str, *, retryable: bool | None = None) -> BlockOutcome:
    """The outcome of a job that did not get as far as its block, or not to its end."""
    error = BlockError(type=type_, message=message, retryable=retryable)
    return BlockOutcome(success=False, message=message, retryable=retryable, error=error)


def redacted(outcome: BlockOutcome, redactor: Redactor, *, data: bool = True) -> BlockOutcome:
    """The outcome with no secret in what people will read, message and error; in data, files and updates none that is
    known, unless `data` is off. Fields of entities that are for secrets keep them.
    """
    error = outcome.error
    if error is not None:
        traceback = None if error.traceback is None else redactor.redact(error.traceback)
        error = replace(error, message=redactor.redact(error.message), traceback=traceback)
    message = None if outcome.message is None else redactor.redact(outcome.message)
    outcome = replace(outcome, message=message, error=error)
    return _masked(outcome, redactor) if data else outcome


def _masked(outcome: BlockOutcome, redactor: Redactor) -> BlockOutcome:
    artifacts = tuple(replace(one, data=redactor.mask_bytes(one.data)) for one in outcome.artifacts)
    for before, after in zip(outcome.artifacts, artifacts, strict=True):
        if before.data != after.data:
            logger.warning("a secret was masked in an artifact", extra={"artifact": before.name})
    return replace(
        outcome,
        data=redactor.mask(outcome.data),
        updates=tuple(_masked_update(update, redactor) for update in outcome.updates),
        artifacts=artifacts,
    )


def _masked_update(update: EntityUpdate, redactor: Redactor) -> EntityUpdate:
    match update:
        case EntityCreate():
            return update.model_copy(update={"data": redactor.mask(update.data)})
        case EntityPatch():
            return update.model_copy(update={"value": redactor.mask(update.value)})
        case _:
            return update


def undecodable_result(job: UndecodableJob) -> JobResult | None:
    """What to answer about a job that cannot be understood; None where not even its id can be read."""
    if job.job_id is None:
        return None
    message = f"the worker cannot read this job: {job.problem}"
    result = JobExecutionResult(success=False, message=message)
    return JobResult(
        job_execution_id=job.job_id,
        status=JobResultStatus.FAILED,
        result=result,
        lease_token=job.lease_token,
    )


def _error(error: BlockError | None) -> JobError | None:
    if error is None:
        return None
    return JobError(type=error.type, message=error.message, traceback=error.traceback, retryable=error.retryable)


def _acquires(outcome: BlockOutcome) -> list[JobAcquire]:
    clauses = [clause.model_dump(mode="json", by_alias=True, exclude_none=True) for clause in outcome.acquires]
    return _ACQUIRES.validate_python(clauses)


def _artifacts(outcome: BlockOutcome) -> list[JobArtifact] | None:
    files = [JobArtifact(name=one.name, media_type=one.media_type, content=one.data) for one in outcome.artifacts]
    return files or None
