"""Finding the entities that a change points at: by id, by a temporary id of the same batch, or by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from neops.cms import tables
from neops.cms.fields import NAMES, Refusal, tables_of
from neops.cms.history import Journal
from neops.cms.platforms import platform_ids
from neops.entities import EntityType


class References:
    """Looks entities up; `created` maps temporary ids to real ones."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._connection, self._journal = connection, journal
        self.created: dict[tuple[EntityType, int], int] = {}

    def real(self, entity: EntityType, id_: int) -> int:
        """The id in the CMS of what may be a temporary id."""
        return self.created.get((entity, id_), id_)

    def find(self, entity: EntityType, reference: Mapping[str, Any]) -> int:
        """The entity that `{id}` or `{hostname}` or `{name}` means.

        Raises:
            Refusal: there is none.
        """
        if reference.get("id"):
            id_ = self.real(entity, reference["id"])
            table = tables_of(entity)
            if self._connection.scalar(select(table.c.id).where(table.c.id == id_)) is not None:
                return id_
            raise Refusal(f"{entity} {reference['id']} does not exist")
        name = reference.get("hostname") or reference.get("name")
        found = self.named(entity, name) if name else None
        if found is None:
            raise Refusal(f"its {entity} {name!r} is not known")
        return found

    def named(self, entity: EntityType, name: str, device: int | None = None) -> int | None:
        """The entity of that name; an interface only on that device."""
        table = tables_of(entity)
        wanted = select(table.c.id).where(table.c[NAMES[entity]] == name)
        if entity is EntityType.INTERFACE:
            wanted = wanted.where(table.c.device_id == device)
        found: int | None = self._connection.scalar(wanted)
        return found

    def platform(self, reference: Mapping[str, Any] | None) -> int | None:
        """Id of the platform that `{short_name}` or `{id}` means; an unknown short name becomes a new platform.

        Raises:
            Refusal: there is no platform of that id.
        """
        if not reference:
            return None
        if short_name := reference.get("short_name") or reference.get("shortName"):
            return platform_ids(self._connection, self._journal, [short_name])[short_name]
        known: int | None = self._connection.scalar(
            select(tables.platforms.c.id).where(tables.platforms.c.id == reference.get("id"))
        )
        if known is None:
            raise Refusal(f"platform {reference.get('id')} does not exist")
        return known

    def platform_name(self, reference: Mapping[str, Any] | None) -> str | None:
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
