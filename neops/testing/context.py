"""A WorkflowContext without a worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from neops.blocks import BlockJob, FunctionBlock, JobInfo, JobPorts, ProgressSink, WorkflowContext
from neops.blocks.jobs import no_progress
from neops.devices import Connector
from neops.entities import Device, EntityType
from neops.entities.changes import Changeable
from neops.errors import UsageError
from neops.testing.entities import DeviceLike, GroupLike, InterfaceLike, make_devices, make_groups, make_interfaces


def create_workflow_context(
    *,
    devices: Sequence[DeviceLike] = (),
    device_groups: Sequence[GroupLike] = (),
    interfaces: Sequence[InterfaceLike] = (),
    run_on: EntityType | str | None = None,
    entity_id: int | None = None,
    connector: Connector | None = None,
    progress: ProgressSink = no_progress,
) -> WorkflowContext:
    """A context to call a block's methods with: `await ShowVersion().run(params, context)`.

    Entities may be fields only; what is not said is made up. The first device is at hand, unless `run_on` and
    `entity_id` say otherwise. Devices can be connected to through `connector`, such as the `fake_devices` fixture.

    Raises:
        UsageError: the entity at hand is not among the entities.
    """
    made_devices = make_devices(devices)
    made = made_devices, make_groups(device_groups, made_devices), make_interfaces(interfaces, made_devices)
    on = EntityType(run_on) if run_on else EntityType.DEVICE if devices else EntityType.GLOBAL
    listed: dict[EntityType, Sequence[Changeable]] = dict(
        zip((EntityType.DEVICE, EntityType.GROUP, EntityType.INTERFACE), made, strict=True)
    )
    job = BlockJob(
        info=JobInfo(id="test"),
        block=FunctionBlock,  # type: ignore[type-abstract]  # nobody makes an instance of it
        run_on=on,
        entity_id=entity_id or next((entity.id for entity in listed.get(on, ())), None),
        devices=made[0],
        device_groups=made[1],
        interfaces=made[2],
    )
    return WorkflowContext(job, JobPorts(connector=connector or _NoDevices(), progress=progress))


class _NoDevices:
    def connect(self, device: Device, capability: object, *, job: str | None = None) -> NoReturn:  # noqa: ARG002
        raise UsageError(f"{device.name}: this context has no devices, give create_workflow_context a connector")

    connect_blocking = connect

    def served_by(self, device: Device) -> tuple[str, ...]:  # noqa: ARG002
        return ()
