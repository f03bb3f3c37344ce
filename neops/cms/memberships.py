"""Which devices are in which groups, and which groups inherit from which, in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, delete, insert, select

from neops.cms import tables
from neops.cms.rows import batches


def groups_of(connection: Connection, devices: Iterable[int]) -> dict[int, list[int]]:
    """Ids of each device's groups, in the order in which it inherits from them."""
    table = tables.group_members
    return _ordered(connection, table.c.device_id, table.c.group_id, devices)


def set_groups(connection: Connection, wanted: Mapping[int, Sequence[int]]) -> set[int]:
    """Make the devices' memberships what is wanted; answers the devices that it moved."""
    table = tables.group_members
    return _set_ordered(connection, table.c.device_id, table.c.group_id, wanted)


def set_parents(connection: Connection, wanted: Mapping[int, Sequence[int]]) -> set[int]:
    """Make the groups' parents what is wanted; answers the groups that it moved."""
    table = tables.group_parents
    return _set_ordered(connection, table.c.group_id, table.c.parent_id, wanted)


def _set_ordered(
    connection: Connection, owner: Column[Any], member: Column[Any], wanted: Mapping[int, Sequence[int]]
) -> set[int]:
    table = owner.table
    before = _ordered(connection, owner, member, wanted)
    moved = sorted(id_ for id_, members in wanted.items() if before.get(id_, []) != list(members))
    for batch in batches(moved):
        connection.execute(delete(table).where(owner.in_(batch)))
    rows = [
        {owner.name: id_, member.name: one, "position": position}
        for id_ in moved
        for position, one in enumerate(wanted[id_])
    ]
    if rows:
        connection.execute(insert(table), rows)
    return set(moved)


def _ordered(
    connection: Connection, owner: Column[Any], member: Column[Any], owners: Iterable[int]
) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for batch in batches(sorted(owners)):
        wanted = select(owner, member).where(owner.in_(batch)).order_by(owner, owner.table.c.position, member)
        for id_, one in connection.execute(wanted).all():
            found[id_].append(one)
    return dict(found)
