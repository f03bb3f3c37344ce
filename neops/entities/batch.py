"""What an inventory adapter hands over: entities without ids, found again by their names.

Every entity carries its *own* values, exactly as its source says them; the CMS works out what a device inherits
(`neops.entities.inheritance`, Nornir's rules) and keeps both. For a SimpleInventory that means:

| Nornir                    | batch                                                                 |
|---------------------------|-----------------------------------------------------------------------|
| host `name`, `hostname`   | `NewDevice.hostname`, `.ip`                                           |
| `platform: ios`           | `platform="cisco_ios"` (netmiko's name), `platform_alias="ios"`       |
| `data`                    | `facts`                                                               |
| `connection_options`      | `connection_options`: the same object as JSON text, per level         |
| `groups` of a host        | `groups`: names, in order                                             |
| `groups` of a group       | `NewGroup.parents`: names, in order                                   |
| defaults                  | the `NewGroup` named DEFAULTS_GROUP                                   |

A field that is *set* is written, also where it is None; one that is not set is left as the CMS has it. Of `facts`, the
keys that are given are written and all others left alone.

What comes back out, in a job's context and over REST: `Device` with everything worked out (`username`, `password`,
`port`, `platform`, `connection_options`, `facts`), `Device.inherited` naming what of it is not its own, `Device.groups`
in order, `DeviceGroup.facts` (its own) and `DeviceGroup.parents` (recursively, with their own facts). Build a Nornir
inventory from those by giving each host `own_facts(device)` as its data and all else worked out; facts that a device
inherits and none of its groups or their parents gives are the defaults' (`inherited_facts`). Credentials and connection
options of groups reach no job: they are worked out into their members.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import Field, JsonValue, field_validator

from neops.entities.models import IFINDEX_MAX, Device, InterfaceState
from neops.entities.references import Entity
from neops.entities.secrets import Secret

INVENTORY_GROUP = "neops.inventories"
"""Entry-point group of inventory adapters: name → `load(source: str) -> EntityBatch`.

`--inventory nornir:config.yaml` calls the adapter `nornir` with the source `config.yaml`. An adapter that declares the
keywords `since: str | None` and `progress: LoadProgress | None` is given the `cursor` of its last batch, so that it
reads only what changed, and somebody to report to.
"""

EXPORT_GROUP = "neops.exports"
"""Entry-point group of the way back: name → `dump(batch: EntityBatch, target: Path) -> None`."""


class LoadProgress(Protocol):
    """Told what is read and how much of it, `total` where that is known: `("devices", 3000, 30000)`."""

    def __call__(self, what: str, done: int, total: int | None) -> None: ...


class _Inheritable(Entity):
    """What a device says itself, or a group for its members."""

    ip: str | None = None
    """Address or DNS name to connect to."""
    port: int | None = Field(default=None, ge=1, le=65535)
    username: str | None = None
    password: Secret | None = None
    platform: str | None = None
    """netmiko's device type."""
    platform_alias: str | None = None
    connection_options: Secret | None = None
    facts: dict[str, JsonValue] = Field(default_factory=dict)

    @field_validator("connection_options")
    @classmethod
    def _an_object_of_objects(cls, options: Secret | None) -> Secret | None:
        if options is not None:
            check_connections(options)
        return options


def check_connections(text: str) -> None:
    """See whether a text is what `connection_options` holds: a JSON object of plugin name → object.

    Raises:
        ValueError: it is not.
    """
    try:
        entries = json.loads(text)
    except ValueError:
        entries = None
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise ValueError("it is no JSON object of plugin name → object")


class NewGroup(_Inheritable):
    """A group as an inventory knows it; found again by `name`."""

    name: str = Field(min_length=1)
    title: str | None = None
    description: str | None = None
    parents: list[str] = Field(default_factory=list)


class NewInterface(Entity):
    """An interface of a device; found again by `name` on that device."""

    name: str = Field(min_length=1)
    description: str | None = None
    state: InterfaceState | None = None
    ifindex: int | None = Field(default=None, ge=0, le=IFINDEX_MAX)
    facts: dict[str, JsonValue] = Field(default_factory=dict)


class NewDevice(_Inheritable):
    """A device as an inventory knows it; found again by `hostname`. `groups` are names."""

    hostname: str = Field(min_length=1)
    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    software_release: str | None = None
    external_reference: str | None = None
    """How the source finds it again, such as NetBox's URL of the device."""
    groups: list[str] = Field(default_factory=list)
    interfaces: list[NewInterface] = Field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class EntityBatch:
    """Groups and devices to bring into the CMS; groups that someone names and nobody lists are created empty."""

    devices: tuple[NewDevice, ...] = field(default=())
    groups: tuple[NewGroup, ...] = field(default=())
    cursor: str | None = None
    """How far the source was read, where it can tell what changed since."""
    origin: str | None = None
    """Names the inventory, the same whenever it is read, unless a part of it was chosen: its devices are remembered."""
    complete: bool = False
    """These are all devices that `origin` has: one that it had before is gone from there."""


def own_facts(device: Device) -> dict[str, JsonValue]:
    """The facts that the device has itself."""
    foreign = set(device.inherited.facts) if device.inherited else set()
    return {key: value for key, value in device.facts.items() if key not in foreign}


def inherited_facts(device: Device) -> dict[str, JsonValue]:
    """The facts that the device has from its groups or from the defaults."""
    foreign = device.inherited.facts if device.inherited else []
    return {key: device.facts[key] for key in foreign if key in device.facts}
