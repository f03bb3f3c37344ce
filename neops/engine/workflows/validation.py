"""What a workflow document means: labels, expressions and what they read, parameters of its cron entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from neops.engine.workflows.blocks import BlockSchema, check_blocks, result_data_names
from neops.engine.workflows.definition import (
    Acquire,
    AcquireByQuery,
    AcquireByReference,
    AcquireFromContext,
    FunctionBlockStep,
    JmesCondition,
    RootWorkflow,
    Step,
    WorkflowStep,
)
from neops.engine.workflows.expressions import OPEN, parse_condition, parse_template
from neops.engine.workflows.jmes import Expression, Path, compile_expression, dotted, suggestion
from neops.engine.workflows.schemas import check_draft, schema_problem, with_defaults
from neops.engine.workflows.scope import CONTEXT_NAMES
from neops.engine.workflows.source import Source
from neops.entities import Entity
from neops.errors import ExpressionInvalid, WorkflowIssue
from neops.protocol import JsonObject

Problem = tuple[Path, str]
Blocks = Mapping[str, BlockSchema]


def check_workflow(
    workflow: RootWorkflow, blocks: Blocks | None = None, source: Source | None = None
) -> list[WorkflowIssue]:
    """Every mistake in what a workflow means, in document order; an empty list when it can run.

    Args:
        blocks: the registered blocks by id; None leaves references to blocks unchecked.
        source: the text, so that issues carry lines.
    """
    where = source or Source(value=None)
    problems = [*_document_problems(workflow, blocks or {})]
    if blocks is not None:
        problems += check_blocks(workflow, blocks)
    issues = [where.located(path, message) for path, message in dict.fromkeys(problems)]
    return sorted(issues, key=lambda issue: (issue.line or 0, issue.column or 0))


@dataclass(frozen=True, kw_only=True)
class _View:
    """What the expressions of one place may read."""

    parameters: frozenset[str] | None
    """Declared parameters; None when any may be given."""
    earlier: Mapping[str, Step] = field(default_factory=dict)
    all_labels: frozenset[str]
    blocks: Blocks


def _document_problems(workflow: RootWorkflow, blocks: Blocks) -> Iterator[Problem]:
    yield from _label_problems(workflow)
    schema = workflow.parameter_schema
    if schema is not None and (problem := schema_problem(schema)):
        yield ("parameterSchema",), problem
        schema = None
    if schema is not None:
        yield from _default_problems(schema, workflow.parameters)
    view = _View(
        parameters=_declared(schema, workflow.parameters),
        all_labels=frozenset(step.label for step in workflow.all_steps()),
        blocks=blocks,
    )
    yield from _own_problems(workflow, (), view)
    yield from _level_problems(workflow, (), view)
    for index, cron in enumerate(workflow.cron):
        at: Path = ("cron", index)
        if cron.condition:
            yield from _condition_problems(cron.condition, (*at, "condition"), view)
        if schema is not None:
            yield from check_draft(schema, with_defaults(schema, cron.parameters), (*at, "parameters"))


def _default_problems(schema: JsonObject, own: Mapping[str, JsonValue]) -> Iterator[Problem]:
    """Values that the document itself gives to parameters; what is missing is for the run to give."""
    values = with_defaults(schema, own)
    for at, message in check_draft(schema, values):
        name, rest = next(iter(at), None), at[1:]
        if name in own:
            yield ("parameters", *at), message
        elif name in values:
            yield ("parameterSchema", "properties", str(name), "default", *rest), message


def _declared(schema: JsonObject | None, given: Mapping[str, JsonValue]) -> frozenset[str] | None:
    properties = schema.get("properties") if schema else None
    if not schema or not isinstance(properties, dict) or schema.get("additionalProperties"):
        return None
    return frozenset(properties) | frozenset(given)


def _label_problems(workflow: RootWorkflow) -> Iterator[Problem]:
    first: dict[str, Path] = {}
    for path, step in _located(workflow.steps, ("steps",)):
        if step.label in first:
            yield (*path, "label"), f"the label {step.label!r} is taken by {dotted(first[step.label])}"
        first.setdefault(step.label, path)


def _located(steps: Sequence[Step], path: Path) -> Iterator[tuple[Path, Step]]:
    for index, step in enumerate(steps):
        at = (*path, index)
        yield at, step
        if isinstance(step, WorkflowStep):
            yield from _located(step.steps, (*at, "steps"))


def _level_problems(group: RootWorkflow | WorkflowStep, path: Path, view: _View) -> Iterator[Problem]:
    """The steps of one level: each may read what stands before it in the document."""
    earlier = dict(view.earlier)
    for index, step in enumerate(group.steps):
        at: Path = (*path, "steps", index)
        seen = replace(view, earlier=dict(earlier))
        yield from _own_problems(step, at, seen)
        if isinstance(step, WorkflowStep):
            inner = None if seen.parameters is None else seen.parameters | frozenset(step.parameters)
            yield from _level_problems(step, at, replace(seen, parameters=inner))
            earlier |= {one.label: one for _, one in _located(step.steps, ())}
        earlier[step.label] = step


def _own_problems(step: Step | RootWorkflow, path: Path, view: _View) -> Iterator[Problem]:
    """Everything that stands on one step itself."""
    if step.condition:
        yield from _condition_problems(step.condition, (*path, "condition"), view)
    for index, assertion in enumerate(step.assert_ or ()):
        yield from _condition_problems(assertion, (*path, "assert", index), view)
    for index, acquire in enumerate(step.acquire):
        yield from _acquire_problems(acquire, (*path, "acquire", index), view)
    yield from _template_problems(step.parameters, (*path, "parameters"), view)
    after = view if isinstance(step, RootWorkflow) else replace(view, earlier={**view.earlier, step.label: step})
    if step.retry_config and step.retry_config.condition:
        yield from _condition_problems(step.retry_config.condition, (*path, "retryConfig", "condition"), after)
    if step.repeat_config and step.repeat_config.condition:
        yield from _condition_problems(step.repeat_config.condition, (*path, "repeatConfig", "condition"), after)


def _condition_problems(condition: JmesCondition, path: Path, view: _View) -> Iterator[Problem]:
    at = (*path, "jmes")
    try:
        expression = parse_condition(condition.jmes)
    except ExpressionInvalid as error:
        yield at, str(error)
    else:
        yield from _reading_problems(expression, at, view)


def _acquire_problems(acquire: Acquire, path: Path, view: _View) -> Iterator[Problem]:
    match acquire:
        case AcquireByQuery():
            yield from _template_problems(acquire.query, (*path, "query"), view)
            yield from _template_problems(acquire.limit, (*path, "limit"), view)
        case AcquireFromContext(filter=str(text)):
            try:
                compile_expression(text)
            except ExpressionInvalid as error:
                yield (*path, "filter"), str(error)
        case AcquireByReference(label=label) if label not in view.earlier:
            yield (*path, "label"), _no_such_step(label, view)


def _template_problems(value: JsonValue, path: Path, view: _View) -> Iterator[Problem]:
    if isinstance(value, str) and OPEN in value:
        try:
            expressions = parse_template(value).expressions
        except ExpressionInvalid as error:
            yield path, str(error)
        else:
            for expression in expressions:
                yield from _reading_problems(expression, path, view)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _template_problems(item, (*path, name), view)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _template_problems(item, (*path, index), view)


def _reading_problems(expression: Expression, path: Path, view: _View) -> Iterator[Problem]:
    for read in expression.paths:
        if problem := _reading_problem(read, view):
            yield path, f"{dotted(read)}: {problem}"


def _reading_problem(read: Path, view: _View) -> str | None:
    root, *rest = read
    if root == "parameters":
        known = view.parameters
        if known is None or not rest or rest[0] in known:
            return None
        return f"there is no parameter {rest[0]!r} in parameterSchema{suggestion(str(rest[0]), known)}"
    if root == "context":
        return _context_problem(rest)
    if root in view.earlier:
        return _result_problem(view.earlier[root], rest, view.blocks) if isinstance(root, str) else None
    return _no_such_step(str(root), view)


def _no_such_step(label: str, view: _View) -> str:
    if label in view.all_labels:
        return f"the step {label!r} has no result yet when this is evaluated"
    if label == "steps":
        return "results stand under the step's own label: <label>.result"
    return f"there is no step {label!r}{suggestion(label, [*view.earlier, 'parameters', 'context'])}"


def _context_problem(rest: Sequence[str | int]) -> str | None:
    if not rest:
        return None
    kind = CONTEXT_NAMES.get(str(rest[0]))
    if kind is None:
        return f"there is no {rest[0]!r} in context{suggestion(str(rest[0]), CONTEXT_NAMES)}"
    names = [part for part in rest[1:] if isinstance(part, str)][:1]
    known = _attributes(kind)
    if names and names[0] not in known:
        return f"a {kind.__name__} has no {names[0]!r}{suggestion(names[0], known)}"
    return None


def _attributes(kind: type[Entity]) -> set[str]:
    return {spelling for name, one in kind.model_fields.items() for spelling in (name, one.alias or name)}


def _result_problem(step: Step, rest: Sequence[str | int], blocks: Blocks) -> str | None:
    if not isinstance(step, FunctionBlockStep):
        return None
    levels: list[set[str] | None] = [{"result", "results"}]
    if rest[:1] == ["result"]:
        levels += [{"success", "message", "data"}]
    if rest[:2] == ["result", "data"]:
        levels += [result_data_names(step, blocks)]
    for part, known in zip(rest, levels, strict=False):
        if known is not None and part not in known:
            hint = suggestion(str(part), known) or f"; there is {', '.join(sorted(known))}"
            return f"there is no {part!r}{hint}"
    return None
