from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, select

from neops.cms import EntityStore, compile_query, import_batch, tables
from neops.entities import EntityBatch, EntityType, NewDevice
from neops.errors import QueryInvalid


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "r1 r2 sw1"),
        ("*", "r1 r2 sw1"),
        ("hostname:r1", "r1"),
        ("hostname:R1", "r1"),
        ("hostname:r*", "r1 r2"),
        ("hostname:?w1", "sw1"),
        ("hostname:r1* AND facts.role:core AND NOT platform.short_name:arista_eos", "r1"),
        ("platform.short_name:cisco_ios", "r1 sw1"),
        ("groups.name:core", "r1 r2"),
        ("core", "r1 r2"),
        ("r1 sw1", "r1 sw1"),
        ("+facts.role:core -hostname:r1", "r2"),
        ("facts.role: core", "r1 r2"),
        ('facts.site.name:"zürich"', "r1"),
        ("facts.tags:b", "r1"),
        ("facts.asn:65002", "r2"),
        ("facts.asn:[65001 TO 65002}", "r1"),
        ("facts.asn:>65001", "r2"),
        ("facts.ha:true", "r1"),
        ("_exists_:facts.asn", "r1 r2"),
        ("NOT _exists_:facts.asn", "sw1"),
        ("hostname:(r1 OR sw1) AND platform.short_name:cisco*", "r1 sw1"),
        ("ip:192.0.2.3", "sw1"),
        ("id:1", "r1"),
        ("facts.role:c_re", ""),
        ("hostname:r%", ""),
        ("facts.site.name:ZÜR*", "r1"),
        ("_exists_:facts.site", "r1"),
        ("_exists_:hostname", "r1 r2 sw1"),
        ("platform.short_name:CISCO*", "r1 sw1"),
        ("facts.tier:1", "r1 r2"),
        ("updated_at:[2026-01-02 TO *]", "r1 r2 sw1"),
        ("created_at:<2026-01-02T03:04:05", ""),
    ],
)
def test_a_query_finds_what_it_says(filled: Connection, query: str, expected: str) -> None:
    store = EntityStore()

    found = store.devices(filled, store.ids(filled, EntityType.DEVICE, query=query))

    assert " ".join(device.name for device in found) == expected


@pytest.mark.parametrize(
    ("query", "position", "problem"),
    [
        ("hostname:r1 AND hostnam:r2", 16, "did you mean 'hostname'"),
        ("facts.role:core)", 15, "unexpected"),
        ("hostname:r1 AND", None, "unexpected end"),
        ("hostname:/r[0-9]/", 9, "regex terms are not supported"),
        ("created_at:[yesterday TO *]", 12, "no time of ISO 8601"),
        ("updated_at:2026", 11, "takes a range"),
    ],
)
def test_a_mistake_says_where_it_is(filled: Connection, query: str, position: int | None, problem: str) -> None:
    with pytest.raises(QueryInvalid) as caught:
        EntityStore().ids(filled, EntityType.DEVICE, query=query)

    assert caught.value.position == position
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "query", ["NOT platform.short_name:cisco_ios", "NOT platform.id:1", "-platform.vendor:* +hostname:new"]
)
def test_a_device_without_a_platform_has_none_of_those_named(filled: Connection, query: str) -> None:
    import_batch(filled, EntityBatch(devices=(NewDevice(hostname="new"),)), datetime(2026, 1, 3, tzinfo=UTC))

    found = EntityStore().devices(filled, EntityStore().ids(filled, EntityType.DEVICE, query=query))

    assert "new" in [device.name for device in found]


def test_ids_and_query_narrow_each_other(filled: Connection) -> None:
    found = EntityStore().ids(filled, EntityType.DEVICE, query="platform.short_name:cisco_ios", ids=[2, 3, 99])

    assert found == [3]


@pytest.mark.parametrize("query", ["hostname:r1*", "facts.role:core", "groups.name:core", "platform.short_name:ios"])
def test_a_query_reads_an_index_and_never_all_devices(filled: Connection, query: str) -> None:
    wanted = select(tables.devices.c.id).where(compile_query(EntityType.DEVICE, query))
    sql = str(wanted.compile(dialect=filled.dialect, compile_kwargs={"literal_binds": True}))

    plan = [row[3] for row in filled.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]

    assert [step for step in plan if step.startswith("SCAN cms_devices")] == []
    assert any(step.startswith("SEARCH cms_devices") for step in plan)
