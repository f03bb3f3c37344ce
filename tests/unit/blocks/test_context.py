from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from neops.blocks import (
    BlockJob,
    FunctionBlock,
    FunctionBlockResult,
    JobPorts,
    WorkflowContext,
    register_function_block,
)
from neops.devices import RunsCommands
from neops.entities import (
    TEMPORARY_ID_MIN,
    Device,
    DeviceGroup,
    EntityCreate,
    EntityDelete,
    EntityPatch,
    EntityReference,
    EntityType,
    Interface,
)
from neops.errors import UsageError

MakeContext = Callable[..., WorkflowContext]


@pytest.fixture
def context(job: Callable[..., BlockJob], ports: JobPorts, registration: Callable[..., Any]) -> MakeContext:
    """The context of a job on the device r1, unless a test says otherwise."""

    @register_function_block(registration())
    class Block(FunctionBlock):
        def run(self, params: Any, context: WorkflowContext) -> FunctionBlockResult:
            return FunctionBlockResult(success=True)

    def make(ports: JobPorts = ports, **different: Any) -> WorkflowContext:
        return WorkflowContext(job(Block, **different), ports)

    return make


@pytest.fixture
def other() -> Device:
    return Device(id=8, hostname="r2", groups=[EntityReference(id=2)])


def test_the_entity_at_hand_is_the_one_the_job_names(context: MakeContext, other: Device) -> None:
    assert context().device.hostname == "r1"
    assert context(run_on=EntityType.GROUP, entity_id=2).device_group.name == "lab"
    assert context(run_on=EntityType.INTERFACE, entity_id=72).interface.name == "eth1"


def test_asking_for_another_kind_of_entity_says_what_the_job_runs_on(context: MakeContext) -> None:
    with pytest.raises(UsageError, match="this job runs on group, not on device"):
        _ = context(run_on=EntityType.GROUP, entity_id=2).device
    with pytest.raises(UsageError, match="this job runs on global, not on interface"):
        _ = context(run_on=EntityType.GLOBAL, entity_id=None).interface


def test_relations_hold_from_either_side(context: MakeContext, device: Device, other: Device) -> None:
    both = context(devices=[device, other])

    assert [one.hostname for one in both.members(both.device_groups[0])] == ["r1", "r2"]
    assert [one.name for one in both.interfaces_of(device)] == ["eth0", "eth1"]


def test_connect_means_the_device_at_hand(context: MakeContext, connector: Any, other: Device) -> None:
    on_device, on_interface = context(), context(run_on=EntityType.INTERFACE, entity_id=72)

    assert str(on_device.connect(RunsCommands)) == "session with r1"
    on_device.connect(RunsCommands, other)
    on_interface.connect(RunsCommands)

    assert connector.asked == [
        ("r1", RunsCommands, "job-1"),
        ("r2", RunsCommands, "job-1"),
        ("r1", RunsCommands, "job-1"),
    ]


def test_connect_without_a_device_at_hand_asks_for_one(context: MakeContext) -> None:
    with pytest.raises(UsageError, match="say which device to connect to"):
        context(run_on=EntityType.GLOBAL, entity_id=None).connect(RunsCommands)


def test_connect_all_means_the_members_of_the_group_or_all_devices(
    context: MakeContext, connector: Any, device: Device, other: Device
) -> None:
    stranger = Device(id=9, hostname="r9")
    devices = [device, other, stranger]

    on_group = context(run_on=EntityType.GROUP, entity_id=2, devices=devices).connect_all(RunsCommands)
    everywhere = context(run_on=EntityType.GLOBAL, entity_id=None, devices=devices).connect_all(RunsCommands)
    chosen = context(devices=devices).connect_all(RunsCommands, [stranger])

    assert [one.hostname for one, _ in on_group] == ["r1", "r2"]
    assert [one.hostname for one, _ in everywhere] == ["r1", "r2", "r9"]
    assert [one.hostname for one, _ in chosen] == ["r9"]


def test_assigning_to_a_field_is_a_patch(context: MakeContext) -> None:
    running = context()
    running.device.facts["site"] = "zrh"
    running.device.ip = None

    assert [(update.path, update.value) for update in running.changes() if isinstance(update, EntityPatch)] == [
        ("ip", None),
        ("facts.site", "zrh"),
    ]


def test_nothing_touched_is_nothing_changed(context: MakeContext) -> None:
    assert context().changes() == ()


def test_create_gives_an_entity_that_others_can_point_at(context: MakeContext) -> None:
    running = context()
    router = running.create(Device, hostname="r9", platform={"short_name": "arista_eos"})
    port = running.create(Interface, name="eth9", device=router)

    assert router in running.devices
    assert port in running.interfaces
    creates = [update for update in running.changes() if isinstance(update, EntityCreate)]
    assert [create.entity for create in creates] == [EntityType.DEVICE, EntityType.INTERFACE]
    assert creates[0].data == {"id": router.id, "hostname": "r9", "platform": {"short_name": "arista_eos"}}
    assert creates[1].data == {"id": port.id, "name": "eth9", "device": {"id": router.id}}
    assert creates[1].identifier_fields == ("name",)
    assert router.id >= TEMPORARY_ID_MIN


def test_a_misspelt_field_is_not_lost(context: MakeContext) -> None:
    with pytest.raises(TypeError, match="Interface has no field 'nmae'; did you mean 'name'"):
        context().create(Interface, nmae="eth9")


def test_appending_to_a_list_creates(context: MakeContext) -> None:
    running = context()
    running.interfaces.append(Interface(id=1, name="eth9", device=EntityReference(hostname="r1")))

    (create,) = running.changes()
    assert isinstance(create, EntityCreate)
    assert create.data["device"] == {"hostname": "r1"}
    assert create.id >= TEMPORARY_ID_MIN


def test_ids_are_the_same_when_a_job_runs_again_and_differ_between_jobs(
    context: MakeContext, job: Callable[..., BlockJob]
) -> None:
    info = job(None).info

    def new_id(**different: Any) -> int:
        return context(**different).create(DeviceGroup, name="g").id

    assert new_id() == new_id(info=info)
    assert new_id(info=type(info)(id="job-2")) != new_id()


def test_filtering_a_list_never_deletes_and_loses_no_change(context: MakeContext) -> None:
    running = context()
    running.interfaces[1].description = "to r2"
    running.create(Interface, name="eth9", device=running.device)
    running.interfaces = [one for one in running.interfaces if one.name == "eth0"]

    operations = [(update.operation, update.entity) for update in running.changes()]
    assert operations == [("create", EntityType.INTERFACE), ("patch", EntityType.INTERFACE)]


def test_only_delete_deletes(context: MakeContext) -> None:
    running = context()
    port = running.interfaces[1]
    port.description = "gone anyway"
    running.delete(port)
    running.delete(port)

    assert running.changes() == (EntityDelete(entity=EntityType.INTERFACE, id=72),)
    assert [one.name for one in running.interfaces] == ["eth0"]


def test_deleting_what_the_job_created_leaves_no_trace(context: MakeContext) -> None:
    running = context()
    running.delete(running.create(Interface, name="eth9", device=running.device))
    appended = Interface(id=99, name="eth8")
    running.interfaces.append(appended)
    running.delete(appended)

    assert running.changes() == ()


def test_a_copy_in_place_of_an_entity_holds_its_new_values(context: MakeContext) -> None:
    running = context()
    running.devices[0] = running.devices[0].model_copy(update={"model": "ASR1001"})

    (patch,) = running.changes()
    assert isinstance(patch, EntityPatch)
    assert (patch.path, patch.value) == ("model", "ASR1001")


def test_progress_reaches_whoever_watches(context: MakeContext, connector: Any) -> None:
    seen: list[tuple[int, int | None, str | None]] = []
    running = context(ports=JobPorts(connector=connector, progress=lambda *told: seen.append(told)))
    running.progress(3, 12, "r3")
    running.progress(4)

    assert seen == [(3, 12, "r3"), (4, None, None)]


def test_artifacts_are_kept_by_name(context: MakeContext) -> None:
    artifacts = context().artifacts
    artifacts.save("config/r1.cfg", "old")
    artifacts.save("config/r1.cfg", "hostname r1 é")
    artifacts.save("dump.bin", b"\x00")

    first, second = artifacts.saved()
    assert (first.name, first.data, first.media_type) == ("config/r1.cfg", "hostname r1 é".encode(), "text/plain")
    assert second.media_type == "application/octet-stream"


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../up", "a/../../b", "..\\up"])
def test_an_artifact_cannot_climb_out_of_its_place(name: str, context: MakeContext) -> None:
    with pytest.raises(ValueError, match="cannot name an artifact"):
        context().artifacts.save(name, "x")
