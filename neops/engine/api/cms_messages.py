"""What clients of `/cms` send and get."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from neops.cms import ConfigVersion
from neops.entities import (
    ConnectionState,
    Device,
    DeviceGroup,
    EntityReference,
    Interface,
    InterfaceState,
    Platform,
    Secret,
)
from neops.protocol import Maybe, Message
from neops.protocol.message import Timestamp

PAGE_MAX: Final = 1000
"""Entities in one answer."""


class Listing(BaseModel):
    """What is asked of a list."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(default="", description="Elasticsearch query string: `hostname:r1* AND facts.role:core`.")
    name: str | None = Field(default=None, description="Only what is named so, exactly.")
    sort: str = Field(default="id", description="Field or fact to sort by: `hostname`, `facts.rack:desc`.")
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


def _plain(value: Any) -> Any:
    match value:
        case BaseModel():
            return value.model_dump(exclude_none=True)
        case list():
            return [_plain(one) for one in value]
        case _:
            return value
