from __future__ import annotations

from sqlalchemy import Connection

from neops.cms import EntityStore
from neops.entities import EntityReference, EntityType


def test_a_device_comes_with_its_platform_and_groups(filled: Connection) -> None:
    related = EntityStore().related(filled, EntityType.DEVICE, [1])

    (device,) = related.devices
    assert (device.hostname, device.platform_name) == ("r1", "cisco_ios")
    assert [group.name for group in related.device_groups] == ["core"]
    assert device.groups == [EntityReference(id=related.device_groups[0].id, name="core")]


def test_a_group_comes_with_its_members(filled: Connection) -> None:
    store = EntityStore()
    (core,) = store.ids(filled, EntityType.GROUP, query="name:core")

    related = store.related(filled, EntityType.GROUP, [core])

    assert [device.hostname for device in related.devices] == ["r1", "r2"]


def test_secrets_come_apart_from_entities(filled: Connection) -> None:
    store = EntityStore()

    (device,) = store.devices(filled, [1])
    secrets = store.secrets(filled, [1, 2])

    assert device.password is None
    assert secrets[1].password == "hunter2"
    assert secrets[2].password is None
