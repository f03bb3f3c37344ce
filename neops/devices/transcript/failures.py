"""Errors as data, and back."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from neops import errors
from neops.devices.transcript.errors import RecordedFailure
from neops.devices.transcript.lines import Failure
from neops.errors import NeopsError


def failure_of(error: BaseException) -> Failure:
    """What to keep of an error; its causes and its traceback are left out."""
    if isinstance(error, RecordedFailure):
        return Failure(type=error.type, message=str(error).removeprefix(f"{error.type}: "))
    attributes: Mapping[str, JsonValue] = to_jsonable_python(vars(error), fallback=str)
    return Failure(type=type(error).__name__, message=str(error), attributes=attributes)


def error_of(failure: Failure) -> BaseException:
    """An error of the same class, with the same text and attributes; lists among them are tuples.

    Classes are those of `neops.errors` and of Python. What else was raised is a RecordedFailure.
    """
    kind = _class(failure.type)
    if kind is None:
        return RecordedFailure(failure.type, failure.message)
    error = kind.__new__(kind, failure.message)
    for name, value in _attributes(kind, failure.attributes):
        setattr(error, name, value)
    return error


def _class(name: str) -> type[BaseException] | None:
    kind = getattr(errors, name, None) or getattr(builtins, name, None)
    return kind if isinstance(kind, type) and issubclass(kind, Exception) else None


def _attributes(kind: type[BaseException], recorded: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in recorded.items():
        if name == "__notes__":
            yield name, list(value)
        elif issubclass(kind, NeopsError) and not name.startswith("_"):  # Python's own have arguments, and some slots
            yield name, tuple(value) if isinstance(value, list) else value
