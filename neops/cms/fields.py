"""Which fields of an entity can be written, and whether a value fits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy import Table

from neops.cms import tables
from neops.entities import Device, EntityType, Interface, NewGroup, Secret
from neops.entities.batch import check_connections
from neops.errors import NeopsError

NAMES: Mapping[EntityType, str] = {
    EntityType.DEVICE: "hostname",
    EntityType.GROUP: "name",
    EntityType.INTERFACE: "name",
}
"""The field that a person calls an entity by."""

GROUP_LEVEL = ("ip", "port", "username", "password", "platform", "platform_alias", "connection_options")
"""What a group hands on to its members, beside facts."""

WRITABLE: Mapping[EntityType, tuple[str, ...]] = {
    EntityType.DEVICE: (
        "hostname",
        "ip",
        "port",
        "username",
        "password",
        "connection_options",
        "vendor",
        "model",
        "serial",
        "software_release",
        "connection_state",
        "external_reference",
        "current_configuration",
        "last_configuration",
        "facts",
    ),
    EntityType.GROUP: (
        "name",
        "title",
        "description",
        "ip",
        "port",
        "username",
        "password",
        "connection_options",
        "facts",
    ),
    EntityType.INTERFACE: (
        "name",
        "description",
        "state",
        "ifindex",
        "current_configuration",
        "last_configuration",
        "facts",
    ),
}
"""Columns that hold a field as it is; platform and relations are looked up."""

_TABLES = {EntityType.DEVICE: tables.devices, EntityType.GROUP: tables.groups, EntityType.INTERFACE: tables.interfaces}
_MODELS: Mapping[EntityType, type[BaseModel]] = {
    EntityType.DEVICE: Device,
    EntityType.GROUP: NewGroup,
    EntityType.INTERFACE: Interface,
}


class Refusal(NeopsError):
    """A change cannot be made; the message says why.

    `missing`: the entity is not there. `conflict`: another one has that name.
    """

    def __init__(self, reason: str, *, missing: bool = False, conflict: bool = False) -> None:
        super().__init__(reason)
        self.missing, self.conflict = missing, conflict


def tables_of(entity: EntityType) -> Table:
    """The table that holds this kind of entity.

    Raises:
        LookupError: there is none (`global`, `client`).
    """
    found = _TABLES.get(entity)
    if found is None:
        raise LookupError(f"the CMS holds no entities of kind {entity.value!r}")
    return found


def checked(entity: EntityType, data: Mapping[str, Any]) -> dict[str, Any]:
    """The writable columns in `data`, as they are stored.

    Raises:
        Refusal: a value does not fit; the message names the field, never the value.
    """
    given = {name: _plain(data[name]) for name in WRITABLE[entity] if name in data}
    if given.get("facts", ...) is None:
        given["facts"] = {}
    model = _MODELS[entity]
    blank = _blank(model).model_copy()
    for name, value in given.items():
        if value is None:
            continue
        _check_json(name, value)
        try:
            model.__pydantic_validator__.validate_assignment(blank, name, value)
        except ValidationError as error:
            problem = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in problem["loc"])
            raise Refusal(f"{where}: {problem['msg']}") from None
    if (options := given.get("connection_options")) is not None:
        try:
            check_connections(options)
        except ValueError as problem:
            raise Refusal(f"connection_options: {problem}") from None
    return given


@cache
def _blank(model: type[BaseModel]) -> BaseModel:
    """Made once: pydantic 2.14 looks at the signature of each default factory each time, which takes 0.3 ms."""
    return model.model_construct()


def _check_json(name: str, value: Any) -> None:
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError:  # UnicodeEncodeError is one: half a surrogate pair
        raise Refusal(f"{name}: it holds a number or a character that JSON cannot write") from None


def _plain(value: Any) -> Any:
    return value.reveal() if isinstance(value, Secret) else value
