"""A job's parameters as the author's model: strict where the block runs, lenient where it only says what it needs."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar, cast

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from neops.blocks.models import FunctionBlockParams
from neops.errors import UsageError

logger = logging.getLogger(__name__)

_BRANCH = re.compile(r"constrained-\w+|[\w-]+\[.*\]")
"""What pydantic puts into a path for the member of a union that it tried, such as `list[str]`; no document has it."""

P = TypeVar("P", bound=FunctionBlockParams)


class ParametersInvalid(UsageError):
    """A job's parameters do not fit the block; the message names each of them."""


def strict_params(model: type[P], given: Mapping[str, JsonValue], block: str) -> P:
    """The parameters of a block that is about to run; a key it does not declare is logged and ignored.

    Raises:
        ParametersInvalid: something required is missing, or a value does not fit.
    """
    for key in sorted(given.keys() - _declared(model, given)):
        logger.warning("a parameter is not declared and was ignored", extra={"parameter": key, "block": block})
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise ParametersInvalid(f"parameters of {block}: {problems(error)}") from error


def lenient_params(model: type[P], given: Mapping[str, JsonValue], block: str) -> P:
    """The parameters of a block at ACQUIRE, when earlier steps have not answered yet.

    Required ones that are missing or null are None and named in `unresolved`; of the others types and limits are
    checked. The model's own validators do not run while something is unresolved: they would meet None.

    Raises:
        ParametersInvalid: a value that is there does not fit.
    """
    values = {name: given[key] for name, field in model.model_fields.items() if (key := _key(name, field)) in given}
    missing = tuple(name for name, field in model.model_fields.items() if _is_unknown(field, values, name))
    if not missing:
        return strict_params(model, given, block)
    checked = {name: _checked(model, name, value, block) for name, value in values.items() if name not in missing}
    unknown = {name: None for name in missing if model.model_fields[name].is_required()}
    view = cast("P", model.model_construct(**checked, **unknown))
    view._unresolved = missing
    return view


def problems(error: ValidationError) -> str:
    """What pydantic found, on one line: `host: Field required; port: Input should be a valid integer`."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    places = [[str(part) for part in one["loc"] if not _BRANCH.fullmatch(str(part))] for one in found]
    others = [_of_other_branch(one, place) for one, place in zip(found, places, strict=True)]
    meant = {tuple(place[:1]) for place, other in zip(places, others, strict=True) if not other}
    return "; ".join(
        ": ".join(part for part in (".".join(place), _message(one)) if part)
        for one, place, other in zip(found, places, others, strict=True)
        if not (other and tuple(place[:1]) in meant)
    )


def _of_other_branch(detail: ErrorDetails, place: Sequence[str]) -> bool:
    """Whether it may only say that the value is none of another type that was allowed, too."""
    return len(place) < len(detail["loc"]) and detail["type"].endswith("_type")


def _message(detail: ErrorDetails) -> str:
    """On one line; what a validator of ours or of an author says needs no `Value error` in front."""
    return " ".join(detail["msg"].removeprefix("Value error, ").split())


def _declared(model: type[FunctionBlockParams], given: Mapping[str, JsonValue]) -> set[str]:
    fields = model.model_fields.items()
    complex_alias = any(not isinstance(field.validation_alias, str | None) for _, field in fields)
    if complex_alias or model.model_config.get("extra") == "allow":
        return set(given)
    return {key for name, field in fields for key in (name, _key(name, field))}


def _key(name: str, field: FieldInfo) -> str:
    return field.validation_alias if isinstance(field.validation_alias, str) else name


def _is_unknown(field: FieldInfo, values: Mapping[str, JsonValue], name: str) -> bool:
    if name not in values:
        return field.is_required()
    return values[name] is None and not _fits_none(field)


def _fits_none(field: FieldInfo) -> bool:
    try:
        _adapter(field).validate_python(None)
    except ValidationError:
        return False
    return True


def _checked(model: type[FunctionBlockParams], name: str, value: JsonValue, block: str) -> Any:
    try:
        return _adapter(model.model_fields[name]).validate_python(value)
    except ValidationError as error:
        message = _message(error.errors(include_url=False, include_input=False)[0])
        raise ParametersInvalid(f"parameters of {block}: {name}: {message}") from error


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    annotated: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return TypeAdapter(annotated)
