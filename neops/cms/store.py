"""The embedded entity store: devices, interfaces, groups and platforms in SQL.

Every function works on a connection that the caller has begun a transaction on, so that a run's state and the entity
changes it makes commit together. Times are given, aware and in UTC.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, select

from neops.cms import tables
from neops.cms.fields import tables_of
from neops.cms.inheritance import LEVEL_COLUMNS, parents_of_groups
from neops.cms.query import compile_query
from neops.cms.rows import LARGE, batches
from neops.entities import (
    DEFAULTS_GROUP,
    Device,
    DeviceGroup,
    EntityReference,
    EntityType,
    Interface,
    ParentGroup,
    Platform,
    Secret,
)


@dataclass(frozen=True, kw_only=True)
class EntitySet:
    """Entities that belong together: what a run works on, and what a job is given."""

    devices: tuple[Device, ...] = ()
    device_groups: tuple[DeviceGroup, ...] = ()
    interfaces: tuple[Interface, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DeviceSecrets:
    """What a job needs to log in; kept out of everything a run stores."""

    password: Secret | None
    connection_options: Secret | None


class EntityStore:
    """Reads entities from the CMS tables."""

    def ids(
        self,
        connection: Connection,
        entity: EntityType,
        *,
        query: str = "",
        ids: Sequence[int] | None = None,
        limit: int | None = None,
    ) -> list[int]:
        """Ids of the entities that match, in id order; DEFAULTS_GROUP is no group to run on.

        Raises:
            QueryInvalid: the query has a mistake.
        """
        table = tables_of(entity)
        condition = compile_query(entity, query, connection)
        if entity is EntityType.GROUP:
            condition = and_(condition, tables.groups.c.name != DEFAULTS_GROUP)
        if ids is None:
            return list(connection.scalars(select(table.c.id).where(condition).order_by(table.c.id).limit(limit)))
        found = [
            one
            for batch in batches(ids)
            for one in connection.scalars(select(table.c.id).where(condition, table.c.id.in_(batch)))
        ]
        return sorted(found)[:limit]

    def devices(self, connection: Connection, ids: Iterable[int], *, configurations: bool = True) -> list[Device]:
        """Devices by id, in id order, with references to their groups and interfaces, without secrets.

        `configurations=False` leaves the configurations out, which may be long.
        """
        rows = _rows(connection, _devices_select(configurations=configurations), tables.devices.c.id, ids)
        groups = _named_groups(connection, rows)
        ports = _references(connection, tables.interfaces.c.device_id, tables.interfaces.c.id, rows)
        platforms = _platforms(connection, {row.platform_id for row in rows} - {None})
        return [_device(row, platforms.get(row.platform_id), groups[row.id], ports[row.id]) for row in rows]

    def device_groups(self, connection: Connection, ids: Iterable[int]) -> list[DeviceGroup]:
        """Groups by id, in id order, with references to their members and with the groups they inherit from."""
        rows = _rows(connection, select(tables.groups), tables.groups.c.id, ids)
        members = _references(connection, tables.group_members.c.group_id, tables.group_members.c.device_id, rows)
        parents = _parents(connection) if rows else {}
        return [
            DeviceGroup(
                **_plain(row, *LEVEL_COLUMNS, "platform"),
                facts=row.facts,
                parents=parents.get(row.id, []),
                devices=members[row.id],
                device_count=len(members[row.id]),
            )
            for row in rows
        ]

    def interfaces(self, connection: Connection, ids: Iterable[int]) -> list[Interface]:
        """Interfaces by id, in id order, each with a reference to its device."""
        rows = _rows(connection, select(tables.interfaces), tables.interfaces.c.id, ids)
        return [Interface(**_plain(row, "device_id"), device=EntityReference(id=row.device_id)) for row in rows]

    def related(self, connection: Connection, entity: EntityType, ids: Sequence[int]) -> EntitySet:
        """The entities themselves, and those a block run on them expects beside them.

        Devices come with their groups and interfaces, groups with their members, interfaces with their devices.
        """
        if entity is EntityType.INTERFACE:
            interfaces = self.interfaces(connection, ids)
            owners = {port.device.id for port in interfaces if port.device and port.device.id}
            return EntitySet(devices=tuple(self.devices(connection, owners)), interfaces=tuple(interfaces))
        if entity is EntityType.GROUP:
            groups = self.device_groups(connection, ids)
            members = {member.id for group in groups for member in group.devices if member.id}
            return EntitySet(devices=tuple(self.devices(connection, members)), device_groups=tuple(groups))
        if entity is not EntityType.DEVICE:
            return EntitySet()
        devices = self.devices(connection, ids)
        group_ids = {group.id for device in devices for group in device.groups if group.id}
        port_ids = {port.id for device in devices for port in device.interfaces if port.id}
        return EntitySet(
            devices=tuple(devices),
            device_groups=tuple(self.device_groups(connection, group_ids)),
            interfaces=tuple(self.interfaces(connection, port_ids)),
        )

    def secrets(self, connection: Connection, ids: Iterable[int]) -> dict[int, DeviceSecrets]:
        """What logs in to each of the devices, by id. Give it to the one job that needs it and to nobody else."""
        return {
            row.id: DeviceSecrets(
                password=_secret(row.password),
                connection_options=_secret(row.connection_options),
            )
            for batch in batches(sorted(set(ids)))
            for row in connection.execute(_SECRETS, {"ids": batch})
        }


_SECRETS = select(tables.devices.c.id, tables.devices.c.password, tables.devices.c.connection_options).where(
    tables.devices.c.id.in_(bindparam("ids", expanding=True))
)
"""Put together once: it runs for each poll that brings a job."""


def _devices_select(*, configurations: bool) -> Select[Any]:
    left_out = ("password", "connection_options", *(() if configurations else LARGE))
    return select(*(column for column in tables.devices.c if column.name not in left_out))


def _device(
    row: Row[Any], platform: Platform | None, groups: list[EntityReference], interfaces: list[EntityReference]
) -> Device:
    related = {
        "platform": platform,
        "groups": groups,
        "group_count": len(groups),
        "interfaces": interfaces,
        "interface_count": len(interfaces),
    }
    return Device.model_validate({**row._mapping, **related})


def _platforms(connection: Connection, ids: Iterable[int]) -> Mapping[int, Platform]:
    rows = _rows(connection, select(tables.platforms), tables.platforms.c.id, ids)
    return {row.id: Platform(**row._mapping) for row in rows}


def _rows(connection: Connection, wanted: Select[Any], key: Any, ids: Iterable[int]) -> list[Row[Any]]:
    statement = wanted.where(key.in_(bindparam("ids", expanding=True))).order_by(key)
    return [row for batch in batches(sorted(set(ids))) for row in connection.execute(statement, {"ids": batch}).all()]


def _parents(connection: Connection) -> dict[int, list[ParentGroup]]:
    """What each group inherits from, down to the roots; a group that inherits from itself is cut there."""
    above = parents_of_groups(connection)
    known = {
        row.id: row
        for row in connection.execute(select(tables.groups.c.id, tables.groups.c.name, tables.groups.c.facts))
    }

    def parents(group: int, below: tuple[int, ...]) -> list[ParentGroup]:
        return [
            ParentGroup(id=one, name=known[one].name, facts=known[one].facts, parents=parents(one, (*below, one)))
            for one in above.get(group, ())
            if one not in below
        ]

    return {group: parents(group, (group,)) for group in above}


def _named_groups(connection: Connection, devices: Sequence[Row[Any]]) -> Mapping[int, list[EntityReference]]:
    """With names: a job on a group is given its members, but not all the groups that they are in."""
    members, groups = tables.group_members, tables.groups
    wanted = (
        select(members.c.device_id, groups.c.id, groups.c.name)
        .join_from(members, groups)
        .where(members.c.device_id.in_(bindparam("devices", expanding=True)))
        .order_by(members.c.device_id, members.c.position, groups.c.id)
    )
    found: dict[int, list[EntityReference]] = defaultdict(list)
    known: dict[int, EntityReference] = {}
    for batch in batches([device.id for device in devices]):
        for device, id_, name in connection.execute(wanted, {"devices": batch}).all():
            if id_ not in known:
                known[id_] = EntityReference(id=id_, name=name)
            found[device].append(known[id_])
    return found


def _references(
    connection: Connection, owner: Any, target: Any, rows: Sequence[Row[Any]]
) -> Mapping[int, list[EntityReference]]:
    found: dict[int, list[EntityReference]] = defaultdict(list)
    wanted = select(owner, target).where(owner.in_(bindparam("owners", expanding=True))).order_by(owner, target)
    for batch in batches([row.id for row in rows]):
        for owner_id, target_id in connection.execute(wanted, {"owners": batch}).all():
            found[owner_id].append(EntityReference.model_validate({"id": target_id}))
    return found


def _plain(row: Row[Any], *without: str) -> dict[str, Any]:
    return {key: value for key, value in row._mapping.items() if key not in without}


def _secret(text: str | None) -> Secret | None:
    return None if text is None else Secret(text)
