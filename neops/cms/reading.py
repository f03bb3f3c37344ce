"""Entities as people and clients see them: in the order asked for, pointing at one another by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from neops.cms import tables
from neops.cms.rows import batches
from neops.cms.store import EntityStore
from neops.entities import Device, DeviceGroup, EntityReference, EntityType, Interface

Entities = Sequence[Device] | Sequence[DeviceGroup] | Sequence[Interface]


def read_entities(
    connection: Connection, entity: EntityType, ids: Sequence[int], *, configurations: bool = False
) -> Entities:
    """The entities of these ids, in their order, without secrets; ids that are not there are passed over."""
    store = EntityStore()
    readers: Mapping[EntityType, Callable[..., Sequence[Any]]] = {
        EntityType.DEVICE: partial(store.devices, configurations=configurations),
        EntityType.GROUP: store.device_groups,
        EntityType.INTERFACE: store.interfaces,
    }
    known = {one.id: one for one in readers[entity](connection, ids)}
    wanted = [known[one] for one in ids if one in known]
    return wanted if entity is not EntityType.INTERFACE else _with_owners(connection, wanted)


def _with_owners(connection: Connection, ports: Sequence[Interface]) -> list[Interface]:
    owners = {port.id: port.device.id for port in ports if port.device is not None and port.device.id is not None}
    table = tables.devices
    names = {
        row.id: row.hostname
        for batch in batches(sorted(set(owners.values())))
        for row in connection.execute(select(table.c.id, table.c.hostname).where(table.c.id.in_(batch)))
    }
    return [
        port.model_copy(update={"device": EntityReference(id=owners[port.id], hostname=names.get(owners[port.id]))})
        for port in ports
    ]
