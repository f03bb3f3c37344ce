from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from neops.engine.workflows.source import Place, read_yaml
from neops.errors import WorkflowInvalid

# YAML limits a key that stands on the line of its value to 1024 characters.
KEYS = st.text(max_size=80)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)

MISTAKES = [
    ("a: {{ x.y }}", r"w.yaml:1:1: a: a value that starts with \{\{ must be quoted"),
    ("b: 1\na: {{ x }}-z", r"w.yaml:2:11: .*must be quoted"),
    ("a: 1\nb:\n  c: 1\n  c: 2", "w.yaml:4:3: b.c: the key stands here a second time"),
    ("a:\n\tb: 1", "w.yaml:2:1: .*not with tabs"),
    ("a: [1, 2", "w.yaml:1:9: "),
    ("a: 1\n---\nb: 2", "another document"),
    ("", "w.yaml:1: the document is empty"),
    ("a: !!python/object:os.system {}", "tags such as .* are not allowed"),
    ("a: &x [*x]", r"w.yaml: a\[0\]: aliases"),
    (r'a: "\ud83d"', "half of an escaped character"),
    ("a: 1\n<<: 5", "mappings only"),
    ("a: \x00", "w.yaml: "),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_in_the_yaml_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(WorkflowInvalid, match=message):
        read_yaml(text, "w.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("65000:10", "65000:10"),
        ("2026-01-01", "2026-01-01"),
        ("1_000", "1_000"),
        ("010", 10),
        ("0x1F", 31),
        ("-7", -7),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("~", None),
        ("True", True),
        ("'true'", "true"),
        ('"7"', "7"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
    ],
)
def test_plain_scalars_are_those_of_yaml_1_2(text: str, value: JsonValue) -> None:
    assert read_yaml(f"- {text}").value == [value]


def test_keys_are_texts_whatever_they_look_like() -> None:
    assert read_yaml("1: a\ntrue: b").value == {"1": "a", "true": "b"}


def test_merged_keys_give_way_to_own_ones() -> None:
    text = "base: &base {x: 1, y: 2}\nother: &other {y: 3, z: 4}\nown:\n  <<: [*base, *other]\n  x: 9"

    assert read_yaml(text).value["own"] == {"x": 9, "y": 2, "z": 4}  # type: ignore[call-overload,index] # an object


def test_every_part_knows_its_place() -> None:
    source = read_yaml("a: 1\nb:\n  - c: 2\n  - d")

    assert source.places["b", 0, "c"] == Place(line=3, column=5)
    assert source.places["b", 1] == Place(line=4, column=5)


def test_what_is_not_in_the_text_is_shown_at_what_is_around_it() -> None:
    issue = read_yaml("a:\n  b: 1", "w.yaml").located(("a", "missing", "deep"), "is required")

    assert str(issue) == "w.yaml:1:1: a.missing.deep: is required"


def test_aliases_that_expand_without_end_are_stopped() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    with pytest.raises(WorkflowInvalid, match="aliases"):
        read_yaml("\n".join(lines))


def test_a_document_nested_too_deeply_is_refused() -> None:
    with pytest.raises(WorkflowInvalid, match="too deeply"):
        read_yaml("[" * 5000 + "]" * 5000)


@given(value=JSON)
def test_json_is_read_as_the_same_value(value: JsonValue) -> None:
    assert read_yaml(json.dumps(value)).value == value


@given(value=JSON)
def test_what_another_program_writes_as_yaml_is_read_as_the_same_value(value: JsonValue) -> None:
    assert read_yaml(yaml.safe_dump(value)).value == value
