"""What changed between two versions of a workflow, and how big a step in its version that is.

Removed or retyped: major, since callers and expressions relied on it. Added and optional: minor. Values, conditions and
texts: patch. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from neops.engine.workflows.definition import FunctionBlockStep, RootWorkflow, Step, WorkflowReferenceStep
from neops.engine.workflows.versions import BUMPS, Bump, SemverRef
from neops.protocol import Finding, FindingLevel, FindingTarget, JsonObject

_IDENTITY = ("$schema", "package", "name", "majorVersion", "minorVersion", "patchVersion")


def same_content(old: RootWorkflow, new: RootWorkflow) -> bool:
    """Whether two documents say the same, their version numbers and `$schema` aside."""
    return _content(old) == _content(new)


def compare(old: RootWorkflow, new: RootWorkflow) -> list[Finding]:
    """Every difference that asks for a bump, biggest first; empty when the content is the same."""
    findings = [*_root_findings(old, new), *_step_findings(old, new), *_parameter_findings(old, new)]
    if not findings and not same_content(old, new):
        findings = [Finding(code="contentChanged", path="", message="says something else", level=FindingLevel.PATCH)]
    return sorted(findings, key=lambda finding: -BUMPS.index(_bump(finding)))


def floor(findings: list[Finding]) -> Bump | None:
    """The smallest bump that the findings allow, None when nothing changed."""
    return max((_bump(finding) for finding in findings), key=BUMPS.index, default=None)


def _bump(finding: Finding) -> Bump:
    match finding.level:
        case FindingLevel.MAJOR:
            return "major"
        case FindingLevel.MINOR:
            return "minor"
        case _:
            return "patch"


def _content(workflow: RootWorkflow) -> JsonObject:
    return {key: value for key, value in workflow.document().items() if key not in _IDENTITY}


def _root_findings(old: RootWorkflow, new: RootWorkflow) -> Iterator[Finding]:
    if old.seed_entity != new.seed_entity:
        message = f"runs on {new.seed_entity} instead of {old.seed_entity}"
        yield Finding(code="seedEntityChanged", path="seedEntity", message=message, level=FindingLevel.MAJOR)
    before, after = _content(old), _content(new)
    for key in sorted((before.keys() | after.keys()) - {"steps", "seedEntity", "parameterSchema"}):
        if before.get(key) != after.get(key):
            yield Finding(code="valueChanged", path=key, message="has another value", level=FindingLevel.PATCH)


def _step_findings(old: RootWorkflow, new: RootWorkflow) -> Iterator[Finding]:
    before = {step.label: step for step in old.all_steps()}
    after = {step.label: step for step in new.all_steps()}
    for label in before:
        if label not in after:
            yield _step("stepRemoved", label, "is gone", FindingLevel.MAJOR)
        elif problem := _retyped(before[label], after[label]):
            yield _step("stepRetyped", label, problem, FindingLevel.MAJOR)
        elif _own(before[label]) != _own(after[label]):
            yield _step("stepChanged", label, "has other values", FindingLevel.PATCH)
    for label in after:
        if label not in before:
            yield _step("stepAdded", label, "is new", FindingLevel.MINOR)
    if list(before) != list(after) and before.keys() == after.keys():
        yield Finding(code="stepsMoved", path="steps", message="stand in another order", level=FindingLevel.PATCH)


def _step(code: str, label: str, what: str, level: FindingLevel) -> Finding:
    target = FindingTarget(kind="step", label=label)
    return Finding(code=code, path=f"steps.{label}", message=f"step {label!r} {what}", level=level, target=target)


def _retyped(old: Step, new: Step) -> str | None:
    if old.type != new.type:
        return f"is of type {new.type} instead of {old.type}"
    before, after = _runs(old), _runs(new)
    if before != after:
        return f"runs {after} instead of {before}"
    if old.run_on != new.run_on:
        return f"runs on {new.run_on or 'what its block does'} instead of {old.run_on or 'what its block does'}"
    return None


def _runs(step: Step) -> str | None:
    """Package, name and major version of what a step runs: another minor is another value only."""
    if isinstance(step, FunctionBlockStep):
        reference = SemverRef.parse(step.function_block)
    elif isinstance(step, WorkflowReferenceStep):
        reference = SemverRef.parse(step.workflow)
    else:
        return None
    return f"{reference.full_name}:{reference.major}"


def _own(step: Step) -> JsonObject:
    return {key: value for key, value in step.model_dump(mode="json", exclude_none=True).items() if key != "steps"}


def _parameter_findings(old: RootWorkflow, new: RootWorkflow) -> Iterator[Finding]:
    before, after = _properties(old.parameter_schema), _properties(new.parameter_schema)
    needed_before, needed_after = _required(old.parameter_schema), _required(new.parameter_schema)
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield _parameter("parameterRemoved", name, "is gone", FindingLevel.MAJOR)
        elif name in needed_after and name not in needed_before:
            yield _parameter("parameterRequired", name, "must be given now", FindingLevel.MAJOR)
        elif name not in before:
            yield _parameter("parameterAdded", name, "is new and optional", FindingLevel.MINOR)
        elif _shape(before[name]) != _shape(after[name]):
            yield _parameter("parameterRetyped", name, "takes other values", FindingLevel.MAJOR)
        elif before[name] != after[name] or (name in needed_before) != (name in needed_after):
            yield _parameter("parameterChanged", name, "is described otherwise", FindingLevel.PATCH)


def _parameter(code: str, name: str, what: str, level: FindingLevel) -> Finding:
    path, target = f"parameterSchema.properties.{name}", FindingTarget(kind="schemaProperty", property=name)
    return Finding(code=code, path=path, message=f"parameter {name!r} {what}", level=level, target=target)


def _properties(schema: JsonObject | None) -> Mapping[str, JsonValue]:
    properties = schema.get("properties") if schema else None
    return properties if isinstance(properties, dict) else {}


def _required(schema: JsonObject | None) -> set[JsonValue]:
    required = schema.get("required") if schema else None
    return {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()


def _shape(schema: JsonValue) -> JsonValue:
    """A parameter's schema without what only describes it."""
    if isinstance(schema, list):
        return [_shape(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    shape: JsonObject = {}
    for key, value in schema.items():
        if key == "properties" and isinstance(value, dict):  # its keys are names, not keywords
            shape[key] = {name: _shape(one) for name, one in value.items()}
        elif key not in ("title", "description", "default", "examples", "$comment"):
            shape[key] = _shape(value)
    return shape
