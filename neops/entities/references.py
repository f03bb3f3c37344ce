"""Which kinds of entity there are, and how one points at another."""

from __future__ import annotations

from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

TEMPORARY_ID_MIN = 10_000_000
ENTITY_ID_MAX = TEMPORARY_ID_MAX = 2**31 - 1

EntityId = Annotated[int, Field(ge=1, le=ENTITY_ID_MAX)]
"""Id of an entity in the CMS, from 1; from 10 000 000 on it is a temporary id of an entity a job created."""


class EntityType(StrEnum):
    """What a block or a step runs on, and what an update changes."""

    GLOBAL = "global"
    DEVICE = "device"
    INTERFACE = "interface"
    GROUP = "group"
    CLIENT = "client"


class Entity(BaseModel):
    """Base of all entities: attributes in snake_case, JSON keys in camelCase, no NaN in JSON.

    Unknown keys are ignored in what comes from elsewhere (`model_validate`), and refused where an entity is written
    down: `Device(name="r1")` raises a TypeError, for `hostname` is meant.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        validate_assignment=True,
        allow_inf_nan=False,
    )

    if not TYPE_CHECKING:  # type checkers know the fields

        def __init__(self, **fields: Any) -> None:
            known = type(self).model_fields
            if others := fields.keys() - known.keys():
                aliases = {field.alias for field in known.values()}
                for name in sorted(others - aliases):
                    near = " or ".join(map(repr, get_close_matches(name, known, n=2)))
                    hint = f"; did you mean {near}?" if near else ""
                    raise TypeError(f"{type(self).__name__} has no field {name!r}{hint}")
            super().__init__(**fields)

        # As pydantic's own: what it reads by itself, also inside of other models, does not come through here.
        __init__.__pydantic_base_init__ = True


class EntityReference(Entity):
    """Points at an entity by id, or, in a new entity, by the name it will be found under."""

    id: EntityId | None = None
    hostname: str | None = None
    name: str | None = None
