"""Calls of capabilities as data: arguments, answers, and whether two calls are the same."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from pathlib import PurePath
from typing import Any, cast, get_args, get_type_hints

from pydantic import JsonValue, TypeAdapter
from pydantic_core import to_jsonable_python

from neops.devices.capabilities import CAPABILITIES
from neops.devices.changes.staging import ChangePlan, ConfigSession, StagedChange
from neops.entities import Secret
from neops.logs import MASK

Arguments = Mapping[str, JsonValue]

Verdict = Callable[..., bool]


def declaration(method: str, capabilities: Iterable[type]) -> Callable[..., Any] | None:
    """The method as one of these capabilities, neops' own or a step of a change declares it; None: nobody does."""
    for owner in (*capabilities, *CAPABILITIES, ConfigSession):
        if callable(found := vars(owner).get(method)):
            return cast("Callable[..., Any]", found)
    return None


def arguments_of(declared: Callable[..., Any] | None, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Arguments:
    """The arguments by name, in the declared order, without those that are the default."""
    if declared is None:
        named = {**{str(place): value for place, value in enumerate(args)}, **kwargs}
        return {name: _argument(value) for name, value in named.items()}
    signature = _signature(declared)
    try:
        bound = signature.bind(None, *args, **kwargs).arguments
    except TypeError:  # the session will say so
        return arguments_of(None, args, kwargs)
    parameters = signature.parameters
    given = list(bound.items())[1:]  # without self
    return {name: _argument(value) for name, value in given if value != parameters[name].default}


_signature = cache(inspect.signature)


def _argument(value: Any) -> JsonValue:
    """An argument as JSON: secrets are masked, and of a local path only the name is the same elsewhere."""
    match value:
        case Secret():
            return str(value)
        case PurePath():
            return value.name
        case Mapping():
            return {str(key): _argument(item) for key, item in value.items()}
        case list() | tuple():
            return [_argument(item) for item in value]
    return as_json(value)


def candidate_of(args: Sequence[Any]) -> str | None:
    """The name of the change that a step's arguments are about."""
    for value in args:
        if isinstance(value, ChangePlan):
            return value.name
        if isinstance(value, StagedChange):
            return value.plan.name
    return None


def as_json(value: Any) -> JsonValue:
    """A value as JSON data. Of a change only what was asked: its name is another one each time."""
    match value:
        case StagedChange():
            return as_json(value.plan)
        case ChangePlan():
            return {"config": value.config, "mode": value.mode, "undoes": value.undoes}
    return cast("JsonValue", to_jsonable_python(value, bytes_mode="base64", fallback=_described))


def _described(value: object) -> str:
    name = getattr(value, "__qualname__", None)
    module = getattr(value, "__module__", None) or "builtins"  # which methods of built-in types do not name
    return f"{module}:{name}" if name else f"<{type(value).__qualname__}>"


def _verdicts(staged: StagedChange) -> dict[str, Verdict]:
    """The questions about configurations that a staged change answers by itself, without a device."""
    values = {one.name: getattr(staged, one.name) for one in fields(staged)}
    return {name: value for name, value in values.items() if callable(value)}


def with_verdicts(staged: StagedChange, instead: Callable[[str, Verdict], Verdict]) -> StagedChange:
    """The change with other verdicts, from the name and the function of each."""
    others: dict[str, Any] = {name: instead(name, verdict) for name, verdict in _verdicts(staged).items()}
    return replace(staged, **others)


def answer_as_json(answer: Any) -> JsonValue:
    """What a call gave back; of a staged change all but the plan and the verdicts."""
    if isinstance(answer, StagedChange):
        left_out = {"plan", *_verdicts(answer)}
        return {one.name: as_json(getattr(answer, one.name)) for one in fields(answer) if one.name not in left_out}
    return as_json(answer)


def answer_of(declared: Callable[..., Any], recorded: JsonValue, plan: ChangePlan | None) -> Any:
    """The same as the declared result type. `plan` is the one that a staged change is of.

    Raises:
        pydantic.ValidationError: it does not fit that type, which has changed since.
    """
    staged = plan is not None and isinstance(recorded, dict)
    return _adapter(declared).validate_python({**cast("Any", recorded), "plan": plan} if staged else recorded)


@cache
def _adapter(declared: Callable[..., Any]) -> TypeAdapter[Any]:
    """What the Awaitable in the declared result type gives."""
    given = get_type_hints(declared).get("return", Any)
    return TypeAdapter((get_args(given) or (Any,))[0])


def fits(recorded: JsonValue, asked: JsonValue) -> bool:
    """Whether what is asked is what was recorded; where a secret was masked, anything is."""
    if isinstance(recorded, str) and isinstance(asked, str):
        return recorded == asked or (MASK in recorded and _fits_between(recorded.split(MASK), asked))
    if isinstance(recorded, list) and isinstance(asked, list):
        return len(recorded) == len(asked) and all(map(fits, recorded, asked))
    if isinstance(recorded, dict) and isinstance(asked, dict):
        return recorded.keys() == asked.keys() and all(fits(value, asked[name]) for name, value in recorded.items())
    return recorded in (asked, MASK)


def _fits_between(parts: Sequence[str], asked: str) -> bool:
    """Whether the parts stand in a text in this order, with anything between; a pattern could take for ever."""
    first, *middle, last = parts
    at, end = len(first), len(asked) - len(last)
    if at > end or not (asked.startswith(first) and asked.endswith(last)):
        return False
    for part in middle:
        if (found := asked.find(part, at, end)) < 0:
            return False
        at = found + len(part)
    return True


def written(method: str, arguments: Arguments) -> str:
    """A call as text: `send_command(command='show clock')`."""
    return f"{method}({', '.join(f'{name}={value!r}' for name, value in arguments.items())})"


def differences(recorded: Arguments, asked: Arguments) -> list[str]:
    """Where texts of several lines differ, as a unified diff for each argument."""
    found: list[str] = []
    for name, value in asked.items():
        was = recorded.get(name)
        if isinstance(value, str) and isinstance(was, str) and "\n" in value + was and not fits(was, value):
            found += difflib.unified_diff(
                was.splitlines(), value.splitlines(), f"recorded {name}", f"asked {name}", lineterm="", n=2
            )
    return found
