from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from neops.cms import EntityStore, ImportSummary, import_batch
from neops.entities import EntityBatch, EntityType


def test_a_second_import_changes_nothing(filled: Connection, network: EntityBatch, now: datetime) -> None:
    assert import_batch(filled, network, now) == ImportSummary(unchanged=4)


def test_a_first_import_counts_devices_and_groups(connection: Connection, network: EntityBatch, now: datetime) -> None:
    assert import_batch(connection, network, now) == ImportSummary(created=5)


def test_a_changed_device_is_updated_and_the_others_are_left(
    filled: Connection, network: EntityBatch, now: datetime
) -> None:
    r1, *others = network.devices
    moved = r1.model_copy(update={"ip": "192.0.2.9", "groups": ["access"]})

    summary = import_batch(filled, replace(network, devices=(moved, *others)), now)

    (device,) = EntityStore().devices(filled, [1])
    assert summary == ImportSummary(changed=1, unchanged=3)
    assert device.ip == "192.0.2.9"
    assert EntityStore().ids(filled, EntityType.DEVICE, query="groups.name:access") == [1, 3]
