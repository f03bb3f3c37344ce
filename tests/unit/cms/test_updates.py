from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

import pytest
from pydantic import JsonValue
from sqlalchemy import Connection

from neops.cms import EntityStore, apply_updates, config_versions, export_batch, import_batch
from neops.entities import (
    EntityBatch,
    EntityCreate,
    EntityDelete,
    EntityPatch,
    EntityType,
    EntityUpdate,
    Inherited,
    InterfaceState,
    NewDevice,
    NewGroup,
)
from neops.entities.changes import diff

TEMPORARY = 10_000_001


def _apply(connection: Connection, now: datetime, *updates: EntityUpdate) -> list[str]:
    return [refused.reason for refused in apply_updates(connection, updates, now).refused]


def test_two_jobs_that_patch_different_facts_keep_both(filled: Connection, now: datetime) -> None:
    refused = _apply(
        filled,
        now,
        EntityPatch(entity=EntityType.DEVICE, id=1, path="facts.os", value="15.2"),
        EntityPatch(entity=EntityType.DEVICE, id=1, path="facts.site.floor", value=2),
    )

    (device,) = EntityStore().devices(filled, [1])
    assert refused == []
    assert device.facts["os"] == "15.2"
    assert device.facts["site"] == {"name": "Zürich", "floor": 2}


def test_a_job_that_removes_a_fact_leaves_those_that_another_wrote(filled: Connection, now: datetime) -> None:
    (known,) = EntityStore().devices(filled, [1])
    one, other = known.model_copy(deep=True), known.model_copy(deep=True)
    del one.facts["asn"]
    one.facts["if.mtu"] = 9000
    other.facts["os"] = "15.2"

    _apply(filled, now, *diff([known], [other]).updates, *diff([known], [one]).updates)

    (device,) = EntityStore().devices(filled, [1])
    assert device.facts == {key: value for key, value in known.facts.items() if key != "asn"} | {
        "if.mtu": 9000,
        "os": "15.2",
    }


def test_a_patch_replaces_a_top_level_field(filled: Connection, now: datetime) -> None:
    _apply(filled, now, EntityPatch(entity=EntityType.DEVICE, id=2, path="software_release", value="4.30"))

    assert EntityStore().ids(filled, EntityType.DEVICE, query="software_release:4.30") == [2]


def test_a_new_interface_may_point_at_a_device_of_the_same_batch(filled: Connection, now: datetime) -> None:
    device = EntityCreate(
        entity=EntityType.DEVICE, id=TEMPORARY, data={"hostname": "r9", "platform": {"short_name": "frr"}}
    )
    port = EntityCreate(
        entity=EntityType.INTERFACE,
        id=TEMPORARY + 1,
        data={"name": "eth0", "state": "UP", "device": {"hostname": "r9"}, "description": None},
        identifier_fields=("name",),
        skip_if_identifier_exists=True,
    )

    applied = apply_updates(filled, [device, port], now)

    new_id = applied.ids[EntityType.DEVICE, TEMPORARY]
    related = EntityStore().related(filled, EntityType.DEVICE, [new_id])
    assert related.devices[0].platform_name == "frr"
    assert [(one.name, one.state) for one in related.interfaces] == [("eth0", InterfaceState.UP)]


def test_an_interface_that_exists_is_not_created_again(filled: Connection, now: datetime) -> None:
    port = EntityCreate(
        entity=EntityType.INTERFACE,
        id=TEMPORARY,
        data={"name": "eth0", "device": {"id": 1}},
        identifier_fields=("name",),
        skip_if_identifier_exists=True,
    )

    apply_updates(filled, [port], now)
    apply_updates(filled, [port], now)

    assert len(EntityStore().ids(filled, EntityType.INTERFACE)) == 1


def test_interfaces_of_one_name_on_two_devices_are_two(filled: Connection, now: datetime) -> None:
    ports = [
        EntityCreate(
            entity=EntityType.INTERFACE,
            id=TEMPORARY + device,
            data={"name": "eth0", "device": {"id": device}},
            identifier_fields=("name",),
            skip_if_identifier_exists=True,
        )
        for device in (1, 2)
    ]

    apply_updates(filled, ports, now)

    related = EntityStore().related(filled, EntityType.DEVICE, [1, 2])
    assert [port.device.id for port in related.interfaces if port.device] == [1, 2]


def test_what_is_there_already_is_refused_unless_that_was_to_be_skipped(filled: Connection, now: datetime) -> None:
    (known,) = EntityStore().devices(filled, [1])
    again = EntityCreate(
        entity=EntityType.DEVICE, id=TEMPORARY, data={"hostname": known.hostname}, identifier_fields=("hostname",)
    )

    (refused,) = apply_updates(filled, [again], now).refused
    skipped = apply_updates(filled, [again.model_copy(update={"skip_if_identifier_exists": True})], now)

    assert refused.reason == "another device with the same hostname exists already"
    assert skipped.ids == {(EntityType.DEVICE, TEMPORARY): 1}


def test_an_update_that_cannot_be_applied_is_refused_with_its_reason(filled: Connection, now: datetime) -> None:
    reasons = _apply(
        filled,
        now,
        EntityPatch(entity=EntityType.DEVICE, id=1, path="permission", value=3),
        EntityPatch(entity=EntityType.DEVICE, id=77, path="model", value="x"),
        EntityPatch(entity=EntityType.DEVICE, id=1, path="model", value="y"),
    )

    assert reasons == ["device has no field 'permission' that may be changed", "device 77 does not exist any more"]
    assert EntityStore().ids(filled, EntityType.DEVICE, query="model:y") == [1]


def test_delete_removes_the_entity(filled: Connection, now: datetime) -> None:
    _apply(filled, now, EntityDelete(entity=EntityType.DEVICE, id=1))

    assert EntityStore().ids(filled, EntityType.DEVICE) == [2, 3]


def test_a_value_of_its_own_covers_the_groups_and_none_uncovers_it(filled: Connection, now: datetime) -> None:
    import_batch(filled, EntityBatch(groups=(NewGroup(name="core", username="grp", facts={"tier": 1}),)), now)

    _apply(
        filled,
        now,
        EntityPatch(entity=EntityType.DEVICE, id=2, path="username", value="own"),
        EntityPatch(entity=EntityType.DEVICE, id=2, path="facts.tier", value=2),
    )
    (covered,) = EntityStore().devices(filled, [2])
    _apply(filled, now, EntityPatch(entity=EntityType.DEVICE, id=2, path="username", value=None))
    (uncovered,) = EntityStore().devices(filled, [2])

    assert (covered.username, covered.facts["tier"], covered.inherited) == ("own", 2, None)
    assert uncovered.username == "grp"
    assert uncovered.inherited == Inherited(fields=["username"])


def test_a_device_that_joins_a_group_inherits_from_it(filled: Connection, now: datetime) -> None:
    refused = _apply(filled, now, EntityPatch(entity=EntityType.DEVICE, id=3, path="groups", value=[{"name": "core"}]))

    (device,) = EntityStore().devices(filled, [3])
    assert refused == []
    assert device.facts == {"role": "access", "tier": 1}
    assert EntityStore().ids(filled, EntityType.DEVICE, query="facts.tier:1") == [1, 2, 3]


def test_members_of_a_deleted_group_no_longer_inherit_from_it(filled: Connection, now: datetime) -> None:
    (core,) = EntityStore().ids(filled, EntityType.GROUP, query="name:core")

    _apply(filled, now, EntityDelete(entity=EntityType.GROUP, id=core))

    (device,) = EntityStore().devices(filled, [2])
    assert (device.facts, device.inherited) == ({"role": "core", "asn": 65002}, None)


def test_jobs_do_not_write_what_groups_hand_on(filled: Connection, now: datetime) -> None:
    (core,) = EntityStore().ids(filled, EntityType.GROUP, query="name:core")

    (reason,) = _apply(filled, now, EntityPatch(entity=EntityType.GROUP, id=core, path="password", value="x"))

    assert "password" in reason


def test_a_group_that_a_job_creates_hands_on_no_credentials(filled: Connection, now: datetime) -> None:
    data = {"name": "new", "password": "of-a-job", "devices": [{"id": 1}]}
    before = EntityStore().devices(filled, [1])[0].password

    assert _apply(filled, now, EntityCreate(entity=EntityType.GROUP, id=TEMPORARY, data=data)) == []

    (group,) = [one for one in export_batch(filled).groups if one.name == "new"]
    assert group.password is None
    assert EntityStore().devices(filled, [1])[0].password == before


R1 = {"name": "eth9", "device": {"hostname": "r1"}}


def _patch(path: str, value: JsonValue, entity: EntityType = EntityType.DEVICE) -> EntityPatch:
    return EntityPatch.model_construct(entity=entity, id=1, path=path, value=value)


def _create(entity: EntityType, data: dict[str, object], *identifiers: str) -> EntityCreate:
    return EntityCreate(entity=entity, id=TEMPORARY, data=data, identifier_fields=identifiers)


@pytest.mark.parametrize(
    ("update", "reason"),
    [
        (_patch("platform", "ios"), "platform: an object with an id or a name is expected"),
        (_patch("platform", {"name": "IOS"}), "platform: write a short name"),
        (_patch("groups", "core"), "its groups are no list"),
        (_patch("groups", ["core"]), "its group: an object with an id or a name is expected"),
        (_patch("groups", [{"id": 10**30}]), "its group: an object"),
        (_patch("groups", [{"name": ["core"]}]), "its group: an object"),
        (_patch("groups", [{}]), "its group is missing: write an id or a name"),
        (_patch("groups", [{"name": "*"}]), "its group '*' is not known"),
        (_patch("devices", [{"id": 2}]), "device has no field 'devices'"),
        (_patch("hostname", ""), "device needs a hostname"),
        (_patch("facts.asn", float("nan")), "facts: it holds a number or a character"),
        (_patch("facts", {"a": ["\ud800"]}), "facts: it holds a number or a character"),
        (_patch("vendor", "\ud800"), "vendor: it holds a number or a character"),
        (_patch("facts.", 1), "'facts.' names no field"),
        (_patch("facts..a", 1), "'facts..a' names no field"),
        (_patch("parents", [{"name": "access"}], EntityType.GROUP), "group has no field 'parents' that a job may"),
        (_create(EntityType.DEVICE, {"hostname": ["r9"]}, "hostname"), "hostname: Input should be a valid string"),
        (_create(EntityType.DEVICE, {"hostname": "r9", "platform": "ios"}), "platform: an object"),
        (_create(EntityType.GROUP, {"name": "new", "devices": [{"hostname": "r99"}]}), "its device 'r99' is not known"),
        (_create(EntityType.INTERFACE, {"name": "eth9"}), "its device is missing"),
        (_create(EntityType.INTERFACE, {**R1, "ifindex": 2**31}), "ifindex: Input should be less than"),
    ],
    ids=str,
)
def test_an_update_that_makes_no_sense_leaves_the_others_and_no_trace(
    filled: Connection, now: datetime, update: EntityUpdate, reason: str
) -> None:
    before = export_batch(filled)
    good = EntityPatch(entity=EntityType.DEVICE, id=2, path="facts.good", value=True)

    reasons = _apply(filled, now, update, good)

    assert len(reasons) == 1
    assert reasons[0].startswith(reason)
    assert EntityStore().ids(filled, EntityType.DEVICE, query="facts.good:true") == [2]
    r1, r2, sw1 = before.devices
    expected = replace(before, devices=(r1, r2.model_copy(update={"facts": {**r2.facts, "good": True}}), sw1))
    assert export_batch(filled) == expected


def test_what_jobs_found_on_many_devices_is_written_together(
    connection: Connection, now: datetime, statements: Callable[[Callable[[], object]], list[str]]
) -> None:
    def found(devices: Iterable[int], version: str) -> list[EntityUpdate]:
        return [
            EntityPatch(entity=EntityType.DEVICE, id=device, path=path, value=version)
            for device in devices
            for path in ("facts.version", "software_release")
        ]

    devices = tuple(NewDevice(hostname=f"r{number}") for number in range(50))
    import_batch(connection, EntityBatch(devices=devices), now)
    of_few = statements(lambda: apply_updates(connection, found([1, 2], "17.3"), now))
    of_many = statements(lambda: apply_updates(connection, found(range(1, 51), "17.6"), now))

    assert of_many == of_few


def test_a_configuration_of_an_interface_is_no_version_of_a_device(filled: Connection, now: datetime) -> None:
    port = {"name": "eth0", "device": {"hostname": "r2"}}
    created = apply_updates(filled, [EntityCreate(entity=EntityType.INTERFACE, id=TEMPORARY, data=port)], now)
    (id_,) = created.ids.values()
    apply_updates(
        filled,
        [EntityPatch(entity=EntityType.INTERFACE, id=id_, path="current_configuration", value="shutdown")],
        now,
    )

    assert config_versions(filled, id_) == []
