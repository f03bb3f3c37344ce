"""Preparing a run: resolving and pinning its blocks, checking document and parameters. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from neops.engine.runs.machine import Failed, Failure, Prepared
from neops.engine.runs.plan import Notes, plan_steps, unsupported
from neops.engine.store.records import Block
from neops.engine.workflows.blocks import BlockSchema, resolve_block
from neops.engine.workflows.definition import FunctionBlockStep, RootWorkflow
from neops.engine.workflows.loading import parse_workflow
from neops.engine.workflows.schemas import check_value, with_defaults
from neops.engine.workflows.validation import check_workflow
from neops.errors import WorkflowInvalid, WorkflowIssue
from neops.protocol import JsonObject, ReasonCode


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What preparing a run came to. `parameters` are complete with the workflow's defaults."""

    event: Prepared | Failed
    notes: Notes
    parameters: JsonObject


def prepare(document: JsonObject, blocks: Iterable[Block], given: JsonObject) -> Preparation:
    """Check a run and decide on its steps; a mistake of any kind is a `Failed` event that lists all of its kind."""
    try:
        workflow = parse_workflow(document)
    except WorkflowInvalid as invalid:
        return _refused(ReasonCode.INVALID_WORKFLOW, invalid.issues)
    if issues := unsupported(workflow):
        return _refused(ReasonCode.INVALID_WORKFLOW, issues)
    registered: dict[str, Block] = {block.id: block for block in blocks}
    steps = [step for step in workflow.steps if isinstance(step, FunctionBlockStep)]
    resolved = {step.label: registered.get(resolve_block(step, registered) or "") for step in steps}
    issues = check_workflow(workflow, _schemas(registered))
    if issues:
        missing = any(block is None for block in resolved.values())
        return _refused(ReasonCode.UNRESOLVED_REFERENCE if missing else ReasonCode.INVALID_WORKFLOW, issues)
    parameters = with_defaults(workflow.parameter_schema, {**workflow.parameters, **given})
    if issues := check_value(workflow.parameter_schema or {}, parameters, ("parameters",)):
        return _refused(ReasonCode.INVALID_PARAMETERS, issues)
    notes = _notes(workflow, {label: block for label, block in resolved.items() if block is not None})
    return Preparation(event=Prepared(steps=len(notes.steps)), notes=notes, parameters=parameters)


def _schemas(registered: dict[str, Block]) -> dict[str, BlockSchema]:
    return {
        name: BlockSchema(parameter_json_schema=block.parameter_schema, result_data_json_schema=block.result_schema)
        for name, block in registered.items()
    }


def _notes(workflow: RootWorkflow, blocks: dict[str, Block]) -> Notes:
    return Notes(
        seed=workflow.seed_entity,
        condition=workflow.condition.jmes if workflow.condition else None,
        steps=plan_steps(workflow, blocks),
    )


def _refused(code: ReasonCode, issues: Iterable[WorkflowIssue]) -> Preparation:
    reason = "; ".join(str(issue) for issue in issues)
    return Preparation(event=Failed(failure=Failure(code=code, reason=reason)), notes=Notes(), parameters={})
