"""What devices inherit from their groups, between the CMS's rows and the rules of `neops.entities.inheritance`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from neops.cms import tables
from neops.entities import DEFAULTS_GROUP, Inherited
from neops.entities.inheritance import NOTHING, Level, ancestors, inherited_level, own_part, work_out

INHERITABLE = ("ip", "port", "username", "password", "platform_id", "platform_alias", "connection_options", "facts")
"""Columns of a device that its groups may fill."""

LEVEL_COLUMNS = (*INHERITABLE, "inherited")
_PLAIN = ("ip", "port", "username", "password")


class Groups:
    """What every group says and inherits, read once."""

    def __init__(self, levels: Mapping[int, Level], parents: Mapping[int, Sequence[int]], names: Mapping[int, str]):
        self.names, self._levels, self._parents = names, levels, parents
        default = next((id_ for id_, name in names.items() if name == DEFAULTS_GROUP), None)
        self._defaults = NOTHING if default is None else levels[default]
        self._known: dict[tuple[int, ...], Level] = {}

    @classmethod
    def read(cls, connection: Connection) -> Groups:
        """All groups of the CMS; there are few beside the devices."""
        groups, platforms = tables.groups, tables.platforms
        joined = groups.outerjoin(platforms, groups.c.platform == platforms.c.short_name)
        rows = connection.execute(select(groups, platforms.c.id.label("platform_id")).select_from(joined)).all()
        return cls(
            levels={row.id: level_of(dict(row._mapping)) for row in rows},
            parents=parents_of_groups(connection),
            names={row.id: row.name for row in rows},
        )

    def is_defaults(self, group: int) -> bool:
        """Whether every device inherits from it."""
        return self.names[group] == DEFAULTS_GROUP

    def ancestors(self, groups: Sequence[int]) -> list[int]:
        """The groups, and those they inherit from, the nearest first."""
        return ancestors(groups, self._parents)

    def inherited_by(self, groups: Sequence[int]) -> Level:
        """What a device in these groups, in this order, inherits."""
        key = tuple(groups)
        if key not in self._known:
            self._known[key] = inherited_level(key, self._levels, self._parents, self._defaults)
        return self._known[key]


def parents_of_groups(connection: Connection) -> dict[int, list[int]]:
    """Ids of the groups that each group inherits from, in order."""
    table = tables.group_parents
    found: dict[int, list[int]] = defaultdict(list)
    wanted = select(table.c.group_id, table.c.parent_id).order_by(table.c.group_id, table.c.position)
    for group, parent in connection.execute(wanted):
        found[group].append(parent)
    return dict(found)


def level_of(columns: Mapping[str, Any]) -> Level:
    """The values of a row."""
    fields = {name: columns[name] for name in _PLAIN if columns.get(name) is not None}
    if columns.get("platform_id") is not None:
        fields["platform"] = (columns["platform_id"], columns.get("platform_alias"))
    return Level(
        fields=fields,
        facts=columns.get("facts") or {},
        connections=read_connections(columns.get("connection_options")),
    )


def own_columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a device with nothing but what it says itself."""
    inherited = row.get("inherited")
    if not inherited:
        return {name: row.get(name) for name in INHERITABLE}
    return _columns(own_part(level_of(row), Inherited.model_validate(inherited)))


def completed(own: Mapping[str, Any], inherited: Level) -> dict[str, Any]:
    """The columns of a device: what it says itself, completed with what it inherits."""
    if inherited == NOTHING:
        return {**{name: own.get(name) for name in INHERITABLE}, "facts": own.get("facts") or {}, "inherited": None}
    done = work_out(level_of(own), inherited)
    return {
        **_columns(done.level),
        "inherited": None if done.inherited is None else done.inherited.model_dump(),
    }


def read_connections(text: str | None) -> dict[str, dict[str, Any]]:
    """`connection_options` as an object; what is no object of objects is left out."""
    if not text:
        return {}
    try:
        entries = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(entries, dict):
        return {}
    return {name: entry for name, entry in entries.items() if isinstance(entry, dict)}


def _columns(level: Level) -> dict[str, Any]:
    platform_id, platform_alias = level.fields.get("platform", (None, None))
    return {
        **{name: level.fields.get(name) for name in _PLAIN},
        "platform_id": platform_id,
        "platform_alias": platform_alias,
        "connection_options": json.dumps(level.connections, sort_keys=True) if level.connections else None,
        "facts": dict(level.facts),
    }
