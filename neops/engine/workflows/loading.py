"""YAML or JSON → RootWorkflow, or every mistake with its line and what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import JsonValue, ValidationError
from pydantic_core import ErrorDetails

from neops.engine.workflows.definition import Node, RootWorkflow
from neops.engine.workflows.jmes import Path, suggestion
from neops.engine.workflows.source import Source, read_yaml
from neops.errors import WorkflowInvalid, WorkflowIssue
from neops.protocol.patterns import NAME_PART_PATTERN, SEMVER_REF_PATTERN

_PATTERN_PROBLEMS = {
    NAME_PART_PATTERN: "is not a name: it may not be empty nor hold '/' or ':'",
    SEMVER_REF_PATTERN: "is not a reference: write package/name:1, package/name:1.2 or package/name:1.2.3",
}

_ABOUT_KEYS = frozenset({"missing", "extra_forbidden"})


@dataclass(frozen=True, kw_only=True)
class LoadedWorkflow:
    """A workflow whose shape is right, and the text it came from."""

    workflow: RootWorkflow
    source: Source


def load_workflow(text: str, file: str | None = None) -> LoadedWorkflow:
    """Read a workflow from YAML text (or JSON, which is YAML). `file` is its name in messages.

    Only the shape is checked here; `validation.check_workflow` checks what it means.

    Raises:
        WorkflowInvalid: with every mistake that was found.
    """
    source = read_yaml(text, file)
    return LoadedWorkflow(workflow=_workflow_from(source), source=source)


def parse_workflow(document: Mapping[str, JsonValue]) -> RootWorkflow:
    """The workflow of a document that came as JSON.

    Raises:
        WorkflowInvalid: as `load_workflow`, without lines.
    """
    return _workflow_from(Source(value=dict(document)))


def _workflow_from(source: Source) -> RootWorkflow:
    try:
        return RootWorkflow.model_validate(source.value)
    except ValidationError as error:
        raise WorkflowInvalid(_issues(error, source)) from None


def _issues(error: ValidationError, source: Source) -> list[WorkflowIssue]:
    found: dict[tuple[Path, str], WorkflowIssue] = {}
    for detail in error.errors(include_url=False):
        path, parent = _placed(detail["loc"])
        told = _told(detail, path, parent)
        # A value that fits no branch of a union is reported once for each branch: one is enough.
        found.setdefault((path, detail["type"] if detail["type"] in _ABOUT_KEYS else ""), source.located(*told))
    return sorted(_without_twins(found), key=lambda issue: (issue.line or 0, issue.column or 0))


def _without_twins(found: Mapping[tuple[Path, str], WorkflowIssue]) -> Iterator[WorkflowIssue]:
    """A key that is missing because it is misspelt is told once, as the unknown key."""
    meant = [(path[:-1], issue.message) for (path, kind), issue in found.items() if kind == "extra_forbidden"]
    for (path, kind), issue in found.items():
        twin = kind == "missing" and any(path[:-1] == at and repr(path[-1]) in message for at, message in meant)
        if not twin:
            yield issue


def _told(detail: ErrorDetails, path: Path, parent: type[Node]) -> tuple[Path, str]:
    """Where an error is to be shown, and in which words."""
    kind, value, name = detail["type"], detail["input"], str(detail["loc"][-1]) if detail["loc"] else ""
    context = detail.get("ctx", {})
    if kind == "missing":
        return path[:-1], f"{name!r} is missing"
    if kind == "extra_forbidden":
        return path, f"unknown key{suggestion(name, _keys(parent))}"
    if kind == "union_tag_invalid":
        tags = _quoted(context["expected_tags"])
        return (*path, "type"), _unknown_value(context["tag"], tags)
    if kind == "union_tag_not_found":
        return path, "'type' is missing"
    if kind in ("enum", "literal_error"):
        return path, _unknown_value(value, _quoted(context["expected"]))
    if kind == "string_pattern_mismatch" and context["pattern"] in _PATTERN_PROBLEMS:
        return path, f"{value!r} {_PATTERN_PROBLEMS[context['pattern']]}"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return path, f"should hold keys and values, not {_shown(value)}"
    if kind == "bool_type":
        return path, f"should be true or false, not {_shown(value)}"
    if kind == "too_short":
        return path, "needs at least one entry"
    message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "should be")
    return path, message if kind == "value_error" else f"{message}, not {_shown(value)}"


def _unknown_value(value: object, known: Sequence[str]) -> str:
    return f"{_shown(value)} is none of {', '.join(known)}{suggestion(str(value), known)}"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else repr(value)


def _quoted(text: str) -> list[str]:
    return re.findall(r"'([^']*)'", text)


def _placed(loc: Sequence[int | str]) -> tuple[Path, type[Node]]:
    """The path in the document that an error's location means, and the part of the schema around it.

    Pydantic puts the tag of a union's branch between an item's index and its keys; the document has no such key.
    """
    parent: type[Node] = RootWorkflow
    branches: list[type[Node]] = [RootWorkflow]
    path: list[str | int] = []
    for element in loc:
        if len(branches) > 1 and isinstance(element, str):
            branches = [branch for branch in branches if _tag(branch) == element]
            continue
        if isinstance(element, str):
            if not branches:  # inside a free object, or below a value that has no keys
                continue
            parent = branches[0]
            branches = list(_nodes_in(_annotation(parent, element)))
        path.append(element)
    return tuple(path), parent


def _annotation(node: type[Node], key: str) -> Any:
    return next((field.annotation for name, field in node.model_fields.items() if (field.alias or name) == key), None)


def _nodes_in(annotation: Any) -> Iterator[type[Node]]:
    if isinstance(annotation, type) and issubclass(annotation, Node):
        yield annotation
    for part in get_args(annotation):
        yield from _nodes_in(part)


def _tag(node: type[Node]) -> str:
    return str(get_args(node.model_fields["type"].annotation)[0])


def _keys(node: type[Node]) -> list[str]:
    return [field.alias or name for name, field in node.model_fields.items()]
