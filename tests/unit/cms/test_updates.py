from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from neops.cms import EntityStore, apply_updates
from neops.entities import EntityCreate, EntityDelete, EntityPatch, EntityType, EntityUpdate, InterfaceState

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


def test_an_update_that_cannot_be_applied_is_refused_with_its_reason(filled: Connection, now: datetime) -> None:
    reasons = _apply(
        filled,
        now,
        EntityPatch(entity=EntityType.DEVICE, id=1, path="permission", value=3),
        EntityPatch(entity=EntityType.DEVICE, id=77, path="model", value="x"),
        EntityPatch(entity=EntityType.DEVICE, id=1, path="model", value="y"),
    )

    assert reasons == ["device has no field 'permission' that a job may change", "device 77 does not exist any more"]
    assert EntityStore().ids(filled, EntityType.DEVICE, query="model:y") == [1]


def test_delete_removes_the_entity(filled: Connection, now: datetime) -> None:
    _apply(filled, now, EntityDelete(entity=EntityType.DEVICE, id=1))

    assert EntityStore().ids(filled, EntityType.DEVICE) == [2, 3]
