"""What the expressions of a run can see: the root document, put together once and cut to the entity at hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from neops.entities import Device, DeviceGroup, Entity, EntityType, Interface
from neops.protocol import JsonObject

# Credentials stay out: what expressions see ends up in jobs, events and logs.
_SECRETS = {"password", "connection_options"}

_LISTS = {
    EntityType.DEVICE: ("devices", "devices"),
    EntityType.GROUP: ("device_groups", "deviceGroups"),
    EntityType.INTERFACE: ("interfaces", "interfaces"),
}
_AT_HAND = {
    EntityType.DEVICE: ("device", "device"),
    EntityType.GROUP: ("device_group", "deviceGroup"),
    EntityType.INTERFACE: ("interface", "interface"),
}

CONTEXT_NAMES: Mapping[str, type[Entity]] = {
    "device": Device,
    "device_group": DeviceGroup,
    "deviceGroup": DeviceGroup,
    "interface": Interface,
    "devices": Device,
    "device_groups": DeviceGroup,
    "deviceGroups": DeviceGroup,
    "interfaces": Interface,
}
"""The names under `context`, and what each one holds or lists."""


def entity_document(entity: Entity) -> JsonObject:
    """An entity as expressions see it: attributes, also the platform's, by their snake_case and camelCase names."""
    document: JsonObject = entity.model_dump(mode="json", by_alias=False, exclude=_SECRETS)
    for name, value in entity.model_dump(mode="json", by_alias=True, exclude=_SECRETS).items():
        known = document.get(name)
        document[name] = value | known if isinstance(known, dict) else value
    return document


@dataclass(frozen=True, kw_only=True)
class StepResults:
    """The results of one step: an entry for each entity it ran for, `entity_id` None for a global step.

    Each result has `success`, `message` and `data`.
    """

    run_on: EntityType
    by_entity: Mapping[int | None, JsonObject]
    entries: list[JsonValue] = field(init=False)

    def __post_init__(self) -> None:
        entries: list[JsonValue] = [{"entityId": one, **result} for one, result in self.by_entity.items()]
        object.__setattr__(self, "entries", entries)

    def at(self, run_on: EntityType, entity_id: int | None) -> JsonObject:
        """`result` for the entity at hand, or the one global result; `results` over all."""
        key = None if self.run_on is EntityType.GLOBAL else entity_id
        known = self.run_on in (EntityType.GLOBAL, run_on) and key in self.by_entity
        result: JsonObject = {"result": self.by_entity[key]} if known else {}
        return {**result, "results": self.entries}


class ContextDocument:
    """`context` of the root document. Build it once for a step; `at` is cheap."""

    def __init__(
        self,
        *,
        devices: Iterable[Device] = (),
        device_groups: Iterable[DeviceGroup] = (),
        interfaces: Iterable[Interface] = (),
    ) -> None:
        kinds: dict[EntityType, list[Device] | list[DeviceGroup] | list[Interface]] = {
            EntityType.DEVICE: list(devices),
            EntityType.GROUP: list(device_groups),
            EntityType.INTERFACE: list(interfaces),
        }
        self._by_id = {
            kind: {entity.id: entity_document(entity) for entity in entities} for kind, entities in kinds.items()
        }
        self._lists: JsonObject = {
            name: [*self._by_id[kind].values()] for kind, names in _LISTS.items() for name in names
        }

    def at(self, run_on: EntityType, entity_id: int | None) -> JsonObject:
        """The context of one entity; an interface brings its device along."""
        context = dict(self._lists)
        entity = self._by_id.get(run_on, {}).get(entity_id or 0)
        if entity is None:
            return context
        context |= dict.fromkeys(_AT_HAND[run_on], entity)
        owner = entity.get("device") if run_on is EntityType.INTERFACE else None
        if isinstance(owner, dict) and isinstance(number := owner.get("id"), int):
            device = self._by_id[EntityType.DEVICE].get(number)
            context |= {"device": device} if device else {}
        return context


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Everything a run's expressions can see."""

    parameters: JsonObject
    context: ContextDocument
    results: Mapping[str, StepResults] = field(default_factory=dict)
    """By the steps' labels."""

    def document(self, run_on: EntityType = EntityType.GLOBAL, entity_id: int | None = None) -> JsonObject:
        """The root document for one entity, or for a global evaluation."""
        results: JsonObject = {label: result.at(run_on, entity_id) for label, result in self.results.items()}
        return {**results, "parameters": self.parameters, "context": self.context.at(run_on, entity_id)}
