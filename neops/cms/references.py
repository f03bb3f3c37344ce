"""Finding the entities that a change points at: by id, by a temporary id of the same batch, or by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, select

from neops.cms import tables
from neops.cms.fields import NAMES, Refusal, tables_of
from neops.cms.history import Journal
from neops.cms.platforms import platform_ids
from neops.entities import EntityReference, EntityType, Platform

M = TypeVar("M", bound=BaseModel)


class References:
    """Looks entities up; `created` maps temporary ids to real ones. References are jobs': they may be anything."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._connection, self._journal = connection, journal
        self.created: dict[tuple[EntityType, int], int] = {}

    def real(self, entity: EntityType, id_: int) -> int:
        """The id in the CMS of what may be a temporary id."""
        return self.created.get((entity, id_), id_)

    def find(self, entity: EntityType, reference: Any) -> int:
        """The entity that `{id}` or `{hostname}` or `{name}` means.

        Raises:
            Refusal: there is none.
        """
        meant = _read(EntityReference, reference, f"its {entity}")
        if meant.id is not None:
            id_ = self.real(entity, meant.id)
            table = tables_of(entity)
            if self._connection.scalar(select(table.c.id).where(table.c.id == id_)) is not None:
                return id_
            raise Refusal(f"{entity} {meant.id} does not exist")
        name = meant.hostname or meant.name
        if not name:
            raise Refusal(f"its {entity} is missing: write an id or a name")
        found = self.named(entity, name)
        if found is None:
            raise Refusal(f"its {entity} {name!r} is not known")
        return found

    def find_all(self, entity: EntityType, references: Any) -> list[int]:
        """The entities that a list of references means, in its order, each once; None is an empty one.

        Raises:
            Refusal: it is no list, or one of them is not there.
        """
        if not isinstance(references, list | tuple | None):
            raise Refusal(f"its {entity}s are no list")
        return list(dict.fromkeys(self.find(entity, one) for one in references or ()))

    def named(self, entity: EntityType, name: str, device: int | None = None) -> int | None:
        """The entity of that name; an interface only on that device."""
        table = tables_of(entity)
        wanted = select(table.c.id).where(table.c[NAMES[entity]] == name)
        if entity is EntityType.INTERFACE:
            wanted = wanted.where(table.c.device_id == device)
        found: int | None = self._connection.scalar(wanted)
        return found

    def platform(self, reference: Any) -> int | None:
        """Id of the platform that `{short_name}` or `{id}` means; an unknown short name becomes a new platform.

        Raises:
            Refusal: there is no platform of that id.
        """
        if not reference:
            return None
        meant = _read(Platform, reference, "platform")
        if meant.short_name:
            return platform_ids(self._connection, self._journal, [meant.short_name])[meant.short_name]
        known: int | None = self._connection.scalar(
            select(tables.platforms.c.id).where(tables.platforms.c.id == meant.id)
        )
        if known is None:
            raise Refusal("platform: write a short name" if meant.id is None else f"platform {meant.id} does not exist")
        return known

    def platform_name(self, reference: Any) -> str | None:
        """Short name of the platform that a reference means."""
        id_ = self.platform(reference)
        name: str | None = self._connection.scalar(
            select(tables.platforms.c.short_name).where(tables.platforms.c.id == id_)
        )
        return name

    def members(self, group: int) -> Sequence[int]:
        """Ids of the devices in a group."""
        table = tables.group_members
        return self._connection.scalars(select(table.c.device_id).where(table.c.group_id == group)).all()

    def group_names(self, groups: Sequence[int]) -> list[str]:
        """Names of groups, in the order of their ids given."""
        table = tables.groups
        rows = self._connection.execute(select(table.c.id, table.c.name).where(table.c.id.in_(groups)))
        known = {row.id: row.name for row in rows}
        return [known[one] for one in groups if one in known]


def _read(model: type[M], reference: Any, what: str) -> M:
    try:
        return model.model_validate(reference)
    except ValidationError:
        raise Refusal(f"{what}: an object with an id or a name is expected") from None
