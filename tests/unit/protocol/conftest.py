"""The published contract as data: contract.txt, a strict checker of it, and a generator of legal messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

CONTRACT = Path(__file__).parent / "contract.txt"
VERSION = r"[0-9]+(\.[0-9]+){0,2}"
PATTERNS = {
    "LABEL": r"(?!(parameters|context|steps)$)[A-Za-z_][A-Za-z0-9_]*",
    "NAMEPART": r"[^/:]+",
    "SEMVERREF": rf"[^/:]+/[^/:]+:{VERSION}",
}
SAMPLES = {
    "LABEL": st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,8}\Z").filter(
        lambda text: text not in {"parameters", "context", "steps"}
    ),
    "NAMEPART": st.from_regex(r"\A[a-z][a-z0-9._-]{0,12}\Z"),
    "SEMVERREF": st.from_regex(rf"\A[a-z.]{{1,8}}/[a-z_]{{1,8}}:{VERSION}\Z"),
}
ENTITY_IDS = {"ids", "entityId", "devices", "deviceGroups", "interfaces"}
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
OBJECTS = st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=3)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SCALARS = {
    "string": st.text(max_size=12),
    "number": st.integers(0, 2**31),
    "boolean": st.booleans(),
    "object": OBJECTS,
    "any": JSON_VALUES,
    "date-time": MOMENTS.map(lambda at: at.isoformat().replace("+00:00", "Z")),
}


@dataclass(frozen=True, kw_only=True)
class Key:
    type: str
    required: bool
    nullable: bool
    enum: tuple[str, ...]
    minimum: int | None
    pattern: str | None


class Contract:
    """Messages, enums and unions by their published names."""

    def __init__(self, text: str) -> None:
        self.messages: dict[str, dict[str, Key]] = {}
        self.enums: dict[str, tuple[str, ...]] = {}
        self.unions: dict[str, tuple[str, ...]] = {}
        current: dict[str, Key] = {}
        for line in text.splitlines():
            if line.startswith("  "):
                name, kind, *flags = line.split()
                current[name] = _key(kind, flags)
            elif " = enum " in line:
                name, values = line.split(" = enum ")
                self.enums[name] = tuple(values.split())
            elif " = oneof " in line:
                name, values = line.split(" = oneof ")
                self.unions[name] = tuple(values.split())
            elif " = any" in line:
                self.unions[line.split()[0]] = ("any",)
            else:
                current = self.messages[line] = {}

    def problems(self, kind: str, value: Any, at: str = "$") -> Iterator[str]:
        """Every place where a strict reader of `kind` would raise on `value`."""
        if kind.startswith(("[]", "{}")):
            yield from self._container_problems(kind, value, at)
        elif kind in self.unions:
            branches = [list(self.problems(branch, value, at)) for branch in self.unions[kind]]
            if all(branches):
                yield f"{at}: fits no {kind}: {branches}"
        elif kind in self.enums:
            if value not in self.enums[kind]:
                yield f"{at}: {value!r} is no {kind}"
        elif kind in self.messages:
            yield from self._message_problems(kind, value, at)
        elif not _scalar_fits(kind, value):
            yield f"{at}: {value!r} is no {kind}"

    def _container_problems(self, kind: str, value: Any, at: str) -> Iterator[str]:
        if kind.startswith("[]") and isinstance(value, list):
            items: Iterable[tuple[Any, Any]] = enumerate(value)
        elif kind.startswith("{}") and isinstance(value, dict):
            items = value.items()
        else:
            yield f"{at}: {value!r} is no {kind}"
            return
        for index, item in items:
            yield from self.problems(kind[2:], item, f"{at}[{index!r}]")

    def _message_problems(self, kind: str, value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{at}: not an object"
            return
        for name, key in self.messages[kind].items():
            here = f"{at}.{name}"
            if name not in value:
                if key.required:
                    yield f"{here}: missing"
            elif value[name] is None:
                if not key.nullable:
                    yield f"{here}: null"
            else:
                yield from self._key_problems(key, value[name], here)

    def _key_problems(self, key: Key, value: Any, at: str) -> Iterator[str]:
        yield from self.problems(key.type, value, at)
        if key.enum and str(value) not in key.enum:
            yield f"{at}: {value!r} is none of {key.enum}"
        if key.minimum is not None and isinstance(value, int) and value < key.minimum:
            yield f"{at}: {value} is below {key.minimum}"
        if key.pattern and not re.fullmatch(PATTERNS[key.pattern], value):
            yield f"{at}: {value!r} is no {key.pattern}"

    def values(self, kind: str, depth: int = 4) -> st.SearchStrategy[Any]:
        """Legal values of `kind`."""
        if kind.startswith("[]"):
            return st.lists(self.values(kind[2:], depth - 1), max_size=2)
        if kind.startswith("{}"):
            return st.dictionaries(st.text(max_size=5), self.values(kind[2:]), max_size=2)
        if kind in self.unions:
            return st.one_of([self.values(branch, depth) for branch in self.unions[kind]])
        if kind in self.enums:
            return st.sampled_from(self.enums[kind])
        if kind in self.messages:
            return st.deferred(lambda: self._messages(kind, depth))
        return SCALARS[kind]

    def _messages(self, kind: str, depth: int) -> st.SearchStrategy[Any]:
        required, optional = {}, {}
        for name, key in self.messages[kind].items():
            strategy = self._key_values(kind, name, key, depth)
            if key.required:
                required[name] = strategy
            elif depth > 0:
                optional[name] = strategy
        return st.fixed_dictionaries(required, optional=optional)

    def _key_values(self, kind: str, name: str, key: Key, depth: int) -> st.SearchStrategy[Any]:
        # The table gives every update all three operations; only one is meant.
        operations = {"EntityCreateDto": "create", "EntityPatchDto": "patch", "EntityDeleteDto": "delete"}
        if name == "operation" and kind in operations:
            return st.just(operations[kind])
        if key.enum:
            numeric = key.type == "number"
            strategy: st.SearchStrategy[Any] = st.sampled_from([int(one) if numeric else one for one in key.enum])
        elif key.pattern:
            strategy = SAMPLES[key.pattern]
        elif "number" in key.type and (key.minimum or name in ENTITY_IDS):
            strategy = st.integers(1, 2**31 - 1)
            strategy = st.lists(strategy, max_size=2) if key.type.startswith("[]") else strategy
        else:
            strategy = self.values(key.type, depth - 1)
        return st.none() | strategy if key.nullable else strategy


def _key(kind: str, flags: list[str]) -> Key:
    named = dict(flag.split(":", 1) for flag in flags if ":" in flag)
    return Key(
        type=kind,
        required="required" in flags,
        nullable="nullable" in flags,
        enum=tuple(named["enum"].split(",")) if "enum" in named else (),
        minimum=int(named["min"]) if "min" in named else None,
        pattern=next((flag for flag in flags if flag in PATTERNS), None),
    )


def _scalar_fits(kind: str, value: Any) -> bool:
    if kind == "any":
        return True
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "date-time":
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    expected: type = {"string": str, "boolean": bool, "object": dict}.get(kind, dict)
    return isinstance(value, expected)


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract(CONTRACT.read_text())
