"""Entities for tests, from as little as a test wants to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from neops.entities import Device, DeviceGroup, Entity, Interface

E = TypeVar("E", bound=Entity)

DeviceLike: TypeAlias = Device | Mapping[str, Any]
GroupLike: TypeAlias = DeviceGroup | Mapping[str, Any]
InterfaceLike: TypeAlias = Interface | Mapping[str, Any]


def make_device(given: DeviceLike, number: int = 1) -> Device:
    """A device: what is not said is `r1`, 192.0.2.1 (RFC 5737), platform cisco_ios. `platform` may be its name."""
    if isinstance(given, Device):
        return given
    fields = {"id": number, "hostname": f"r{number}", "ip": f"192.0.2.{number % 256}", "platform": "cisco_ios", **given}
    if isinstance(fields["platform"], str):
        fields["platform"] = {"short_name": fields["platform"]}
    return Device.model_validate(fields)


def make_devices(given: Sequence[DeviceLike]) -> list[Device]:
    """Devices with the ids 1, 2, … where they have none."""
    return [make_device(one, number) for number, one in enumerate(given, start=1)]


def make_groups(given: Sequence[GroupLike]) -> list[DeviceGroup]:
    """Groups with the ids 1, 2, … where they have none."""
    return _numbered(DeviceGroup, given)


def make_interfaces(given: Sequence[InterfaceLike]) -> list[Interface]:
    """Interfaces with the ids 1, 2, … where they have none."""
    return _numbered(Interface, given)


def _numbered(model: type[E], given: Sequence[E | Mapping[str, Any]]) -> list[E]:
    return [
        model.model_validate({"id": number, **one}) if isinstance(one, Mapping) else one
        for number, one in enumerate(given, start=1)
    ]
