"""What `neops run` is given, read and checked before anything is started."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml
from pydantic import JsonValue

from neops.blocks import BlockRegistry
from neops.cms import compile_query
from neops.engine.workflows.blocks import BlockSchema
from neops.engine.workflows.definition import RootWorkflow
from neops.engine.workflows.loading import load_workflow
from neops.engine.workflows.schemas import check_value, with_defaults
from neops.engine.workflows.validation import check_workflow
from neops.entities import EntityType
from neops.errors import UsageError, WorkflowInvalid
from neops.protocol import JsonObject


def read_workflow(path: Path, registry: BlockRegistry) -> RootWorkflow:
    """The workflow in a file, checked against the blocks that are there.

    Raises:
        WorkflowInvalid: with every mistake, each naming file and line.
        UsageError: the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"cannot read the workflow {path}: {_reason(problem)}") from None
    loaded = load_workflow(text, str(path))
    if issues := check_workflow(loaded.workflow, _schemas(registry), loaded.source):
        raise WorkflowInvalid(issues)
    return loaded.workflow


def read_parameters(workflow: RootWorkflow, assignments: Iterable[str]) -> JsonObject:
    """The run's parameters from `key=value` texts; values are read as YAML, so that 5 is a number.

    Raises:
        UsageError: an assignment has another form, or the workflow's parameterSchema does not allow it.
    """
    given = dict(_assigned(text) for text in assignments)
    schema = workflow.parameter_schema or {}
    complete = with_defaults(schema, {**workflow.parameters, **given})
    if issues := check_value(schema, complete):
        raise UsageError("\n".join(f"--set {issue}" for issue in issues))
    properties = schema.get("properties")
    if isinstance(properties, dict) and (unknown := sorted(given.keys() - properties.keys())):
        raise UsageError(
            f"--set {unknown[0]}: the workflow declares {', '.join(sorted(properties)) or 'no parameters'}"
        )
    return given


def check_limit(seed: EntityType, limit: str) -> None:
    """See whether the query is one about the entities that the workflow starts from.

    Raises:
        QueryInvalid: with the position of the mistake.
        UsageError: the workflow starts from no entities.
    """
    if limit and seed is EntityType.GLOBAL:
        raise UsageError("--limit: the workflow's seedEntity is global, there is nothing to limit")
    compile_query(seed, limit)


def _assigned(text: str) -> tuple[str, JsonValue]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"--set {text!r}: write key=value")
    try:
        return key.strip(), yaml.safe_load(value)
    except yaml.YAMLError:
        return key.strip(), value


def _schemas(registry: BlockRegistry) -> Mapping[str, BlockSchema]:
    return {
        name: BlockSchema(
            parameter_json_schema=block.registration.parameter_schema(),
            result_data_json_schema=block.registration.result_schema(),
        )
        for name, block in registry.items()
    }


def _reason(problem: Exception) -> str:
    return problem.strerror or str(problem) if isinstance(problem, OSError) else "it is not UTF-8 text"
