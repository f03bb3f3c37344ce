"""Reading runs and counting their jobs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, exists, func, select

from neops.engine.store import tables
from neops.engine.store.changes import NewRun
from neops.engine.store.records import DefinitionId, JobEnding, Run, RunId, StepKey, StepOutcomes
from neops.protocol import (
    AuthorityBasis,
    JobResultStatus,
    JobStatus,
    ReasonCode,
    RunStatus,
    RunTargets,
    TriggerType,
    UnsafeCause,
)

_GIVEN = (
    "workflow_id", "workflow_name", "parameters", "state", "trigger", "authority_basis", "started_by",
    "started_by_username", "parent",
)  # fmt: skip
_DECIDED = ("status", "reason", "reason_code", "unsafe_cause", "retry_note", "aborted_by", "aborted_by_username")
_ENUMS = {
    "status": RunStatus,
    "reason_code": ReasonCode,
    "unsafe_cause": UnsafeCause,
    "trigger": TriggerType,
    "authority_basis": AuthorityBasis,
}


def settable_columns(run: NewRun | Run) -> dict[str, Any]:
    """The columns that callers decide on."""
    names = _GIVEN + _DECIDED if isinstance(run, Run) else _GIVEN
    return {name: getattr(run, name) for name in names} | {"targets": run.targets.model_dump(mode="json")}


def select_runs() -> Select[Any]:
    """All runs, each with whether it holds locks."""
    runs, locks = tables.runs, tables.locks
    return select(runs, exists().where(locks.c.run_id == runs.c.id).label("locked"))


def get_run(connection: Connection, run: RunId) -> Run | None:
    row = connection.execute(select_runs().where(tables.runs.c.id == run)).one_or_none()
    return None if row is None else run_of(row)


def run_of(row: Row[Any]) -> Run:
    values = dict(row._mapping)
    enums = {name: None if values[name] is None else kind(values[name]) for name, kind in _ENUMS.items()}
    return Run(
        **values
        | enums
        | {
            "workflow_id": DefinitionId(row.workflow_id),
            "targets": RunTargets.model_validate(row.targets),
            "locked": bool(row.locked),
        }
    )


def count_outcomes(connection: Connection, run: RunId, step: StepKey) -> StepOutcomes:
    jobs = tables.jobs.c
    query = (
        select(jobs.status, jobs.result_status, jobs.ending, func.count())
        .where(jobs.run_id == run, jobs.step == step, ~jobs.superseded)
        .group_by(jobs.status, jobs.result_status, jobs.ending)
    )
    counts: dict[str, int] = {}
    for status, result, ending, count in connection.execute(query):
        name = _outcome(status, result, ending)
        counts[name] = counts.get(name, 0) + count
    return StepOutcomes(**counts)


def _outcome(status: str, result: str | None, ending: str | None) -> str:
    if status == JobStatus.PENDING:
        return "pending"
    if status == JobStatus.POLLED:
        return "leased"
    if ending in (JobEnding.CANCELED, JobEnding.NEVER_POLLED):
        return "canceled"
    return "succeeded" if result in (JobResultStatus.SUCCESS, JobResultStatus.SUCCESS_ACK) else "failed"
