"""What a running block sees: the entities, the devices behind them, and the way to report."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from typing_extensions import TypeForm

from neops.blocks.artifacts import Artifacts
from neops.blocks.jobs import BlockJob, JobInfo, JobPorts, temporary_ids
from neops.blocks.tools import find_tool
from neops.blocks.tracking import Tracker
from neops.concurrency.parallel import DEFAULT_LIMIT
from neops.devices.fleet import Fleet
from neops.entities import Device, DeviceGroup, EntityType, EntityUpdate, Interface
from neops.entities.changes import Changeable, Changes
from neops.errors import UsageError

if TYPE_CHECKING:
    from nornir.core import Nornir

C = TypeVar("C")
E = TypeVar("E", Device, DeviceGroup, Interface)


class WorkflowContext:
    """The job's entities and tools.

    Assign to fields of `devices`, `device_groups` and `interfaces` to change them, append to create, call `delete` to
    remove; filtering a list never deletes. Changes are kept when the block's result is a success.
    """

    def __init__(self, job: BlockJob, ports: JobPorts) -> None:
        self.devices: list[Device] = list(job.devices)
        self.device_groups: list[DeviceGroup] = list(job.device_groups)
        self.interfaces: list[Interface] = list(job.interfaces)
        self.job: JobInfo = job.info
        self.run_on: EntityType = job.run_on
        self.entity_id: int | None = job.entity_id
        self.artifacts = Artifacts()
        self.logger: logging.Logger = logging.getLogger("neops.block")
        self._ports = ports
        self._endings: list[Callable[[], object]] = []
        self._tracker = Tracker(self._listed(), temporary_ids(job.info.id))
        self._at_hand = self._find(job)

    @property
    def device(self) -> Device:
        """The device that the job runs on.

        Raises:
            UsageError: the block does not run on devices.
        """
        return self._at_hand_as(Device, EntityType.DEVICE)

    @property
    def device_group(self) -> DeviceGroup:
        """The device group that the job runs on; `members` gives its devices.

        Raises:
            UsageError: the block does not run on groups.
        """
        return self._at_hand_as(DeviceGroup, EntityType.GROUP)

    @property
    def interface(self) -> Interface:
        """The interface that the job runs on.

        Raises:
            UsageError: the block does not run on interfaces.
        """
        return self._at_hand_as(Interface, EntityType.INTERFACE)

    def members(self, group: DeviceGroup) -> list[Device]:
        """Devices of a group, as far as they are in the context."""
        ids = {reference.id for reference in group.devices}
        return [
            device
            for device in self.devices
            if device.id in ids or any(reference.id == group.id for reference in device.groups)
        ]

    def interfaces_of(self, device: Device) -> list[Interface]:
        """Interfaces of a device, as far as they are in the context."""
        ids = {reference.id for reference in device.interfaces}
        return [interface for interface in self.interfaces if interface.id in ids or _belongs(interface, device)]

    def connect(self, capability: TypeForm[C], device: Device | None = None) -> C:
        """A device, typed as what is asked of it; the device at hand when none is given.

        Which plugin serves it is decided here, the login happens at the first call.

        Raises:
            CapabilityMissing: no installed plugin can; the message says of each one why.
        """
        return self._ports.connector.connect(device or self._device_at_hand(), capability, job=self.job.id)

    def connect_all(self, capability: TypeForm[C], devices: Iterable[Device] | None = None) -> list[tuple[Device, C]]:
        """Many devices with what `connect` gives for each: the group's members, else all devices of the context.

        Raises:
            CapabilityMissing: for one of them no installed plugin can.
        """
        chosen = self._all_at_hand() if devices is None else devices
        return [(device, self.connect(capability, device)) for device in chosen]

    def nornir(self, *, num_workers: int = DEFAULT_LIMIT, devices: Iterable[Device] | None = None) -> Nornir:
        """A Nornir object on the devices of `connect_all`: `await run_in_thread(nr.run)(task=napalm_get, …)`.

        Hosts, groups and connection options are those of the entities; `host.device` is the entity. Tasks run in
        `num_workers` threads and start until shortly before the job's deadline; results of hosts that answered are
        kept. Sessions of the connection `neops` are those of `connect`; connections of other plugins are closed when
        the job ends.

        Raises:
            UsageError: Nornir is not installed.
        """
        fleet = Fleet(
            devices=list(self._all_at_hand() if devices is None else devices),
            device_groups=self.device_groups,
            connector=self._ports.connector,
            job=self.job.id,
            deadline=self.job.deadline,
            progress=self._ports.progress,
            at_end=self._endings.append,
        )
        nornir: Nornir = find_tool("nornir")(fleet, num_workers=num_workers)
        return nornir

    def endings(self) -> tuple[Callable[[], object], ...]:
        """What tools such as `nornir` want called in a thread when the block is over; whoever runs the block does."""
        return tuple(self._endings)

    def create(self, kind: type[E], **fields: Any) -> E:
        """A new entity, in its list already: `context.create(Interface, name="eth9", device=router)`.

        It has a temporary id until the run completes. One that exists already (a device of that host name, an
        interface of that name on that device, a group of that name) is left as it is.

        Raises:
            TypeError: the entity has no such field.
        """
        references = {"id": self._tracker.new_id()} | {name: _as_reference(value) for name, value in fields.items()}
        entity = kind(**references)
        self._tracker.create(entity)
        self._list_of(entity).append(entity)
        return entity

    def delete(self, entity: Device | DeviceGroup | Interface) -> None:
        """Remove an entity of the context when the run completes; it leaves its list now."""
        self._tracker.delete(entity)
        remaining = self._list_of(entity)
        remaining[:] = [one for one in remaining if one is not entity]

    def changes(self) -> tuple[EntityUpdate, ...]:
        """The entity updates that a success would send now."""
        return self.tracked().updates

    def tracked(self) -> Changes:
        """The updates, and the changes that are refused because the CMS keeps those fields itself."""
        return self._tracker.changes(self._listed())

    def progress(self, done: int, total: int | None = None, message: str | None = None) -> None:
        """Tell whoever watches how far the job is; cheap, call it as often as there is news."""
        self._ports.progress(done, total, message)

    def _listed(self) -> list[Changeable]:
        return [*self.devices, *self.device_groups, *self.interfaces]

    def _list_of(self, entity: Changeable) -> list[Any]:
        lists: dict[type[Changeable], list[Any]] = {
            Device: self.devices,
            DeviceGroup: self.device_groups,
            Interface: self.interfaces,
        }
        return next(entities for kind, entities in lists.items() if isinstance(entity, kind))

    def _find(self, job: BlockJob) -> Changeable | None:
        lists: dict[EntityType, Sequence[Changeable]] = {
            EntityType.DEVICE: self.devices,
            EntityType.GROUP: self.device_groups,
            EntityType.INTERFACE: self.interfaces,
        }
        if job.run_on not in lists:
            return None
        found = next((one for one in lists[job.run_on] if one.id == job.entity_id), None)
        if found is None:
            raise UsageError(f"the job runs on {job.run_on} {job.entity_id}, which is not in its context")
        return found

    def _at_hand_as(self, kind: type[E], run_on: EntityType) -> E:
        if isinstance(self._at_hand, kind):
            return self._at_hand
        raise UsageError(f"this job runs on {self.run_on}, not on {run_on}: there is no {run_on} at hand")

    def _device_at_hand(self) -> Device:
        match self._at_hand:
            case Device():
                return self._at_hand
            case Interface():
                interface = self._at_hand
                owner = next((device for device in self.devices if interface in self.interfaces_of(device)), None)
                if owner is None:
                    raise UsageError(f"the device of interface {interface.name} is not in the context: acquire it")
                return owner
            case _:
                raise UsageError(f"this job runs on {self.run_on}: say which device to connect to")

    def _all_at_hand(self) -> list[Device]:
        match self._at_hand:
            case DeviceGroup():
                return self.members(self._at_hand)
            case Device() | Interface():
                return [self._device_at_hand()]
            case _:
                return self.devices


def _belongs(interface: Interface, device: Device) -> bool:
    reference = interface.device
    if reference is None:
        return False
    return reference.id == device.id if reference.id else reference.hostname == device.hostname


def _as_reference(value: Any) -> Any:
    if isinstance(value, Device | DeviceGroup | Interface):
        return {"id": value.id}
    return [_as_reference(item) for item in value] if isinstance(value, list) else value
