from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from neops.entities import Interface, Secret
from neops.entities.jsonable import NotJson, to_json


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


@dataclass
class Neighbor:
    port: str
    seen: set[int]


class Row(BaseModel):
    when: datetime
    extra: dict[str, Any]


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (None, None),
        (True, True),
        (1.5, 1.5),
        (math.nan, None),
        ({3, 10, 2}, [2, 3, 10]),
        ({"a", 1}, ["a", 1]),
        (frozenset({"b", "a"}), ["a", "b"]),
        ((1, (2,)), [1, [2]]),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "2026-01-02T03:00:00Z"),
        (date(2026, 1, 2), "2026-01-02"),
        (timedelta(seconds=90), "PT1M30S"),
        (ipaddress.ip_network("192.0.2.0/24"), "192.0.2.0/24"),
        (b"caf\xc3\xa9", "café"),
        (PurePosixPath("a/b"), "a/b"),
        (Decimal("1.10"), "1.10"),
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        ({Colour.RED: 1, 2: 3}, {"red": 1, "2": 3}),
        (Neighbor("eth0", {2, 1}), {"port": "eth0", "seen": [1, 2]}),
        (
            Row(when=datetime(2026, 1, 2, tzinfo=UTC), extra={"s": {1}}),
            {"when": "2026-01-02T00:00:00Z", "extra": {"s": [1]}},
        ),
        (Secret("hunter2"), "********"),
        ({"deep": [Secret("hunter2")]}, {"deep": ["********"]}),
    ],
    ids=lambda value: type(value).__name__,  # the repr of a set differs from process to process
)
def test_a_standard_form_is_used_where_there_is_one(value: object, form: object) -> None:
    assert to_json(value) == form


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"rows": [{"x": object()}]}, "rows[0].x is of type object, which has no JSON form"),
        ({"raw": b"\xff"}, "raw is bytes that are no UTF-8 text: save them as an artifact"),
        ({"by": {(1, 2): 3}}, "by has the key (1, 2), which JSON does not allow"),
        ({"call": print}, "call is of type builtin_function_or_method, which has no JSON form"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_anything_else_is_named(value: object, problem: str) -> None:
    with pytest.raises(NotJson) as refused:
        to_json(value)

    assert str(refused.value) == problem


def test_something_that_refers_to_itself_is_named() -> None:
    loop: list[Any] = []
    loop.append(loop)

    with pytest.raises(NotJson, match="data refers to itself"):
        to_json(loop, "data")


def test_an_entity_in_a_value_has_its_wire_form() -> None:
    form = to_json(Interface(id=1, name_sorting="1"))

    assert isinstance(form, dict)
    assert form["nameSorting"] == "1"
