from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from neops.engine.workflows.jmes import compile_expression, dotted, first_missing
from neops.errors import ExpressionInvalid

READS = [
    ("context.device.ip != null", [("context", "device", "ip")]),
    ("a.b[0].c", [("a", "b", 0, "c")]),
    ("@.a.b", [("a", "b")]),
    ("a || b.c && !d", [("a",), ("b", "c"), ("d",)]),
    ("{x: a.b, y: [c, d]}", [("a", "b"), ("c",), ("d",)]),
    ("ping.results[?success].data.x | [0]", [("ping", "results")]),
    ("sort_by(a.b, &c)", [("a", "b")]),
    ("join(',', a[*].b)", [("a",)]),
    ("(a || b).c", [("a",), ("b",)]),
    ("a.{x: inner}", [("a",)]),
    ("a[1:2]", [("a",)]),
    ("*.x", []),
    ("'x'", []),
    ('`{"a": 1}`', []),
]

MISTAKES = [
    ("parameters.limit > 0", "numbers are written in backticks", 19),
    ("a..b", "'.' does not fit here", 2),
    ("a.", "missing at the end", None),
    ("", "empty", None),
    ("foo#", "Unknown token", 3),
    ("lenght(a)", r"no function lenght\(\); did you mean 'length'", None),
    ("length(a, b)", r"length\(\) takes 1 argument", None),
    ("up == true", "backticks: `true`", None),
    ("items[?up == false]", "backticks: `false`", None),
]


@pytest.mark.parametrize(("text", "paths"), READS)
def test_an_expression_tells_what_it_reads_before_it_runs(text: str, paths: list[tuple[str | int, ...]]) -> None:
    assert list(compile_expression(text).paths) == paths


@pytest.mark.parametrize(("text", "problem", "position"), MISTAKES)
def test_a_mistake_is_named_with_its_position(text: str, problem: str, position: int | None) -> None:
    with pytest.raises(ExpressionInvalid, match=problem) as caught:
        compile_expression(text)

    assert caught.value.position == position


@pytest.mark.parametrize(
    ("text", "true"),
    [
        ("zero", True),
        ("no", False),
        ("empty", False),
        ("nothing", False),
        ("list", False),
        ("`[0]`", True),
        ("`true`", True),
    ],
)
def test_truth_is_that_of_jmespath(text: str, true: bool) -> None:
    document: dict[str, JsonValue] = {"zero": 0, "no": False, "empty": "", "nothing": None, "list": []}

    assert compile_expression(text).holds(document) is true


@pytest.mark.parametrize("text", ["length(n)", "n < 'text'", "list[::0]", "to_number(&n)"])
def test_a_value_of_the_wrong_kind_is_an_error_of_ours(text: str) -> None:
    with pytest.raises(ExpressionInvalid):
        compile_expression(text).value({"n": 1, "list": [1]})


def test_an_expression_nested_too_deeply_is_refused() -> None:
    with pytest.raises(ExpressionInvalid, match="too deeply"):
        compile_expression("(" * 10_000 + "a" + ")" * 10_000)


TOKENS = [
    "a",
    "b",
    ".",
    "[",
    "]",
    "*",
    "?",
    "|",
    "||",
    "&&",
    "!",
    "==",
    "<",
    "`1`",
    "'x'",
    "(",
    ")",
    ",",
    "&",
    "@",
    "{",
    "}",
    ":",
    "0",
    "`",
    "'",
    "[::0]",
]
TOKENS += ["sort(", "length(", "join(", "max_by(", "to_number(", "sum(", "map(", "keys("]


@pytest.mark.filterwarnings("ignore:deprecated string literal syntax:PendingDeprecationWarning")
@given(tokens=st.lists(st.sampled_from(TOKENS), min_size=1, max_size=7))
def test_whatever_an_author_writes_is_a_value_or_an_error_of_ours(tokens: list[str]) -> None:
    with contextlib.suppress(ExpressionInvalid):
        compile_expression("".join(tokens)).holds({"a": [{"b": 1}, {"b": "x"}, 3], "b": {"a": None}})


def test_a_missing_name_is_told_from_a_null() -> None:
    document: JsonValue = {"a": {"b": None, "list": [1]}}

    assert first_missing(compile_expression("a.b"), document) is None
    assert (
        str(first_missing(compile_expression("a.bb"), document)) == "names 'bb', which is not in a; did you mean 'b'?"
    )
    assert str(first_missing(compile_expression("a.list[1]"), document)) == "names '1', which is not in a.list"
    assert str(first_missing(compile_expression("x"), document)) == "names 'x', which is not known here"


def test_paths_are_written_as_authors_write_them() -> None:
    assert dotted(("steps", 0, "acquire", 1, "query")) == "steps[0].acquire[1].query"
