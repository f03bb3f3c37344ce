from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from neops.cms import Delivery, EntityStore, ImportSummary, count, import_batch, take
from neops.entities import EntityBatch, EntityType, NewDevice


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


def test_what_a_part_costs_does_not_grow_with_its_inventory(connection: Connection, now: datetime) -> None:
    def delivery(*numbers: int) -> Delivery:
        devices = tuple(NewDevice(hostname=f"r{number}", groups=["core"]) for number in numbers)
        return Delivery(batch=EntityBatch(devices=devices, origin="csv:/a.csv"), source="csv:/a.csv")

    take(connection, delivery(*range(100)), now)
    of_few = _steps(connection, lambda: take(connection, delivery(*range(10)), now))
    take(connection, delivery(*range(100, 3000)), now)
    of_many = _steps(connection, lambda: take(connection, delivery(*range(10)), now))

    assert of_many < 1.2 * of_few


def test_devices_that_are_gone_are_deleted_together(
    connection: Connection, now: datetime, statements: Callable[[Callable[[], object]], list[str]]
) -> None:
    def gone(*numbers: int) -> Delivery:
        names = [f"r{number}" for number in numbers]
        return Delivery(batch=EntityBatch(origin="csv:/a.csv"), gone=names, prune=True)

    devices = tuple(NewDevice(hostname=f"r{number}") for number in range(100))
    take(connection, Delivery(batch=EntityBatch(devices=devices, origin="csv:/a.csv")), now)
    of_few = statements(lambda: take(connection, gone(1, 2), now))
    of_many = statements(lambda: take(connection, gone(*range(100)), now))

    assert of_many == of_few
    assert count(connection, EntityType.DEVICE) == 0


def _steps(connection: Connection, work: Callable[[], object]) -> int:
    """Instructions of SQLite's virtual machine that the work takes."""
    raw, steps = connection.connection.driver_connection, 0

    def count() -> None:
        nonlocal steps
        steps += 1

    assert raw is not None
    raw.set_progress_handler(count, 1)
    work()
    raw.set_progress_handler(None, 1)
    return steps
