"""Entities for tests, from as little as a test wants to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from neops.entities import Device, DeviceGroup, EntityReference, Interface

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
    return Device(**fields)


def make_devices(given: Sequence[DeviceLike]) -> list[Device]:
    """Devices with the ids 1, 2, … where they have none."""
    return [make_device(one, number) for number, one in enumerate(given, start=1)]


def make_groups(given: Sequence[GroupLike], devices: Sequence[Device] = ()) -> list[DeviceGroup]:
    """Groups with the ids 1, 2, … and the names group1, group2, … where they have none.

    A single one of which nothing says who is in it has all the devices.
    """
    groups = [
        one if isinstance(one, DeviceGroup) else DeviceGroup(**{"id": number, "name": f"group{number}", **one})
        for number, one in enumerate(given, start=1)
    ]
    if len(groups) == 1 and "devices" not in groups[0].model_fields_set and not any(one.groups for one in devices):
        members = [EntityReference(id=device.id) for device in devices]
        return [groups[0].model_copy(update={"devices": members})]
    return groups


def make_interfaces(given: Sequence[InterfaceLike], devices: Sequence[Device] = ()) -> list[Interface]:
    """Interfaces with the ids 1, 2, … and the names eth1, eth2, …, of the first device, where they say nothing."""
    made_up = {"device": {"id": devices[0].id}} if devices else {}
    return [
        one if isinstance(one, Interface) else Interface(**{"id": number, "name": f"eth{number}", **made_up, **one})
        for number, one in enumerate(given, start=1)
    ]
