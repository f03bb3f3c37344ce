"""Writing single entities: checked, with what they inherit, their terms, versions and history."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select

from neops.cms import tables, terms
from neops.cms.configurations import keep_versions
from neops.cms.fields import GROUP_LEVEL, NAMES, WRITABLE, Refusal, checked, tables_of
from neops.cms.history import Journal
from neops.cms.inheritance import LEVEL_COLUMNS, Groups, completed, own_columns, parents_of_groups
from neops.cms.memberships import groups_of, set_groups, set_parents
from neops.cms.references import References
from neops.cms.rows import LARGE, Change, batches, change_of, rows_by, write_changes
from neops.entities import DEFAULTS_GROUP, EntityType
from neops.entities.inheritance import ancestors

_LOOKED_UP: Mapping[EntityType, tuple[str, ...]] = {
    EntityType.DEVICE: ("platform", "groups"),
    EntityType.GROUP: ("platform", "parents", "devices"),
    EntityType.INTERFACE: (),
}
"""Fields that point at something, beside the columns of WRITABLE."""

_RELATIONS = {"groups": EntityType.GROUP, "parents": EntityType.GROUP, "devices": EntityType.DEVICE}
"""Those that point at several."""


@dataclass(kw_only=True)
class _Open:
    """An entity that is being changed: `row` is as stored, `wanted` what it shall be (of a device: its own part)."""

    row: dict[str, Any]
    before: dict[str, Any]
    wanted: dict[str, Any]
    groups: list[int] = field(default_factory=list)
    groups_before: list[int] = field(default_factory=list)


class Writer:
    """Creates, changes and deletes entities in the caller's transaction. Call `flush` at the end."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._connection, self._journal = connection, journal
        self.references = References(connection, journal)
        self._open: dict[tuple[EntityType, int], _Open] = {}
        self._groups: Groups | None = None

    def read_ahead(self, entity: EntityType, ids: Iterable[int]) -> None:
        """Read at once what is going to be changed, else it is read one by one; what is not there is passed over."""
        unread = [one for one in ids if (entity, one) not in self._open]
        rows = rows_by(self._connection, tables_of(entity).c.id, unread)
        memberships = groups_of(self._connection, rows) if entity is EntityType.DEVICE else {}
        for id_, row in rows.items():
            own, groups = dict(row), memberships.get(id_, [])
            if entity is EntityType.DEVICE:
                own = {name: value for name, value in row.items() if name not in LEVEL_COLUMNS} | own_columns(row)
            self._open[entity, id_] = _Open(row=row, before=own, wanted=dict(own), groups=groups, groups_before=groups)

    def create(self, entity: EntityType, data: Mapping[str, Any]) -> int:
        """Create an entity; answers its id.

        Raises:
            Refusal: a value does not fit, or the name is taken.
        """
        self.flush()
        table = tables_of(entity)
        columns = {**self._columns(entity, data), **self._owner(entity, data)}
        self._check_name(entity, None, columns)
        relations = self._relations(entity, data)
        groups = relations.get("groups", [])
        if entity is EntityType.DEVICE:
            columns |= completed(columns, self._levels().inherited_by(groups))
        stamps = {"created_at": self._journal.now, "updated_at": self._journal.now}
        id_ = self._insert(table, {**columns, "facts": columns.get("facts") or {}, **stamps})
        self._journal.created(entity.value, id_, columns.get(NAMES[entity]))
        terms.index(self._connection, entity, {id_: columns}, new=True)
        if entity is EntityType.DEVICE:
            set_groups(self._connection, {id_: groups})
            self._keep_configurations({id_: columns})
        elif entity is EntityType.GROUP:
            self._groups = None
            self._relate_group(id_, relations)
            if columns["name"] == DEFAULTS_GROUP:
                self._rework(None)
        return id_

    def change(self, entity: EntityType, id_: int, data: Mapping[str, Any]) -> None:
        """Give fields other values; what is not in `data` stays.

        Raises:
            Refusal: there is no such entity or field, or a value does not fit.
        """
        opened = self._opened(entity, id_)
        if unknown := [name for name in data if name not in (*WRITABLE[entity], *_LOOKED_UP[entity])]:
            raise Refusal(f"{entity} has no field {unknown[0]!r} that may be changed")
        columns, relations = self._columns(entity, data), self._relations(entity, data)
        self._check_name(entity, opened, columns)
        if entity is EntityType.DEVICE:
            opened.groups = relations.get("groups", opened.groups)
            if "facts" in columns:
                columns["facts"] = _own_facts(columns["facts"], opened.row)
        self._load_large(entity, opened, columns)
        opened.wanted |= columns
        if entity is EntityType.GROUP:
            self._relate_group(id_, relations)
        if NAMES[entity] in columns:
            self.flush()  # so that the next one sees that the name is taken

    def set_fact(self, entity: EntityType, id_: int, path: Sequence[str], value: Any) -> None:
        """Give one fact, at the end of a path of keys, another value; what lies beside it stays.

        Raises:
            Refusal: there is no such entity, or the value has no JSON form.
        """
        opened = self._opened(entity, id_)
        checked(entity, {"facts": {path[0]: {".".join(path[1:]): value}}})
        facts = dict(opened.wanted.get("facts") or {})
        opened.wanted["facts"] = facts
        if path[0] not in facts and isinstance(inherited := (opened.row["facts"] or {}).get(path[0]), dict):
            facts[path[0]] = inherited  # the device's own from now on, with what was inherited beside the new value
        inner = facts
        for part in path[:-1]:
            nested = inner.get(part)
            inner[part] = dict(nested) if isinstance(nested, dict) else {}
            inner = inner[part]
        inner[path[-1]] = value

    def drop_fact(self, entity: EntityType, id_: int, key: str) -> None:
        """Forget a fact; one that is inherited stays.

        Raises:
            Refusal: there is no such entity.
        """
        opened = self._opened(entity, id_)
        opened.wanted["facts"] = {name: value for name, value in (opened.wanted["facts"] or {}).items() if name != key}

    def delete(self, entity: EntityType, ids: Collection[int]) -> None:
        """Delete entities, devices with their interfaces.

        Raises:
            Refusal: one of them is not there.
        """
        self.flush()
        table = tables_of(entity)
        rows = rows_by(self._connection, table.c.id, ids)
        if missing := sorted(set(ids) - rows.keys()):
            raise _missing(entity, missing[0])
        for id_, row in rows.items():
            self._journal.deleted(entity.value, id_, row.get(NAMES[entity]), row)
        members = {one for id_ in ids for one in self.references.members(id_)} if entity is EntityType.GROUP else set()
        for batch in batches(sorted(rows)):
            self._connection.execute(delete(table).where(table.c.id.in_(batch)))
        if entity is EntityType.GROUP:
            defaults = any(row["name"] == DEFAULTS_GROUP for row in rows.values())
            self._rework(None if defaults else members)

    def flush(self) -> None:
        """Write what has changed."""
        opened, self._open = self._open, {}
        groups = {id_: one for (entity, id_), one in opened.items() if entity is EntityType.GROUP}
        moved = self._write_groups(groups)
        for entity in (EntityType.DEVICE, EntityType.INTERFACE):
            self._write(entity, {id_: one for (kind, id_), one in opened.items() if kind is entity})
        if moved:
            self._rework(None)
        self._journal.flush()

    def _write_groups(self, opened: Mapping[int, _Open]) -> bool:
        self._write(EntityType.GROUP, opened)
        changed = {name for one in opened.values() for name, value in one.wanted.items() if one.before[name] != value}
        if moved := not changed.isdisjoint((*GROUP_LEVEL, "facts", "name")):
            self._groups = None
        return moved

    def _write(self, entity: EntityType, opened: Mapping[int, _Open]) -> None:
        table = tables_of(entity)
        changes: list[Change] = []
        for id_, one in opened.items():
            stored = self._stored(entity, one)
            change = change_of(one.row, stored)
            if change is not None:
                changes.append(change)
            before, after = dict(one.before), dict(one.wanted)
            if one.groups != one.groups_before:
                before["groups"] = self.references.group_names(one.groups_before)
                after["groups"] = self.references.group_names(one.groups)
            self._journal.changed(
                entity.value, id_, stored.get(NAMES[entity]) or one.row.get(NAMES[entity]), before, after
            )
        write_changes(self._connection, table, changes, self._journal.now)
        terms.index_changes(self._connection, entity, changes)
        if entity is EntityType.DEVICE:
            set_groups(self._connection, {id_: one.groups for id_, one in opened.items()})
            self._keep_configurations({change.id: change.after for change in changes})

    def _stored(self, entity: EntityType, one: _Open) -> dict[str, Any]:
        if entity is not EntityType.DEVICE:
            return one.wanted
        return {**one.wanted, **completed(one.wanted, self._levels().inherited_by(one.groups))}

    def _opened(self, entity: EntityType, id_: int) -> _Open:
        key = (entity, id_)
        if key not in self._open:
            self.read_ahead(entity, [id_])
        if key not in self._open:
            raise _missing(entity, id_)
        return self._open[key]

    def _load_large(self, entity: EntityType, opened: _Open, names: Iterable[str]) -> None:
        missing = [name for name in LARGE if name in names and name not in opened.row]
        if missing:
            table = tables_of(entity)
            wanted = select(*(table.c[name] for name in missing)).where(table.c.id == opened.row["id"])
            stored = dict(self._connection.execute(wanted).one()._mapping)
            for columns in (opened.row, opened.before, opened.wanted):
                columns |= stored

    def _columns(self, entity: EntityType, data: Mapping[str, Any]) -> dict[str, Any]:
        columns = checked(entity, data)
        if "platform" in data and entity is EntityType.DEVICE:
            columns |= {"platform_id": self.references.platform(data["platform"]), "platform_alias": None}
        elif "platform" in data and entity is EntityType.GROUP:
            columns |= {"platform": self.references.platform_name(data["platform"]), "platform_alias": None}
        return columns

    def _owner(self, entity: EntityType, data: Mapping[str, Any]) -> dict[str, Any]:
        if entity is not EntityType.INTERFACE:
            return {}
        return {"device_id": self.references.find(EntityType.DEVICE, data.get("device") or {})}

    def _relations(self, entity: EntityType, data: Mapping[str, Any]) -> dict[str, list[int]]:
        """Ids of what is pointed at, by field; of a group, None leaves them as they are."""
        given = {name: data[name] for name in _LOOKED_UP[entity] if name in data and name in _RELATIONS}
        if entity is EntityType.GROUP:
            given = {name: value for name, value in given.items() if value is not None}
        found = {name: self.references.find_all(_RELATIONS[name], value) for name, value in given.items()}
        above = {*found.get("groups", ()), *found.get("parents", ())}
        if above and self.references.named(EntityType.GROUP, DEFAULTS_GROUP) in above:
            raise Refusal(f"the group {DEFAULTS_GROUP!r} has no members: every device inherits from it")
        return found

    def _relate_group(self, id_: int, relations: Mapping[str, list[int]]) -> None:
        if "parents" in relations and change_parents(self._connection, self._journal, {id_: relations["parents"]}):
            self._rework(None)
        if "devices" not in relations:
            return
        wanted, before = set(relations["devices"]), set(self.references.members(id_))
        for device in sorted(wanted ^ before):
            opened = self._opened(EntityType.DEVICE, device)
            kept = [one for one in opened.groups if one != id_]
            opened.groups = [*kept, id_] if device in wanted else kept

    def _check_name(self, entity: EntityType, opened: _Open | None, columns: Mapping[str, Any]) -> None:
        name = NAMES[entity]
        if opened is not None and columns.get(name, opened.wanted[name]) == opened.wanted[name]:
            return
        value = columns.get(name)
        if value is None and entity is EntityType.DEVICE:
            return
        if not value:
            raise Refusal(f"{entity} needs a {name}")
        owner = columns.get("device_id") or (opened.row.get("device_id") if opened else None)
        if self.references.named(entity, value, owner) is not None:
            raise Refusal(f"another {entity} with the {name} {value!r} exists already", conflict=True)

    def _keep_configurations(self, written: Mapping[int, Mapping[str, Any]]) -> None:
        given = {device: columns.get("current_configuration") for device, columns in written.items()}
        kept = {device: configuration for device, configuration in given.items() if configuration}
        keep_versions(self._connection, kept, self._journal.now, self._journal.author)

    def _levels(self) -> Groups:
        if self._groups is None:
            self._groups = Groups.read(self._connection)
        return self._groups

    def _rework(self, devices: Iterable[int] | None) -> None:
        self._groups = None
        rework(self._connection, self._journal, devices)

    def _insert(self, table: Table, values: Mapping[str, Any]) -> int:
        return int(self._connection.scalars(insert(table).values(dict(values)).returning(table.c.id)).one())


def _missing(entity: EntityType, id_: int) -> Refusal:
    return Refusal(f"{entity} {id_} does not exist any more", missing=True)


def _own_facts(facts: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """All of a device's facts, without those that it still inherits as they are."""
    inherited = (row["inherited"] or {}).get("facts", ())
    return {key: value for key, value in facts.items() if key not in inherited or value != row["facts"].get(key)}


def change_parents(connection: Connection, journal: Journal, wanted: Mapping[int, Sequence[int]]) -> set[int]:
    """Make the groups' parents what is wanted; answers the groups that it moved. Work their members out afterwards.

    Raises:
        Refusal: a group would inherit from itself.
    """
    before = parents_of_groups(connection)
    moved = set_parents(connection, wanted)
    if moved:
        names = {row.id: row.name for row in connection.execute(select(tables.groups.c.id, tables.groups.c.name))}
        for id_ in sorted(moved):
            if id_ in ancestors(wanted[id_], {**before, **wanted}):
                raise Refusal(f"parents: the group {names[id_]!r} would inherit from itself")
            was, now = ([names[one] for one in parents] for parents in (before.get(id_, ()), wanted[id_]))
            journal.changed("group", id_, names[id_], {"parents": was}, {"parents": now})
    return moved


def rework(connection: Connection, journal: Journal, devices: Iterable[int] | None = None) -> None:
    """Work out anew what devices inherit, all of them by default, after groups have changed."""
    levels = Groups.read(connection)
    ids = list(connection.scalars(select(tables.devices.c.id)) if devices is None else devices)
    rows = rows_by(connection, tables.devices.c.id, ids)
    memberships = groups_of(connection, ids)
    changes = [
        change
        for id_, row in rows.items()
        if (change := change_of(row, completed(own_columns(row), levels.inherited_by(memberships.get(id_, [])))))
    ]
    write_changes(connection, tables.devices, changes, journal.now)
    terms.index_changes(connection, EntityType.DEVICE, changes)
