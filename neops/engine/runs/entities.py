"""The entities of a run: what its steps run on, what each job is given, and how results change them on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import ValidationError

from neops.cms import EntitySet
from neops.engine.store.records import LockKey
from neops.engine.workflows.scope import ContextDocument
from neops.entities import (
    Device,
    DeviceGroup,
    EntityCreate,
    EntityDelete,
    EntityPatch,
    EntityType,
    EntityUpdate,
    Interface,
)
from neops.protocol import JsonObject

AnyEntity: TypeAlias = Device | DeviceGroup | Interface

_KINDS: Mapping[EntityType, tuple[str, type[AnyEntity]]] = {
    EntityType.DEVICE: ("devices", Device),
    EntityType.GROUP: ("deviceGroups", DeviceGroup),
    EntityType.INTERFACE: ("interfaces", Interface),
}
_SECRETS = {"password", "connection_options"}


@dataclass(frozen=True, kw_only=True)
class RunEntities:
    """All entities of a run by id. Immutable: changes give a new one."""

    devices: Mapping[int, Device] = field(default_factory=dict)
    device_groups: Mapping[int, DeviceGroup] = field(default_factory=dict)
    interfaces: Mapping[int, Interface] = field(default_factory=dict)

    @classmethod
    def of(cls, found: EntitySet) -> RunEntities:
        """The entities that the CMS found."""
        return cls(
            devices={one.id: one for one in found.devices},
            device_groups={one.id: one for one in found.device_groups},
            interfaces={one.id: one for one in found.interfaces},
        )

    @classmethod
    def from_json(cls, context: JsonObject) -> RunEntities:
        """Read back what `to_json` wrote."""
        return cls(
            devices=_read(context, EntityType.DEVICE, Device),
            device_groups=_read(context, EntityType.GROUP, DeviceGroup),
            interfaces=_read(context, EntityType.INTERFACE, Interface),
        )

    def to_json(self) -> JsonObject:
        """The three lists of a job context, without credentials and without what is not set."""
        return {name: [_dump(one) for one in self.of_kind(kind).values()] for kind, (name, _) in _KINDS.items()}

    def merged(self, other: RunEntities) -> RunEntities:
        """Both together; what is in both stays as it is here."""
        return RunEntities(
            devices={**other.devices, **self.devices},
            device_groups={**other.device_groups, **self.device_groups},
            interfaces={**other.interfaces, **self.interfaces},
        )

    def of_kind(self, kind: EntityType) -> Mapping[int, AnyEntity]:
        """The entities of one kind by id; none for `global` and `client`."""
        kinds: dict[EntityType, Mapping[int, AnyEntity]] = {
            EntityType.DEVICE: self.devices,
            EntityType.GROUP: self.device_groups,
            EntityType.INTERFACE: self.interfaces,
        }
        return kinds.get(kind, {})

    def name_of(self, kind: EntityType, entity_id: int | None) -> str:
        """What to call an entity in a message."""
        entity = self.of_kind(kind).get(entity_id or 0)
        return (entity.name if entity else None) or (kind.value if entity_id is None else f"{kind} {entity_id}")

    def document(self) -> ContextDocument:
        """`context` as expressions see it."""
        return ContextDocument(
            devices=self.devices.values(),
            device_groups=self.device_groups.values(),
            interfaces=self.interfaces.values(),
        )

    def lock_keys(self, seed: EntityType) -> frozenset[LockKey]:
        """What the run locks: its devices, which stand for their interfaces too; groups only when it runs on them."""
        keys = {LockKey(entity=EntityType.DEVICE, id=one) for one in self.devices}
        if seed is EntityType.GROUP:
            keys |= {LockKey(entity=EntityType.GROUP, id=one) for one in self.device_groups}
        return frozenset(keys)

    def updated(self, updates: Iterable[EntityUpdate]) -> RunEntities:
        """With the updates of a result applied, so that later steps see them. What does not fit is left out here:
        the CMS says so when the run completes."""
        kinds: dict[EntityType, dict[int, AnyEntity]] = {kind: dict(self.of_kind(kind)) for kind in _KINDS}
        for update in updates:
            if update.entity in kinds:
                _apply(kinds[update.entity], _KINDS[update.entity][1], update)
        return RunEntities(
            devices={i: one for i, one in kinds[EntityType.DEVICE].items() if isinstance(one, Device)},
            device_groups={i: one for i, one in kinds[EntityType.GROUP].items() if isinstance(one, DeviceGroup)},
            interfaces={i: one for i, one in kinds[EntityType.INTERFACE].items() if isinstance(one, Interface)},
        )


class JobContexts:
    """Cuts the run's entities to what one job needs. Build it once for a step."""

    def __init__(self, entities: RunEntities) -> None:
        self._entities = entities
        self._dumped: dict[tuple[EntityType, int], JsonObject] = {}
        self._ports_of: dict[int, list[int]] = {}
        for interface in entities.interfaces.values():
            if interface.device and interface.device.id:
                self._ports_of.setdefault(interface.device.id, []).append(interface.id)

    def at(self, run_on: EntityType, entity_id: int | None) -> JsonObject:
        """The context of the job for one entity; a global job gets everything.

        A device comes with its groups and interfaces, an interface with its device, a group with its members.
        """
        all_of = self._entities
        if run_on is EntityType.GLOBAL or entity_id is None:
            return self._lists(all_of.devices, all_of.device_groups, all_of.interfaces)
        if run_on is EntityType.INTERFACE:
            owner = all_of.interfaces[entity_id].device
            return self._lists([owner.id] if owner and owner.id else [], [], [entity_id])
        if run_on is EntityType.GROUP:
            members = [one.id for one in all_of.device_groups[entity_id].devices if one.id]
            return self._lists(members, [entity_id], self._ports(members))
        groups = [one.id for one in all_of.devices[entity_id].groups if one.id]
        return self._lists([entity_id], groups, self._ports([entity_id]))

    def _ports(self, devices: Iterable[int]) -> list[int]:
        return [port for device in devices for port in self._ports_of.get(device, [])]

    def _lists(self, devices: Iterable[int], groups: Iterable[int], interfaces: Iterable[int]) -> JsonObject:
        wanted = {EntityType.DEVICE: devices, EntityType.GROUP: groups, EntityType.INTERFACE: interfaces}
        return {
            name: [self._one(kind, one) for one in wanted[kind] if one in self._entities.of_kind(kind)]
            for kind, (name, _) in _KINDS.items()
        }

    def _one(self, kind: EntityType, entity_id: int) -> JsonObject:
        key = (kind, entity_id)
        if key not in self._dumped:
            self._dumped[key] = _dump(self._entities.of_kind(kind)[entity_id])
        return self._dumped[key]


def _dump(entity: AnyEntity) -> JsonObject:
    return entity.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=_SECRETS)


def _read(context: JsonObject, kind: EntityType, model: type[Any]) -> dict[int, Any]:
    entries = context.get(_KINDS[kind][0])
    read = [model.model_validate(entry) for entry in entries] if isinstance(entries, list) else []
    return {one.id: one for one in read}


def _apply(known: dict[int, AnyEntity], model: type[AnyEntity], update: EntityUpdate) -> None:
    try:
        match update:
            case EntityCreate():
                known[update.id] = model.model_validate({**update.data, "id": update.id})
            case EntityDelete():
                known.pop(update.id, None)
            case EntityPatch() if update.id in known and update.path not in _SECRETS:
                known[update.id] = _patched(known[update.id], update)
    except ValidationError:
        return


def _patched(entity: AnyEntity, patch: EntityPatch) -> AnyEntity:
    head, *path = patch.path.split(".")
    plain = entity.model_dump()
    if patch.path == "facts" and patch.keys:
        return type(entity).model_validate({**plain, "facts": patch.facts(plain["facts"])})
    inner: dict[str, Any] = plain
    for part in [head, *path][:-1]:
        nested = inner.get(part)
        inner[part] = dict(nested) if isinstance(nested, dict) else {}
        inner = inner[part]
    inner[path[-1] if path else head] = patch.value
    return type(entity).model_validate(plain)
