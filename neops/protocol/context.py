"""The entities that travel in a job."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, SerializationInfo, field_serializer

from neops.entities import Device, DeviceGroup, Entity, Interface
from neops.protocol.message import JsonObject, Message


class JobExecutionContext(Message):
    """The entities a job works on. All three lists are always there; unset attributes are left out.

    Credentials are masked unless the message is dumped with `reveal_secrets`.
    """

    devices: list[Device] = Field(default_factory=list)
    device_groups: list[DeviceGroup] = Field(default_factory=list)
    interfaces: list[Interface] = Field(default_factory=list)

    @field_serializer("devices", "device_groups", "interfaces")
    def _without_nulls(self, entities: Sequence[Entity], info: SerializationInfo) -> list[JsonObject]:
        # A group's keys, unlike a device's, may be absent but not null.
        return [
            entity.model_dump(mode="json", by_alias=True, exclude_none=True, context=info.context)
            for entity in entities
        ]
