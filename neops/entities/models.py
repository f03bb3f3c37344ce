"""Device, Interface, DeviceGroup and Platform, as a block sees them and as they travel in a job.

Field names and types are those of the engine's job context. Times are aware datetimes.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field, JsonValue, field_validator

from neops.entities.references import Entity, EntityId, EntityReference
from neops.entities.secrets import Secret

IFINDEX_MAX = 2**31 - 1
"""Of RFC 2863's InterfaceIndex."""


def _is_empty(value: list[object]) -> bool:
    return not value


class ConnectionState(StrEnum):
    """What the last attempt to reach a device gave."""

    NEW = "NEW"
    OK = "OK"
    UNREACHABLE = "UNREACHABLE"
    AUTHFAILURE = "AUTHFAILURE"
    NOSSH = "NOSSH"


class InterfaceState(StrEnum):
    """Operational state of an interface."""

    UP = "UP"
    DOWN = "DOWN"
    ADMINISTRATIVE_SHUTDOWN = "ADMINISTRATIVE_SHUTDOWN"
    ERROR_DISABLED = "ERROR_DISABLED"


class Platform(Entity):
    """A network operating system; `short_name` is netmiko's device type, such as `cisco_ios`."""

    id: EntityId | None = None
    name: str | None = None
    short_name: str | None = None
    vendor: str | None = None


class Inherited(Entity):
    """Which of a device's values come from its groups or from the defaults; the others are its own.

    `fields` are among `ip, port, username, password, platform`. `connections` names, by plugin, the fields of
    `connection_options` that are inherited; None stands for an entry of which the device itself says nothing.
    """

    fields: list[str] = Field(default_factory=list)
    facts: list[str] = Field(default_factory=list)
    connections: dict[str, list[str] | None] = Field(default_factory=dict)


class ParentGroup(Entity):
    """A group that another one inherits from, with its own facts."""

    id: EntityId | None = None
    name: str
    facts: dict[str, JsonValue] = Field(default_factory=dict)
    parents: list[ParentGroup] = Field(default_factory=list, exclude_if=_is_empty)


class Device(Entity):
    """A managed device. Assign to its fields in a block: what changed is persisted when the run completes.

    What it inherits from its groups is worked out already; `inherited` says what that is.
    """

    id: EntityId
    hostname: str | None = None
    ip: str | None = None
    username: str | None = None
    password: Secret | None = None
    platform: Platform | None = None
    platform_alias: str | None = None
    """How the inventory spells the platform where that is not netmiko's name, such as NAPALM's `ios`."""
    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    software_release: str | None = None
    connection_state: ConnectionState | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    connection_options: Secret | None = None
    """JSON object in Nornir's form: plugin name → {hostname, port, username, password, platform, extras}.

    A Secret, because extras hold enable secrets and key passphrases.
    """
    facts: dict[str, JsonValue] = Field(default_factory=dict)
    inherited: Inherited | None = None
    groups: list[EntityReference] = Field(default_factory=list)
    """In the order in which the device inherits from them."""
    interfaces: list[EntityReference] = Field(default_factory=list)
    devices: list[EntityReference] | None = None
    controller: EntityReference | None = None
    current_configuration: str | None = None
    last_configuration: str | None = None
    external_reference: str | None = None
    checks: str | None = None
    check_elements: list[dict[str, Any]] | None = None
    fact_elements: list[dict[str, Any]] | None = None
    config_versions: list[dict[str, Any]] | None = None
    device_execution: list[dict[str, Any]] | None = None
    device_execution_results: list[dict[str, Any]] | None = None
    active_lock_counts: int | None = None
    group_count: int | None = None
    interface_count: int | None = None
    is_read_locked: bool | None = None
    is_write_locked: bool | None = None
    permission: int | None = None
    permission_flags: list[str] | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    first_seen_at: datetime | None = None
    inventory_updated_at: datetime | None = None

    @field_validator("facts", "groups", "interfaces", mode="before")
    @classmethod
    def _null_is_empty(cls, value: Any, info: Any) -> Any:
        if value is None:
            return {} if info.field_name == "facts" else []
        return value

    @property
    def name(self) -> str:
        """The name to show an operator: host name, else address, else `device 7`."""
        return self.hostname or self.ip or f"device {self.id}"

    @property
    def platform_name(self) -> str | None:
        """Short name of the platform, None when it is not known."""
        return self.platform.short_name if self.platform else None


class Interface(Entity):
    """A port or logical interface of a device."""

    id: EntityId
    name: str | None = None
    description: str | None = None
    state: InterfaceState | None = None
    device: EntityReference | None = None
    facts: dict[str, JsonValue] = Field(default_factory=dict)
    ifindex: int | None = Field(default=None, ge=0, le=IFINDEX_MAX)
    interface: EntityReference | None = None
    clients: list[EntityReference] | None = None
    client_count: int | None = None
    current_configuration: str | None = None
    last_configuration: str | None = None
    config_versions: list[dict[str, Any]] | None = None
    checks: dict[str, Any] | None = None
    check_elements: dict[str, Any] | None = None
    fact_elements: list[dict[str, Any]] | None = None
    interface_execution_results: list[dict[str, Any]] | None = None
    name_sorting: str | None = None
    neighbor_for_deletion: dict[str, Any] | None = None
    permission: int | None = None
    permission_flags: list[str] | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @field_validator("facts", mode="before")
    @classmethod
    def _null_is_empty(cls, value: Any) -> Any:
        return {} if value is None else value


class DeviceGroup(Entity):
    """A named set of devices. Its facts are its own; members have them, and those of its parents, worked out."""

    id: EntityId
    name: str | None = None
    title: str | None = None
    description: str | None = None
    parents: list[ParentGroup] = Field(default_factory=list, exclude_if=_is_empty)
    """The groups it inherits from, in order."""
    devices: list[EntityReference] = Field(default_factory=list)
    facts: dict[str, JsonValue] = Field(default_factory=dict)
    location: dict[str, Any] | None = None
    device_count: int | None = None
    checks: dict[str, Any] | None = None
    check_elements: list[dict[str, Any]] | None = None
    fact_elements: list[dict[str, Any]] | None = None
    device_group_execution_results: list[dict[str, Any]] | None = None
    role_permissions: list[dict[str, Any]] | None = None
    active_lock_counts: int | None = None
    is_read_locked: bool | None = None
    is_write_locked: bool | None = None
    permission: int | None = None
    permission_flags: list[str] | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @field_validator("facts", "devices", mode="before")
    @classmethod
    def _null_is_empty(cls, value: Any, info: Any) -> Any:
        if value is None:
            return {} if info.field_name == "facts" else []
        return value
