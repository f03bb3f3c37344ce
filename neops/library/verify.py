"""core.neops.io/verify: is the network as it should be?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError, ParseError
from pydantic import AfterValidator, Field, JsonValue

from neops.blocks import (
    FunctionBlock,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockResultData,
    Registration,
    WorkflowContext,
    register_function_block,
)
from neops.devices import ParseName, ReadsFacts, RunsCommands
from neops.errors import BlockFailed
from neops.library import PACKAGE
from neops.library.command import ReadCommand


def _jmespath(expression: str) -> str:
    try:
        jmespath.compile(expression)
    except JMESPathError as error:
        raise ValueError(f"{expression!r} is not JMESPath: {_reason(error)}") from error
    return expression


def _reason(error: JMESPathError) -> str:
    if isinstance(error, ParseError) and error.token_value is not None:
        hint = "; numbers are written in backticks: `0`" if str(error.token_value).isdecimal() else ""
        return f"{error.token_value!r} does not fit at character {error.lex_position + 1}{hint}"
    return " ".join(str(error).split())


class VerifyParams(FunctionBlockParams):
    """`assertion` is JMESPath over the parsed output of `command`, or over the facts when no command is given.

    With `expected` the two must be equal, a JSON null included; without it the assertion must hold, as in a JMESPath
    filter: null, false, "", [] and {} do not.
    """

    assertion: Annotated[str, AfterValidator(_jmespath), Field(json_schema_extra={"format": "jmespath"})]
    command: ReadCommand | None = None
    parse: ParseName = "textfsm"
    expected: JsonValue = None


class VerifyData(FunctionBlockResultData):
    """What the expression gave."""

    found: JsonValue


@register_function_block(
    Registration(
        name="verify",
        package=PACKAGE,
        version=(1, 0, 0),
        description="Check facts or a command's output against an expectation",
        run_on="device",
        fb_type="check",
        param_cls=VerifyParams,
        result_cls=VerifyData,
        is_pure=True,
        is_idempotent=True,
    )
)
class Verify(FunctionBlock[VerifyParams, VerifyData]):
    """Looks at the device's facts, or at the parsed output of a command, and fails when they are not as expected.

    | parameters | holds when |
    |---|---|
    | `assertion: os_version`, `expected: "17.9.4"` | the facts say exactly that |
    | `assertion: "contains(interface_list, 'Loopback0')"` | the facts list that interface |
    | `command: show version`, `assertion: "[0].version"`, `expected: "17.9.4"` | the output says so |
    """

    async def run(self, params: VerifyParams, context: WorkflowContext) -> FunctionBlockResult[VerifyData]:
        document = await _document(params, context)
        try:
            found: JsonValue = jmespath.search(params.assertion, document)
        except (ValueError, TypeError) as error:  # jmespath compares a text with a number and lets Python complain
            raise BlockFailed(f"{params.assertion} cannot be evaluated: {error}") from error
        exact = "expected" in params.model_fields_set
        holds = _equal(found, params.expected) if exact else _holds(found)
        evidence = _shown(found) if exact else _evidence(params.assertion, document) or _shown(found)
        message = f"{params.assertion}: expected {_shown(params.expected if exact else True)}, found {evidence}"
        return FunctionBlockResult(
            success=holds, message=f"{params.assertion} holds" if holds else message, data=VerifyData(found=found)
        )


async def _document(params: VerifyParams, context: WorkflowContext) -> JsonValue:
    if params.command is None:
        facts: JsonValue = (await context.connect(ReadsFacts).get_facts()).model_dump(mode="json")
        return facts
    output = await context.connect(RunsCommands).send_command(params.command, parse=params.parse)
    parsed: JsonValue = output.raise_for_status().parsed
    return parsed


def _holds(found: JsonValue) -> bool:
    return found is not None and found is not False and found not in ("", [], {})


def _equal(found: JsonValue, expected: JsonValue) -> bool:
    # To Python true is 1; to JSON it is not.
    return found == expected and isinstance(found, bool) is isinstance(expected, bool)


def _evidence(assertion: str, document: JsonValue) -> str:
    """What the document says about the fields that an assertion names: more telling than that it is false."""
    if not isinstance(document, dict):
        return ""
    named = dict.fromkeys(_fields(jmespath.compile(assertion).parsed))
    found = [f"{name} = {_shown(document[name])}" for name in named if name in document]
    if named and not found:
        return f"null: there is no {' or '.join(named)}, there is {', '.join(sorted(document))}"
    return ", ".join(found)


def _fields(node: Any) -> Iterator[str]:
    if node["type"] == "field":
        yield node["value"]
    for child in node.get("children", ()):
        if isinstance(child, dict):
            yield from _fields(child)


def _shown(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)
