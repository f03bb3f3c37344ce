"""Starting a step: which entities it runs for, and the job of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from neops.engine.runs.entities import JobContexts, RunEntities
from neops.engine.runs.plan import OpenStep, StepPlan, Unfit
from neops.engine.store.changes import NewJob
from neops.engine.workflows.expressions import holds, render_parameters
from neops.engine.workflows.scope import Scope
from neops.entities import EntityType
from neops.errors import ExpressionInvalid, InterpolationFailed
from neops.protocol import JobType, ReasonCode


@dataclass(frozen=True, kw_only=True)
class StartedStep:
    """The jobs of a step, and what it looks like before any of them ran."""

    jobs: tuple[NewJob, ...]
    open_step: OpenStep


def targets(step: StepPlan, entities: RunEntities, excluded: Iterable[int]) -> list[int | None]:
    """What the step runs for: ids of its kind, or once for `global`."""
    if step.run_on is EntityType.GLOBAL:
        return [None]
    left_out = set(excluded)
    return [one for one in entities.of_kind(step.run_on) if one not in left_out]


def start(step: StepPlan, entities: RunEntities, scope: Scope, chosen: Sequence[int | None], wave: int) -> StartedStep:
    """Check condition and assertions for each entity and make its job."""
    contexts = JobContexts(entities)
    jobs: list[NewJob] = []
    unfit: list[Unfit] = []
    skipped = 0
    for entity_id in chosen:
        document = scope.document(step.run_on, entity_id)
        try:
            if step.condition is not None and not holds(step.condition, document):
                skipped += 1
                continue
            broken = next((one for one in step.assertions if not holds(one, document)), None)
            if broken is not None:
                unfit.append(_unfit(entity_id, ReasonCode.ASSERTION_FAILED, f"assertion does not hold: {broken}"))
                continue
            parameters = render_parameters(step.parameters, step.raw_parameters, document)
        except (InterpolationFailed, ExpressionInvalid) as problem:
            unfit.append(_unfit(entity_id, ReasonCode.INTERPOLATION_FAILED, str(problem)))
            continue
        jobs.append(
            NewJob(
                step=step.key,
                step_label=step.label,
                wave=wave,
                type=JobType.EXECUTE,
                block=step.block,
                run_on=step.run_on,
                entity_id=entity_id,
                parameters=parameters,
                context=contexts.at(step.run_on, entity_id),
                timeout=None if step.timeout_s is None else timedelta(seconds=step.timeout_s),
                repeatable=step.repeatable,
            )
        )
    return StartedStep(jobs=tuple(jobs), open_step=OpenStep(skipped=skipped, unfit=tuple(unfit)))


def _unfit(entity_id: int | None, code: ReasonCode, message: str) -> Unfit:
    return Unfit(entity_id=entity_id, code=code, message=message)
