"""What clients of `/cms` send and get."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from neops.cms import ConfigVersion, HistoryEntry, ImportSummary
from neops.entities import (
    ConnectionState,
    Device,
    DeviceGroup,
    EntityReference,
    Interface,
    InterfaceState,
    NewDevice,
    NewGroup,
    Platform,
    Secret,
)
from neops.protocol import JsonObject, Maybe, Message
from neops.protocol.message import Timestamp


class _Fields(BaseModel):
    """Fields to write. One that is left out stays as it is; an unknown one is refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    facts: dict[str, JsonValue] = Field(default_factory=dict)
    """Fact by fact: null removes one, those that are left out stay."""

    def given(self) -> dict[str, Any]:
        """What was sent, by snake_case name; references as objects."""
        return {name: _plain(getattr(self, name)) for name in self.model_fields_set}


class DeviceFields(_Fields):
    hostname: str | None = None
    ip: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    username: str | None = None
    password: Secret | None = None
    platform: Platform | None = None
    connection_options: Secret | None = None
    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    software_release: str | None = None
    connection_state: ConnectionState | None = None
    external_reference: str | None = None
    current_configuration: str | None = None
    groups: list[EntityReference] = Field(default_factory=list)
    """By id or name, in the order in which the device inherits from them."""


class GroupFields(_Fields):
    name: str | None = None
    title: str | None = None
    description: str | None = None
    ip: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    username: str | None = None
    password: Secret | None = None
    platform: Platform | None = None
    connection_options: Secret | None = None
    parents: list[EntityReference] = Field(default_factory=list)
    devices: list[EntityReference] = Field(default_factory=list)


class InterfaceFields(_Fields):
    name: str | None = None
    description: str | None = None
    state: InterfaceState | None = None
    ifindex: int | None = None
    current_configuration: str | None = None
    device: EntityReference | None = None
    """By id or host name; only when it is created."""


class PlatformFields(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    short_name: str | None = None
    name: str | None = None
    vendor: str | None = None


class Bulk(BaseModel):
    """An inventory: devices are found again by host name, groups by name, interfaces by device and name."""

    model_config = ConfigDict(extra="forbid")

    devices: list[NewDevice] = Field(default_factory=list)
    groups: list[NewGroup] = Field(default_factory=list)


class BulkResult(Message):
    """How many entities were created, changed and left as they were."""

    created: int
    changed: int
    unchanged: int

    @classmethod
    def of(cls, summary: ImportSummary) -> BulkResult:
        return cls(created=summary.created, changed=summary.changed, unchanged=summary.unchanged)


class DevicePage(Message):
    items: list[Device]
    next_cursor: str | None
    total: Maybe[int] = None


class GroupPage(Message):
    items: list[DeviceGroup]
    next_cursor: str | None
    total: Maybe[int] = None


class InterfacePage(Message):
    items: list[Interface]
    next_cursor: str | None
    total: Maybe[int] = None


class FieldChangeMessage(Message):
    """`hidden`: a secret or a configuration changed; its values are not kept here."""

    path: str
    before: JsonValue = None
    after: JsonValue = None
    hidden: bool = False


class HistoryMessage(Message):
    """One change of one entity."""

    id: int
    at: Timestamp
    author: str
    run: str | None
    entity: str
    entity_id: int
    name: str | None
    operation: str
    changes: list[FieldChangeMessage]

    @classmethod
    def of(cls, entry: HistoryEntry) -> HistoryMessage:
        return cls(
            id=entry.id,
            at=entry.at,
            author=entry.author,
            run=entry.run,
            entity=entry.entity,
            entity_id=entry.entity_id,
            name=entry.name,
            operation=entry.operation.value,
            changes=[
                FieldChangeMessage(path=one.path, before=one.before, after=one.after, hidden=one.hidden)
                for one in entry.changes
            ],
        )


class ConfigVersionMessage(Message):
    """One version of a device's configuration; lists leave the text out."""

    number: int
    at: Timestamp
    author: str
    run: str | None
    sha256: str
    configuration: Maybe[str] = None

    @classmethod
    def of(cls, version: ConfigVersion) -> ConfigVersionMessage:
        return cls(
            number=version.number,
            at=version.at,
            author=version.author,
            run=version.run,
            sha256=version.sha256,
            configuration=version.configuration,
        )


def plain(entity: Device | DeviceGroup | Interface) -> JsonObject:
    """An entity as JSON, without what is not set and with its secrets masked."""
    return entity.model_dump(mode="json", by_alias=True, exclude_none=True)


def _plain(value: Any) -> Any:
    match value:
        case BaseModel():
            return value.model_dump(exclude_none=True)
        case list():
            return [_plain(one) for one in value]
        case _:
            return value
