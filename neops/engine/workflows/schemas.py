"""Values against JSON Schemas: parameters of runs and blocks, result data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.exceptions import SchemaError
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from pydantic import JsonValue
from referencing import Registry
from referencing.exceptions import Unresolvable

from neops.engine.workflows.expressions import OPEN
from neops.engine.workflows.jmes import Path, compile_expression, dotted, suggestion
from neops.errors import ExpressionInvalid, WorkflowIssue
from neops.protocol import JsonObject

_CACHED_VALIDATORS = 256


def schema_problem(schema: JsonObject) -> str | None:
    """Why `schema` is no JSON Schema, None when it is one."""
    try:
        _validator_class(schema).check_schema(schema)
    except SchemaError as error:
        return f"no JSON Schema: {_where(error)}{error.message}"
    return None


def check_value(schema: JsonObject, value: JsonValue, path: Path = ()) -> list[WorkflowIssue]:
    """Everything about `value` that its schema does not allow; `path` is its place in the messages."""
    return [
        WorkflowIssue(path=dotted(at), message=message)
        for at, message in _problems(schema, value, path, templates=False)
    ]


def check_draft(schema: JsonObject, value: JsonValue, path: Path = ()) -> list[tuple[Path, str]]:
    """As `check_value`, for a value that still holds templates: what is known only at run time is passed over."""
    return list(dict.fromkeys(_problems(schema, value, path, templates=True)))


def with_defaults(schema: JsonObject | None, parameters: Mapping[str, JsonValue]) -> JsonObject:
    """The parameters of a run, completed with the defaults of the workflow's own schema."""
    properties = schema.get("properties") if schema else None
    defaults: JsonObject = {}
    for name, one in (properties if isinstance(properties, dict) else {}).items():
        if isinstance(one, dict) and "default" in one:
            defaults[name] = one["default"]
    return {**defaults, **parameters}


def _problems(schema: JsonObject, value: JsonValue, path: Path, *, templates: bool) -> Iterator[tuple[Path, str]]:
    try:
        for error in _validator(json.dumps(schema, sort_keys=True)).iter_errors(value):
            if not (templates and _holds_template(error.instance, error.validator)):
                yield from _told(error, (*path, *error.absolute_path))
    except Unresolvable as error:
        yield path, f"the schema refers to {error.ref!r}, which is not in it"


def _told(error: ValidationError, at: Path) -> Iterator[tuple[Path, str]]:
    rule, schema = error.validator, error.schema
    instance: Any = error.instance
    if rule == "required" and isinstance(schema, dict):
        yield from (((*at, name), "is required") for name in schema["required"] if name not in instance)
    elif rule == "additionalProperties" and isinstance(schema, dict) and schema[rule] is False:
        known = list(schema.get("properties", {}))
        yield from (((*at, name), f"unknown{suggestion(name, known)}") for name in instance if name not in known)
    elif rule == "format" and error.cause:
        yield at, str(error.cause)
    elif error.context:  # no branch of an anyOf fits
        yield at, "; ".join(dict.fromkeys(branch.message for branch in error.context))
    else:
        yield at, error.message


def _holds_template(value: Any, rule: object) -> bool:
    """Whether a rule that `value` breaks could be kept once its templates are filled in.

    Keys never hold templates, so rules about keys alone are decided already.
    """
    if rule in ("required", "additionalProperties", "minProperties", "maxProperties", "propertyNames"):
        return False
    if isinstance(value, str):
        return OPEN in value
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return rule != "type" and any(_holds_template(part, None) for part in parts)
    return False


@lru_cache(maxsize=_CACHED_VALIDATORS)
def _validator(schema: str) -> Validator:
    loaded = json.loads(schema)
    # Without a registry of its own, a validator fetches foreign references over the network.
    return _validator_class(loaded)(loaded, registry=Registry(), format_checker=_formats())


@cache
def _formats() -> FormatChecker:
    """The formats that are checked; every other one is a remark, as JSON Schema has it."""
    formats = FormatChecker(formats=())
    formats.checks("jmespath", raises=ExpressionInvalid)(_is_jmespath)
    return formats


def _is_jmespath(value: object) -> bool:
    return not isinstance(value, str) or bool(compile_expression(value))


def _validator_class(schema: JsonObject) -> type[Validator]:
    found: type[Validator] = validator_for(schema, default=Draft202012Validator)
    return found


def _where(error: SchemaError) -> str:
    return f"{dotted(tuple(error.absolute_path))}: " if error.absolute_path else ""
