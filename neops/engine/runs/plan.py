"""What a run has decided on: its steps with exact block versions, and where it stands. Kept in the run's row."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from neops.engine.runs.machine import Failure, Progress
from neops.engine.store.records import Block, BlockId, Run, StepKey
from neops.engine.workflows.definition import FunctionBlockStep, RootWorkflow
from neops.entities import EntityType
from neops.errors import WorkflowIssue
from neops.protocol import JsonObject


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class StepPlan(_Kept):
    """A step with all that starting it needs."""

    key: StepKey
    label: str
    block: BlockId
    run_on: EntityType
    pure: bool
    repeatable: bool
    own_acquire: bool
    condition: str | None
    assertions: tuple[str, ...]
    parameters: JsonObject
    raw_parameters: JsonObject
    continue_on_error: bool
    timeout_s: float | None


class Unfit(_Kept):
    """An entity that a step could not start for, or whose job failed."""

    entity_id: int | None
    code: str
    message: str


class OpenStep(_Kept):
    """The step at the cursor, once it has started: `skipped` entities did not meet its condition."""

    skipped: int = 0
    unfit: tuple[Unfit, ...] = ()


class Notes(_Kept):
    """The scheduler's notes on a run."""

    seed: EntityType = EntityType.GLOBAL
    condition: str | None = None
    steps: tuple[StepPlan, ...] = ()
    cursor: int = 0
    changed: bool = False
    acquiring: bool = False
    open_step: OpenStep | None = None
    excluded: dict[EntityType, tuple[int, ...]] = Field(default_factory=dict)
    """Entities that failed under `continueOnError`: the rest of the run leaves them out."""
    stopping: bool = False
    applied: bool = False
    """Whether the entity updates are in the CMS."""

    @classmethod
    def of(cls, run: Run) -> Self:
        """The notes in a run's row."""
        return cls.model_validate(run.state)

    def to_json(self) -> JsonObject:
        """What goes back into the run's row."""
        return self.model_dump(mode="json")

    @property
    def all_pure(self) -> bool:
        """Whether the run only reads the network."""
        return all(step.pure for step in self.steps)


def progress_of(run: Run, notes: Notes) -> Progress:
    """What the state machine needs to know of a run."""
    failure = None
    if run.reason_code is not None:
        failure = Failure(code=run.reason_code, reason=run.reason or "")
    return Progress(
        status=run.status,
        steps=len(notes.steps),
        cursor=notes.cursor,
        changed=notes.changed,
        failure=failure,
        unsafe_cause=run.unsafe_cause,
        note=run.retry_note,
    )


def plan_steps(workflow: RootWorkflow, blocks: dict[str, Block]) -> tuple[StepPlan, ...]:
    """The steps in order; `blocks` gives the block that each label was resolved to."""
    return tuple(
        _plan(index, step, blocks[step.label])
        for index, step in enumerate(workflow.steps)
        if isinstance(step, FunctionBlockStep)
    )


def _plan(index: int, step: FunctionBlockStep, block: Block) -> StepPlan:
    return StepPlan(
        key=StepKey(f"{index}:{step.label}"),
        label=step.label,
        block=block.id,
        run_on=step.run_on or EntityType(block.run_on),
        pure=block.pure,
        repeatable=block.repeatable,
        own_acquire=block.own_acquire,
        condition=step.condition.jmes if step.condition else None,
        assertions=tuple(one.jmes for one in step.assert_ or ()),
        parameters=step.parameters,
        raw_parameters=step.raw_parameters,
        continue_on_error=step.continue_on_error,
        timeout_s=step.timeout,
    )


_NOT_BUILT = ("retry_config", "repeat_config", "delay", "batches", "max_concurrency", "acquire")


def unsupported(workflow: RootWorkflow) -> list[WorkflowIssue]:
    """What the document asks for and this engine does not do yet: refused, never ignored."""
    issues = [
        WorkflowIssue(path=_camel(name), message="is not supported by this version of the engine")
        for name in (*_NOT_BUILT, "timeout", "cron")
        if getattr(workflow, name)
    ]
    if workflow.config.execution_strategy.parallel and len(workflow.steps) > 1:
        issues.append(WorkflowIssue(path="config.executionStrategy.parallel", message="is not supported yet"))
    for index, step in enumerate(workflow.steps):
        if not isinstance(step, FunctionBlockStep):
            message = f"steps of type {step.type!r} are not supported by this version of the engine"
            issues.append(WorkflowIssue(path=f"steps[{index}]", message=message))
        issues += [
            WorkflowIssue(
                path=f"steps[{index}].{_camel(name)}", message="is not supported by this version of the engine"
            )
            for name in _NOT_BUILT
            if getattr(step, name)
        ]
    return issues


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)
