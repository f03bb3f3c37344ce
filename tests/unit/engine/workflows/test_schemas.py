from __future__ import annotations

import pytest
from pydantic import BaseModel, Field, JsonValue

from neops.engine.workflows.schemas import check_draft, check_value, schema_problem, with_defaults
from neops.protocol import JsonObject


class Credentials(BaseModel):
    user: str


class Params(BaseModel):
    model_config = {"extra": "forbid"}

    host: str
    count: int = 1
    note: str | None = Field(default=None, max_length=3)
    credentials: Credentials | None = None
    tags: list[str] = []


SCHEMA = Params.model_json_schema()


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ({"host": "r1"}, []),
        ({}, ["p.host: is required"]),
        ({"hostt": "r1"}, ["p.hostt: unknown; did you mean 'host'?", "p.host: is required"]),
        ({"host": "r1", "count": "x"}, ["p.count: 'x' is not of type 'integer'"]),
        ({"host": "r1", "count": True}, ["p.count: True is not of type 'integer'"]),
        ({"host": "r1", "note": 5}, ["p.note: 5 is not of type 'string'; 5 is not of type 'null'"]),
        ({"host": "r1", "tags": ["a", 1]}, ["p.tags[1]: 1 is not of type 'string'"]),
        (5, ["p: 5 is not of type 'object'"]),
    ],
)
def test_a_value_is_told_what_its_schema_does_not_allow(value: JsonValue, problems: list[str]) -> None:
    assert sorted(str(issue) for issue in check_value(SCHEMA, value, ("p",))) == sorted(problems)


@pytest.mark.parametrize(
    "draft",
    [
        {
            "host": "{{ x }}",
            "count": "{{ x }}",
            "note": "{{ a.long.one }}",
            "credentials": "{{ x }}",
            "tags": "{{ x }}",
        },
        {"host": "r1", "credentials": {"user": "{{ x }}"}, "tags": ["{{ x }}", "b"]},
    ],
)
def test_what_a_template_will_give_is_not_judged(draft: JsonValue) -> None:
    assert check_draft(SCHEMA, draft) == []


def test_what_is_literal_is_judged_beside_templates() -> None:
    draft: JsonValue = {"host": 5, "count": "{{ x }}", "tags": ["{{ x }}", 7], "extra": "{{ x }}"}

    assert {path for path, _ in check_draft(SCHEMA, draft)} == {("host",), ("tags", 1), ("extra",)}


def test_an_expression_for_a_block_is_read_unless_a_template_completes_it() -> None:
    schema: JsonObject = {"properties": {"assertion": {"type": "string", "format": "jmespath"}}}

    (wrong,) = check_draft(schema, {"assertion": "uptime > 60"})

    assert wrong == (
        ("assertion",),
        "expression 'uptime > 60' at character 10: 60 does not fit here; numbers are written in backticks: `0`",
    )
    assert check_draft(schema, {"assertion": "uptime > {{ parameters.least }}"}) == []
    assert check_draft(schema, {"assertion": "uptime > `60`"}) == []


def test_a_schema_that_is_none_is_named() -> None:
    assert schema_problem(SCHEMA) is None
    assert schema_problem({"type": "objekt"}) is not None


def test_a_reference_out_of_the_schema_is_never_followed() -> None:
    [issue] = check_value({"$ref": "http://127.0.0.1:1/schema.json"}, 5)

    assert "which is not in it" in issue.message


def test_defaults_fill_only_what_is_not_given() -> None:
    schema: dict[str, JsonValue] = {"properties": {"a": {"default": 3}, "b": {"default": 4}, "c": {}}}

    assert with_defaults(schema, {"b": None}) == {"a": 3, "b": None}
    assert with_defaults(None, {"b": 1}) == {"b": 1}
