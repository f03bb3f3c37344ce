"""Values that authors write, as JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel, JsonValue
from pydantic_core import PydanticSerializationError, to_jsonable_python

from neops.entities.secrets import MASK, Secret


class NotJson(TypeError):
    """A value has no standard JSON form; `path` says where it is (`rows[3].seen`)."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path or 'the value'} {problem}")
        self.path, self.problem = path, problem


def to_json(value: object, path: str = "") -> JsonValue:
    """The JSON form of a value: times in ISO 8601, sets sorted, bytes as UTF-8, secrets masked, NaN as null.

    Enums, paths, UUIDs, IP addresses, decimals, data classes and pydantic models have their usual forms.

    Raises:
        NotJson: something inside has no such form.
    """
    try:
        return _convert(value, path)
    except RecursionError:
        raise NotJson(path, "refers to itself") from None


def _convert(value: Any, path: str) -> JsonValue:
    match value:
        case Secret():
            return MASK
        case Enum():
            return _convert(value.value, path)
        case None | bool() | int():
            return value
        case str():
            return str.__str__(value)
        case float():
            return value if math.isfinite(value) else None
        case BaseModel():
            return _convert(_dumped(value, path), path)
        case Mapping():
            return {
                _key(key, path): _convert(item, f"{path}.{key}" if path else str(key)) for key, item in value.items()
            }
        case AbstractSet():
            return _sorted(_items(value, path))
        case Sequence() if not isinstance(value, bytes | bytearray | memoryview):
            return _items(value, path)
        case _:
            return _standard_form(value, path)


def _items(values: Iterable[Any], path: str) -> list[JsonValue]:
    return [_convert(value, f"{path}[{index}]") for index, value in enumerate(values)]


def _sorted(items: list[Any]) -> list[JsonValue]:
    try:
        return sorted(items)
    except TypeError:  # of several types
        return sorted(items, key=repr)


def _key(key: Any, path: str) -> str:
    plain = _convert(key, path)
    if isinstance(plain, list | dict):
        raise NotJson(path, f"has the key {key!r}, which JSON does not allow")
    return str(plain)


def _dumped(model: BaseModel, path: str) -> dict[str, Any]:
    try:
        return model.model_dump(by_alias=True, warnings=False)
    except (PydanticSerializationError, ValueError, TypeError) as error:
        raise NotJson(path, f"({type(model).__name__}) cannot be written: {error}") from error


def _standard_form(value: Any, path: str) -> JsonValue:
    if isinstance(value, PurePath):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _convert({field.name: getattr(value, field.name) for field in dataclasses.fields(value)}, path)
    try:
        form: JsonValue = to_jsonable_python(value)
    except UnicodeDecodeError:
        raise NotJson(path, "is bytes that are no UTF-8 text: save them as an artifact") from None
    except (PydanticSerializationError, ValueError) as error:
        raise NotJson(path, f"is of type {type(value).__name__}, which has no JSON form") from error
    return form
