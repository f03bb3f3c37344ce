"""What clients of `/cms` send and get."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator
from pydantic.alias_generators import to_camel
from starlette.responses import JSONResponse

from neops.cms import ConfigVersion, Delivered, Delivery, FieldChange, HistoryEntry, Operation
from neops.entities import (
    REVEAL,
    ConnectionState,
    Device,
    DeviceGroup,
    Entity,
    EntityBatch,
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

PAGE_MAX: Final = 1000
"""Entities in one answer."""


class HistoryKind(StrEnum):
    """What has a history."""

    DEVICE = "device"
    GROUP = "group"
    INTERFACE = "interface"
    PLATFORM = "platform"


class Listing(BaseModel):
    """What is asked of a list."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(default="", description="Elasticsearch query string: `hostname:r1* AND facts.role:core`.")
    name: str | None = Field(default=None, description="Only what is named so, exactly.")
    sort: str = Field(default="id", description="Field to sort by, `hostname` or `hostname:desc`.")
    limit: int = Field(default=100, ge=1, le=PAGE_MAX)
    cursor: str | None = Field(default=None, description="`nextCursor` of the page before, all else being the same.")
    total: bool = Field(default=False, description="Count all that match.")


class DeviceListing(Listing):
    """What is asked of a list of devices."""

    credentials: bool = Field(
        default=False, description="Write passwords and connection options out; see the CMS's page."
    )


class _Given(BaseModel):
    """Fields to write. One that is left out stays as it is; an unknown one is refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    def given(self) -> dict[str, Any]:
        """What was sent, by snake_case name; references as objects."""
        return {name: _plain(getattr(self, name)) for name in self.model_fields_set}


class PlatformFields(_Given):
    """`shortName` is netmiko's device type."""

    short_name: str | None = None
    name: str | None = None
    vendor: str | None = None


class _Fields(_Given):
    facts: dict[str, JsonValue] = Field(default_factory=dict)
    """Fact by fact: null removes one, those that are left out stay."""


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

    def entry(self) -> HistoryEntry:
        """The change as the CMS knows it."""
        return HistoryEntry(
            id=self.id,
            at=self.at,
            author=self.author,
            run=self.run,
            entity=self.entity,
            entity_id=self.entity_id,
            name=self.name,
            operation=Operation(self.operation),
            changes=tuple(
                FieldChange(path=one.path, before=one.before, after=one.after, hidden=one.hidden)
                for one in self.changes
            ),
        )


class Bulk(BaseModel):
    """An inventory: devices are found again by host name, groups by name, interfaces by device and name.

    `source` names it in the history. `origin` is what its devices are remembered by: `gone` names those that it had and
    has no more; `prune` deletes them, unless another one has them. `cursor` is how far it was read.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    devices: list[NewDevice] = Field(default_factory=list)
    groups: list[NewGroup] = Field(default_factory=list)
    source: str | None = None
    origin: str | None = None
    gone: list[str] = Field(default_factory=list)
    prune: bool = False
    cursor: str | None = None

    @model_validator(mode="after")
    def _names_what_it_is_about(self) -> Self:
        if self.gone and self.origin is None:
            raise ValueError("gone: say of which origin")
        if self.cursor is not None and self.source is None:
            raise ValueError("cursor: say of which source")
        return self

    def delivery(self, *, changes: bool) -> Delivery:
        """What the CMS shall take."""
        batch = EntityBatch(
            devices=tuple(self.devices), groups=tuple(self.groups), cursor=self.cursor, origin=self.origin
        )
        return Delivery(batch=batch, source=self.source, gone=self.gone, prune=self.prune, changes=changes)


class BulkResult(Message):
    """How many entities were created, changed and left as they were; which devices of `gone` no inventory has."""

    created: int
    changed: int
    unchanged: int
    gone: list[str]
    changes: list[HistoryMessage]

    @classmethod
    def of(cls, done: Delivered) -> BulkResult:
        return cls(
            created=done.summary.created,
            changed=done.summary.changed,
            unchanged=done.summary.unchanged,
            gone=[*done.gone],
            changes=[HistoryMessage.of(entry) for entry in done.changes],
        )


class SourceMessage(Message):
    """How far a source was read; host names of the devices that an inventory has, or had, and that others have too."""

    cursor: str | None
    devices: list[str]
    shared: list[str]


class Exporting(BaseModel):
    """What is asked of an export."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(default="", description="Only the devices that this query finds, with the groups they need.")
    limit: int = Field(default=PAGE_MAX, ge=1, le=PAGE_MAX)
    cursor: str | None = Field(default=None, description="`nextCursor` of the page before, with the same query.")
    credentials: bool = Field(default=False, description="Write passwords and connection options too.")


class Export(BaseModel):
    """Devices and groups with their own values; a group may come on several pages."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    devices: list[NewDevice]
    groups: list[NewGroup]
    next_cursor: str | None

    @classmethod
    def answer(cls, batch: EntityBatch, cursor: str | None, *, credentials: bool) -> JSONResponse:
        """One page, with credentials only where they are asked for."""

        def written(one: NewDevice | NewGroup) -> JsonObject:
            hidden = None if credentials else {"password", "connection_options"}
            return one.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=hidden, context=REVEAL)

        content = {
            "devices": [written(one) for one in batch.devices],
            "groups": [written(one) for one in batch.groups],
            "nextCursor": cursor,
        }
        return JSONResponse(content, headers={"Cache-Control": "no-store"} if credentials else None)


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


def plain(entity: Entity) -> JsonObject:
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
