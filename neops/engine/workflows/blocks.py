"""A workflow's function blocks against the registered ones: does each exist, and does it get what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from neops.engine.workflows.definition import FunctionBlockStep, RootWorkflow, Step, WorkflowStep
from neops.engine.workflows.jmes import Path, suggestion
from neops.engine.workflows.schemas import check_draft
from neops.engine.workflows.versions import SemverRef, exact, resolve
from neops.protocol import JsonObject


@dataclass(frozen=True, kw_only=True)
class BlockSchema:
    """JSON Schemas of a registered block."""

    parameter_json_schema: JsonObject
    result_data_json_schema: JsonObject


def resolve_block(step: FunctionBlockStep, ids: Mapping[str, object]) -> str | None:
    """The exact id of the registered block that a step means, None when there is none."""
    return resolve(SemverRef.parse(step.function_block), ids)


def check_blocks(workflow: RootWorkflow, blocks: Mapping[str, BlockSchema]) -> list[tuple[Path, str]]:
    """Every reference to a block that is not registered, and every parameter that its block would refuse."""
    return [*_problems(workflow.steps, ("steps",), blocks)]


def result_data_names(step: FunctionBlockStep, blocks: Mapping[str, BlockSchema]) -> set[str] | None:
    """The fields of the step's result data; None when that is not known, or when there may be others."""
    id_ = resolve_block(step, blocks)
    schema = blocks[id_].result_data_json_schema if id_ else {}
    properties = schema.get("properties")
    closed = schema.get("additionalProperties") is False
    return set(properties) if closed and isinstance(properties, dict) else None


def _problems(steps: Sequence[Step], path: Path, blocks: Mapping[str, BlockSchema]) -> Iterator[tuple[Path, str]]:
    for index, step in enumerate(steps):
        at = (*path, index)
        if isinstance(step, WorkflowStep):
            yield from _problems(step.steps, (*at, "steps"), blocks)
        elif isinstance(step, FunctionBlockStep):
            if id_ := resolve_block(step, blocks):
                yield from _parameter_problems(step, at, blocks[id_].parameter_json_schema)
            else:
                yield (*at, "functionBlock"), _not_registered(SemverRef.parse(step.function_block), blocks)


def _parameter_problems(step: FunctionBlockStep, path: Path, schema: JsonObject) -> Iterator[tuple[Path, str]]:
    given = {**step.parameters, **step.raw_parameters}
    for at, message in check_draft(schema, given):
        side = "rawParameters" if at[:1] and at[0] in step.raw_parameters else "parameters"
        yield (*path, side, *at), message
    # A block ignores parameters that it does not know, so one that is nearly a known one is worth a word.
    properties = schema.get("properties")
    unused = set(properties) - set(given) if isinstance(properties, dict) else set()
    for name in set(step.parameters) - set(properties if isinstance(properties, dict) else ()):
        if hint := suggestion(name, unused):
            yield (*path, "parameters", name), f"the block has no such parameter{hint}"


def _not_registered(reference: SemverRef, blocks: Mapping[str, object]) -> str:
    versions = sorted(exact(id_) for id_ in blocks if id_.startswith(f"{reference.full_name}:"))
    if versions:
        return f"no such version of {reference.full_name} is registered; there is {', '.join(map(str, versions))}"
    names = {id_.rpartition(":")[0] for id_ in blocks}
    hint = suggestion(reference.full_name, names) or "; the folder it is in is named with --blocks"
    return f"no block {reference.full_name} is registered{hint}"
