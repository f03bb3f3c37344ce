"""From entities to a Nornir inventory. Importing this module imports Nornir."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nornir.core.inventory import Defaults, Group, Groups, Host, Hosts, Inventory, ParentGroups
from pydantic import JsonValue

from neops.devices import Connector
from neops.entities import DEFAULTS_GROUP, Device, DeviceGroup, EntityReference, ParentGroup
from neops_cms_inventory.host import DeviceHost, Link

FIELDS = ("vendor", "model", "serial", "software_release", "connection_state")
"""Fields of a device that are in its host's data as well, where no fact has the name."""

_MISSING = object()


def to_inventory(
    devices: Iterable[Device],
    device_groups: Iterable[DeviceGroup] = (),
    *,
    connector: Connector | None = None,
    job: str | None = None,
) -> Inventory:
    """A Nornir inventory of devices: hosts by the devices' names, groups with their parents, defaults.

    A host's data are the device's own facts; what it inherits stands where it comes from, as far as the groups are
    given, else at the host. Login, platform and connection options are worked out already and stand at the host.
    """
    known = _KnownGroups(device_groups)
    hosts = Hosts()
    for device in devices:
        name = device.name if device.name not in hosts else f"device {device.id}"
        link = Link(device=device, connector=connector, job=job)
        groups, complete = known.of(device.groups)
        data = known.own_data(device, groups, complete=complete)
        hosts[name] = DeviceHost(name, link, groups=groups, data=data, defaults=known.defaults)
    return Inventory(hosts=hosts, groups=known.groups, defaults=known.defaults)


class _KnownGroups:
    """The groups that are given, their parents, and what the devices show of the defaults."""

    def __init__(self, device_groups: Iterable[DeviceGroup]) -> None:
        self.groups, self.defaults = Groups(), Defaults()
        self._names: dict[int, str] = {}
        self._inherited: dict[tuple[str, ...], Mapping[str, Any]] = {}
        listed = []
        for group in device_groups:
            if group.name == DEFAULTS_GROUP:
                self.defaults.data.update(group.facts)
            else:
                listed.append(group)
        for group in listed:
            self._names[group.id] = group.name or f"group {group.id}"
            self._add(self._names[group.id], group.facts)
        for group in listed:
            self._set_parents(self._names[group.id], group.parents)

    def of(self, references: Iterable[EntityReference]) -> tuple[ParentGroups, bool]:
        """A device's groups in order, and whether all of them were given; of others the name is all that is known."""
        found, complete = ParentGroups(), True
        for reference in references:
            name = self._names.get(reference.id or 0)
            if name is None:
                complete, name = False, reference.name
            if name is not None:
                found.append(self.groups.get(name) or self._add(name, {}))
        return found, complete

    def own_data(self, device: Device, groups: ParentGroups, *, complete: bool) -> dict[str, JsonValue]:
        """Facts and fields that stand at the host itself. Facts that no group explains are the defaults'."""
        foreign = set(device.inherited.facts) if device.inherited else set()
        from_groups = self._facts_of(groups) if foreign else {}
        data: dict[str, Any] = {}
        for key, value in device.facts.items():
            if key in foreign:
                theirs = from_groups.get(key, _MISSING)
                if theirs is _MISSING and complete:
                    theirs = self.defaults.data.setdefault(key, value)
                if theirs == value:
                    continue
            data[key] = value
        for name in FIELDS:
            if (value := getattr(device, name)) is not None and name not in device.facts:
                data[name] = str(value)
        return data

    def _facts_of(self, groups: ParentGroups) -> Mapping[str, Any]:
        key = tuple(group.name for group in groups)
        if key not in self._inherited:
            self._inherited[key] = Host(name="", groups=groups).extended_data()
        return self._inherited[key]

    def _add(self, name: str, facts: Mapping[str, JsonValue]) -> Group:
        return self.groups.setdefault(name, Group(name=name, data=dict(facts), defaults=self.defaults))

    def _set_parents(self, name: str, parents: Iterable[ParentGroup]) -> None:
        group = self.groups[name]
        for parent in parents:
            if parent.name not in self.groups:
                self._add(parent.name, parent.facts)
                self._set_parents(parent.name, parent.parents)
            group.groups.add(self.groups[parent.name])
