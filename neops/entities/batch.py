"""What an inventory adapter hands over: entities without ids, found again by their names."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import Field, JsonValue

from neops.entities.references import Entity
from neops.entities.secrets import Secret

INVENTORY_GROUP = "neops.inventories"
"""Entry-point group of inventory adapters: name → `load(source: str) -> EntityBatch`.

`--inventory nornir:config.yaml` calls the adapter `nornir` with the source `config.yaml`.
"""


class NewGroup(Entity):
    """A group as an inventory knows it; found again by `name`."""

    name: str
    description: str | None = None
    facts: dict[str, JsonValue] = Field(default_factory=dict)


class NewDevice(Entity):
    """A device as an inventory knows it; found again by `hostname`.

    `platform` is netmiko's device type. `groups` are names. `facts` carries the inventory's own data.
    """

    hostname: str
    ip: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    username: str | None = None
    password: Secret | None = None
    platform: str | None = None
    vendor: str | None = None
    connection_options: Secret | None = None
    groups: list[str] = Field(default_factory=list)
    facts: dict[str, JsonValue] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EntityBatch:
    """Groups and devices to bring into the CMS; groups that a device names and nobody lists are created empty."""

    devices: tuple[NewDevice, ...] = field(default=())
    groups: tuple[NewGroup, ...] = field(default=())
