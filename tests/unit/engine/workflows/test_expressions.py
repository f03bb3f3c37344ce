from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from neops.engine.workflows.expressions import holds, parse_template, render, render_parameters
from neops.errors import ExpressionInvalid, InterpolationFailed
from neops.protocol import JsonObject

DOCUMENT: JsonObject = {
    "parameters": {"n": 1, "site": "zrh", "none": None, "tags": ["a", "b"], "deep": {"k": True}},
    "context": {"device": {"ip": "192.0.2.7", "description": None}},
    "ping": {"result": {"success": True, "message": "", "data": {"ms": 3}}},
}

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
PLAIN = VALUES.filter(lambda value: "{{" not in json.dumps(value))
NAMES = st.from_regex(r"\A[a-z_][a-z0-9_]{0,6}\Z")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ parameters.n }}", 1),
        ("  {{ parameters.tags }}\n", ["a", "b"]),
        ("{{ parameters.none }}", None),
        ("{{ parameters.missing || 'default' }}", "default"),
        ("{{ {x: {y: parameters.n}} }}", {"x": {"y": 1}}),
        ("{{ '}}' }}", "}}"),
        (r"{{ 'it\'s}}' }}", "it's}}"),
        ("{{ ping.result.data.ms }}", 3),
        ("site {{parameters.site}}, {{ parameters.n }}", "site zrh, 1"),
        ("{{ parameters.tags }} and {{ parameters.deep }}", '["a", "b"] and {"k": true}'),
        ("no template } }", "no template } }"),
    ],
)
def test_a_template_takes_the_value_it_names(text: str, value: JsonValue) -> None:
    assert render(text, DOCUMENT) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "{{ context.device.ipp }}",
            "parameters.host: .* names 'ipp', which is not in context.device; did you mean 'ip'",
        ),
        ("{{ pong.result }}", "names 'pong', which is not known here; did you mean 'ping'"),
        ("{{ parameters.tags[5] }}", "names '5', which is not in parameters.tags"),
        ("description: {{ context.device.description }}", "is null"),
        ("{{ length(parameters.n) }}", "cannot be told"),
        ("{{ parameters.n", "not closed.*rawParameters"),
        ("{{ a..b }}", "no expression"),
    ],
)
def test_what_cannot_be_resolved_is_named(text: str, problem: str) -> None:
    with pytest.raises(InterpolationFailed, match=problem):
        render_parameters({"host": text}, {}, DOCUMENT)


def test_the_path_of_a_failure_leads_into_nested_parameters() -> None:
    with pytest.raises(InterpolationFailed) as caught:
        render_parameters({"hosts": [{"ip": "{{ nope }}"}]}, {}, DOCUMENT)

    assert (caught.value.path, caught.value.expression) == ("parameters.hosts[0].ip", "nope")


def test_while_acquiring_what_is_not_known_yet_is_left_out() -> None:
    parameters: JsonObject = {"host": "{{ later.result }}", "site": "{{ parameters.site }}", "all": ["{{ nope }}", 2]}

    assert render_parameters(parameters, {}, DOCUMENT, lenient=True) == {"site": "zrh", "all": [2]}


def test_raw_parameters_are_never_touched_and_win() -> None:
    rendered = render_parameters({"a": "{{ parameters.n }}", "b": 1}, {"a": "{{ kept }}"}, DOCUMENT)

    assert rendered == {"a": "{{ kept }}", "b": 1}


@pytest.mark.parametrize(
    ("condition", "true"),
    [
        ("context.device.ip != null", True),
        ("{{ context.device.ip != null }}", True),
        (" {{ context.device.description }} ", False),
        ("parameters.missing", False),
        ("parameters.n > `0` && ping.result.success", True),
    ],
)
def test_a_condition_is_written_with_or_without_braces(condition: str, true: bool) -> None:
    assert holds(condition, DOCUMENT) is true


def test_a_condition_with_text_around_its_braces_is_refused() -> None:
    with pytest.raises(ExpressionInvalid, match="one expression"):
        holds("{{ parameters.n }} > {{ parameters.m }}", DOCUMENT)


@given(value=PLAIN)
def test_values_without_templates_are_never_changed(value: JsonValue) -> None:
    assert render(value, DOCUMENT) == value


@given(value=VALUES, name=NAMES)
def test_a_lone_template_keeps_the_value_and_never_looks_inside_it(value: Any, name: str) -> None:
    assert render(f"{{{{ parameters.{name} }}}}", {"parameters": {name: value}}) == value


@given(values=st.lists(VALUES.filter(lambda value: value is not None), min_size=2, max_size=4))
def test_embedded_templates_read_back_as_the_same_json(values: list[JsonValue]) -> None:
    document: JsonObject = {"v": values}
    text = "|".join(f"{{{{ v[{index}] }}}}" for index in range(len(values)))

    rendered = render(text, document)

    assert rendered == "|".join(one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in values)


@given(text=st.text(alphabet="{}'`\"\\ a.[]|&", max_size=20))
def test_any_text_is_either_cut_into_parts_or_refused_with_our_error(text: str) -> None:
    try:
        parts = parse_template(text).parts
    except ExpressionInvalid:
        return
    assert all(isinstance(part, str) or part.text in text for part in parts)


@given(value=VALUES)
def test_rendering_leniently_never_fails_on_an_object(value: JsonValue) -> None:
    render_parameters({"value": value}, {}, {}, lenient=True)
