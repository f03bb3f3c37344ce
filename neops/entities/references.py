"""Which kinds of entity there are, and how one points at another."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

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
    """Base of all entities: attributes in snake_case, JSON keys in camelCase, unknown keys ignored, no NaN in JSON."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        validate_assignment=True,
        allow_inf_nan=False,
    )


class EntityReference(Entity):
    """Points at an entity by id, or, in a new entity, by the name it will be found under."""

    id: EntityId | None = None
    hostname: str | None = None
    name: str | None = None
