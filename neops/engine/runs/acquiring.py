"""ACQUIRE jobs: asking blocks which entities they need besides the seed, and adding what they ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import TypeAdapter
from sqlalchemy import Connection

from neops.cms import EntityStore
from neops.engine.runs.entities import RunEntities
from neops.engine.runs.plan import StepPlan
from neops.engine.runs.settling import succeeded
from neops.engine.store.changes import NewJob
from neops.engine.store.records import Job, StepKey
from neops.engine.workflows.expressions import holds, render_parameters
from neops.engine.workflows.scope import Scope, entity_document
from neops.errors import ExpressionInvalid, QueryInvalid
from neops.protocol import AcquireByQuery, AcquireFromContext, JobAcquire, JobType

_CLAUSES: TypeAdapter[list[JobAcquire]] = TypeAdapter(list[JobAcquire])


class AcquireFailed(Exception):
    """Entities that a block needs cannot be had; the message is the run's reason."""


def acquire_jobs(steps: Iterable[StepPlan], key: StepKey, entities: RunEntities, scope: Scope) -> tuple[NewJob, ...]:
    """One ACQUIRE job for each step whose block has an acquire of its own."""
    context = entities.to_json()
    return tuple(
        NewJob(
            step=key,
            step_label=step.label,
            type=JobType.ACQUIRE,
            block=step.block,
            run_on=step.run_on,
            entity_id=None,
            parameters=render_parameters(step.parameters, step.raw_parameters, scope.document(), lenient=True),
            context=context,
            repeatable=True,
        )
        for step in steps
        if step.own_acquire
    )


def take_in(connection: Connection, cms: EntityStore, entities: RunEntities, jobs: Sequence[Job]) -> RunEntities:
    """The run's entities with everything that the ACQUIRE jobs asked for.

    Raises:
        AcquireFailed: a job failed, a query is wrong, or a clause that must find something found nothing.
    """
    for job in jobs:
        result = job.result or {}
        if not succeeded(job):
            raise AcquireFailed(f"step {job.step_label!r} cannot acquire: {result.get('message') or job.ending}")
        for clause in _CLAUSES.validate_python(result.get("acquires") or []):
            entities = _with_clause(connection, cms, entities, clause, job.step_label)
    return entities


def _with_clause(
    connection: Connection, cms: EntityStore, entities: RunEntities, clause: JobAcquire, label: str
) -> RunEntities:
    try:
        match clause:
            case AcquireByQuery():
                limit = None if clause.limit is None else int(clause.limit)
                found = cms.ids(connection, clause.entity, query=clause.query, limit=limit)
                entities = entities.merged(RunEntities.of(cms.related(connection, clause.entity, found)))
            case AcquireFromContext():
                known = entities.of_kind(clause.entity).values()
                found = [one.id for one in known if holds(clause.filter or "@", entity_document(one))]
    except (QueryInvalid, ExpressionInvalid, LookupError, ValueError) as problem:
        raise AcquireFailed(f"step {label!r} cannot acquire: {problem}") from problem
    if clause.assert_not_empty and not found:
        raise AcquireFailed(f"step {label!r} needs a {clause.entity} and found none")
    return entities
