"""The store's records as the messages that clients know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from neops.engine.store.records import Artifact, Block, Definition, Event, Job, JobEnding, LockKey, Run, Worker
from neops.entities import EntityType
from neops.protocol import (
    FunctionBlock,
    FunctionBlockRegistration,
    HeldLocks,
    JobSummary,
    JsonObject,
    RunContext,
    RunEntry,
    WorkerRegistration,
    WorkflowDefinition,
)

_CANCELED = (JobEnding.CANCELED, JobEnding.NEVER_POLLED)


def worker_message(worker: Worker, blocks: Sequence[str] | None = None) -> WorkerRegistration:
    return WorkerRegistration(
        uuid=worker.id,
        version=worker.version,
        name=worker.name,
        ip_address=worker.ip_address,
        state=worker.state,
        last_ping_at=worker.last_ping_at,
        last_seen_at=worker.last_ping_at,
        created_at=worker.created_at,
        updated_at=worker.updated_at,
        deleted_at=worker.deleted_at,
        function_block_ids=None if blocks is None else list(blocks),
    )


def block_message(block: Block) -> FunctionBlock:
    return FunctionBlock(
        id=block.id,
        package=block.package,
        name=block.name,
        major_version=block.version.major,
        minor_version=block.version.minor,
        patch_version=block.version.patch,
        run_on=block.run_on,
        fb_type=block.type,
        description=block.description,
        markdown_help_text=block.markdown_help_text,
        deprecated=block.deprecated,
        parameter_json_schema=block.parameter_schema,
        result_data_json_schema=block.result_schema,
        is_idempotent=block.idempotent,
        is_pure=block.pure,
        reversible=block.reversible,
        created_at=block.created_at,
        updated_at=block.updated_at,
        deleted_at=block.deleted_at,
    )


def registration_message(block: Block, workers: Sequence[Worker] | None) -> FunctionBlockRegistration:
    return FunctionBlockRegistration(
        function_block=block_message(block),
        workers=None if workers is None else [worker_message(worker) for worker in workers],
        created_at=block.created_at,
        updated_at=block.updated_at,
    )


def definition_message(definition: Definition) -> WorkflowDefinition:
    return WorkflowDefinition(
        id=definition.id,
        package=definition.package,
        name=definition.name,
        major_version=definition.version.major,
        minor_version=definition.version.minor,
        patch_version=definition.version.patch,
        workflow_definition=definition.document,
        created_at=definition.created_at,
        updated_at=definition.updated_at,
        deleted_at=definition.deleted_at,
        created_by=definition.created_by,
        created_by_username=definition.created_by_username,
    )


def run_message(run: Run, context: JsonObject | None = None, locks: Iterable[LockKey] | None = None) -> RunEntry:
    return RunEntry(
        uuid=run.id,
        workflow_id=run.workflow_id,
        workflow_name=run.workflow_name,
        status=run.status,
        reason=run.reason,
        reason_code=run.reason_code,
        unsafe_cause=run.unsafe_cause,
        retry_note=run.retry_note,
        created_at=run.created_at,
        updated_at=run.updated_at,
        started_by=run.started_by,
        started_by_username=run.started_by_username,
        aborted_by=run.aborted_by,
        aborted_by_username=run.aborted_by_username,
        trigger_type=run.trigger,
        authority_basis=run.authority_basis,
        started_at=run.started_at,
        finished_at=run.finished_at,
        execute_on_parameters=run.targets,
        cms_resources_locked=run.locked,
        parameters=run.parameters,
        context=None if context is None else RunContext.model_validate(context),
        held_locks=None if locks is None else _held(locks),
    )


def _held(locks: Iterable[LockKey]) -> HeldLocks:
    keys = sorted(locks)

    def ids(entity: EntityType) -> list[int]:
        return [key.id for key in keys if key.entity is entity]

    return HeldLocks(
        devices=ids(EntityType.DEVICE),
        device_groups=ids(EntityType.GROUP),
        interfaces=ids(EntityType.INTERFACE),
    )


def job_message(job: Job) -> JobSummary:
    result = job.result or {}
    message, data = result.get("message"), result.get("data")
    return JobSummary(
        function_block_id=job.block,
        job_id=job.id,
        step_label=job.step_label,
        status=job.status,
        type=job.type,
        result_status=job.result_status,
        worker_id=job.worker,
        worker_name=job.worker_name,
        worker_deleted=job.worker_deleted,
        workflow_execution_id=job.run,
        entity_id=job.entity_id,
        created_at=job.created_at,
        updated_at=job.updated_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        retry_count=job.attempt - 1,
        canceled=job.ending in _CANCELED,
        result_message=message if isinstance(message, str) else None,
        result_data=data if isinstance(data, dict) else None,
    )


def event_json(event: Event) -> JsonObject:
    """An event as the stream carries it; keys that have nothing to say are left out."""
    about = {"stepLabel": event.step_label, "jobId": event.job, "entityId": event.entity_id}
    known: JsonObject = {key: value for key, value in about.items() if value is not None}
    stamp: JsonObject = {"seq": event.seq, "at": event.at.isoformat(), "kind": event.kind}
    return stamp | known | event.data


def artifact_json(artifact: Artifact) -> JsonObject:
    return {
        "id": artifact.id,
        "workflowExecutionId": artifact.run,
        "jobId": artifact.job,
        "stepLabel": artifact.step_label,
        "entityId": artifact.entity_id,
        "name": artifact.name,
        "mediaType": artifact.media_type,
        "size": artifact.size,
        "sha256": artifact.sha256,
        "createdAt": artifact.created_at.isoformat(),
    }
