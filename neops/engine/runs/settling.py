"""Settling a step: what its jobs' results mean for the run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from neops.engine.runs.entities import RunEntities
from neops.engine.runs.machine import Failure
from neops.engine.runs.plan import OpenStep, StepPlan, Unfit
from neops.engine.store.records import Job, JobEnding
from neops.engine.workflows.schemas import check_value
from neops.engine.workflows.scope import StepResults
from neops.entities import EntityUpdate
from neops.protocol import JobResultStatus, JsonObject, ReasonCode

_UPDATES: TypeAdapter[list[EntityUpdate]] = TypeAdapter(list[EntityUpdate])
_SHOWN = 3
"""Failures that a run's reason spells out; the rest are counted, and in the events."""

_CODES: Mapping[JobEnding, ReasonCode] = {
    JobEnding.TIMED_OUT: ReasonCode.JOB_TIMED_OUT,
    JobEnding.WORKER_LOST: ReasonCode.WORKER_LOST,
}


@dataclass(frozen=True, kw_only=True)
class SettledStep:
    """What a finished step leaves: updates of its good jobs in order, and the entities it failed for."""

    updates: tuple[EntityUpdate, ...]
    unfit: tuple[Unfit, ...]
    ran: bool
    """Whether any of its jobs was started."""

    def failure(self, step: StepPlan, entities: RunEntities) -> Failure | None:
        """Why the run ends here; None when nothing failed, or failures are to be gone over."""
        if not self.unfit or step.continue_on_error:
            return None
        named = [_named(entities.name_of(step.run_on, one.entity_id), one.message) for one in self.unfit[:_SHOWN]]
        rest = len(self.unfit) - len(named)
        more = f" (and {rest} more)" if rest else ""
        return Failure(
            code=ReasonCode(self.unfit[0].code), reason=f"step {step.label!r} failed: {'; '.join(named)}{more}"
        )


def _named(entity: str, message: str) -> str:
    """Errors of devices name the device by themselves."""
    return message if message.startswith(f"{entity}: ") else f"{entity}: {message}"


def settle(opened: OpenStep, jobs: Sequence[Job], result_schema: JsonObject) -> SettledStep:
    """Take in the results of a step whose jobs are all over."""
    unfit = list(opened.unfit)
    updates: list[EntityUpdate] = []
    for job in jobs:
        problem = _problem(job, result_schema)
        if problem is None:
            updates += updates_of(job)
        else:
            unfit.append(problem)
    return SettledStep(updates=tuple(updates), unfit=tuple(unfit), ran=any(job.started_at is not None for job in jobs))


def updates_of(job: Job) -> list[EntityUpdate]:
    """The entity updates of a successful job; those of any other do not count."""
    if not succeeded(job) or not job.result:
        return []
    sent = job.result.get("dbUpdates")
    listed = sent.get("updates") if isinstance(sent, dict) else None
    return _UPDATES.validate_python(listed or [])


def results_of(step: StepPlan, jobs: Iterable[Job]) -> StepResults:
    """The step's results as later expressions see them."""
    return StepResults(
        run_on=step.run_on,
        by_entity={
            job.entity_id: {key: job.result.get(key) for key in ("success", "message", "data")}
            for job in jobs
            if job.result is not None
        },
    )


def succeeded(job: Job) -> bool:
    """Whether a worker answered and its block succeeded."""
    return job.result_status in (JobResultStatus.SUCCESS, JobResultStatus.SUCCESS_ACK)


def _problem(job: Job, result_schema: JsonObject) -> Unfit | None:
    result = job.result or {}
    if not succeeded(job) or not result.get("success"):
        code = _CODES.get(job.ending or JobEnding.RESULT, ReasonCode.STEP_FAILED)
        message = str(result.get("message") or "failed without a message")
        return Unfit(entity_id=job.entity_id, code=code, message=message)
    wrong = check_value(result_schema, result["data"], ("data",)) if result.get("data") is not None else []
    if wrong:
        message = f"result does not fit its schema: {wrong[0]}"
        return Unfit(entity_id=job.entity_id, code=ReasonCode.INVALID_RESULT, message=message)
    return None
