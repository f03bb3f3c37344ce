"""The things neops knows about a network: devices, interfaces, groups, platforms, and changes to them."""

from neops.entities.batch import (
    EXPORT_GROUP,
    INVENTORY_GROUP,
    EntityBatch,
    LoadProgress,
    NewDevice,
    NewGroup,
    NewInterface,
    inherited_facts,
    own_facts,
)
from neops.entities.changes import EntityCreate, EntityDelete, EntityPatch, EntityUpdate
from neops.entities.inheritance import DEFAULTS_GROUP
from neops.entities.models import (
    ConnectionState,
    Device,
    DeviceGroup,
    Inherited,
    Interface,
    InterfaceState,
    ParentGroup,
    Platform,
)
from neops.entities.outcomes import DeviceOutcome, Outcome
from neops.entities.references import (
    ENTITY_ID_MAX,
    TEMPORARY_ID_MAX,
    TEMPORARY_ID_MIN,
    Entity,
    EntityId,
    EntityReference,
    EntityType,
)
from neops.entities.secrets import MASK, REVEAL, Secret

__all__ = [
    "DEFAULTS_GROUP",
    "ENTITY_ID_MAX",
    "EXPORT_GROUP",
    "INVENTORY_GROUP",
    "MASK",
    "REVEAL",
    "TEMPORARY_ID_MAX",
    "TEMPORARY_ID_MIN",
    "ConnectionState",
    "Device",
    "DeviceGroup",
    "DeviceOutcome",
    "Entity",
    "EntityBatch",
    "EntityCreate",
    "EntityDelete",
    "EntityId",
    "EntityPatch",
    "EntityReference",
    "EntityType",
    "EntityUpdate",
    "Inherited",
    "Interface",
    "InterfaceState",
    "LoadProgress",
    "NewDevice",
    "NewGroup",
    "NewInterface",
    "Outcome",
    "ParentGroup",
    "Platform",
    "Secret",
    "inherited_facts",
    "own_facts",
]
