"""What a job wants changed in the CMS: the updates, and the pure diff that finds them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from neops.entities.references import EntityId, EntityType


class _Update(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)

    entity: EntityType
    id: EntityId


class EntityCreate(_Update):
    """A new entity.

    `id` is temporary (TEMPORARY_ID_MIN on) and other updates of the same batch may point at it. With
    `skip_if_identifier_exists` an entity that already has the values of `identifier_fields` is left as it is.
    `data` has snake_case keys.
    """

    operation: Literal["create"] = "create"
    data: dict[str, Any]
    identifier_fields: tuple[str, ...] = ()
    skip_if_identifier_exists: bool = False


class EntityPatch(_Update):
    """A new value for one field: `path` is its snake_case name, or a dotted path into an object (`facts.site`)."""

    operation: Literal["patch"] = "patch"
    path: str
    value: JsonValue = None


class EntityDelete(_Update):
    """An entity to remove."""

    operation: Literal["delete"] = "delete"


EntityUpdate = Annotated[EntityCreate | EntityPatch | EntityDelete, Field(discriminator="operation")]
