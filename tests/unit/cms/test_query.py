from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, select

from neops.cms import Author, EntityStore, compile_query, create_entity, import_batch, tables
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
        ("created_at:2026-01-02", "r1 r2 sw1"),
        ("created_at:[2026-01-02 TO 2026-01-02]", "r1 r2 sw1"),
        ("created_at:>2026-01-02", ""),
        ("created_at:[2026-01-01 TO 2026-01-02}", ""),
        ("created_at:(>2026-01-01 AND <=2026-01-02T03:04:05Z)", "r1 r2 sw1"),
        ("updated_at:[* TO 9999-12-31]", "r1 r2 sw1"),
        ("updated_at:<now-1d", "r1 r2 sw1"),
        ("updated_at:[now-1h TO *] OR created_at:>=now/d", ""),
        ("updated_at:now/M", ""),
        ("hostname:r* && facts.asn:65001", "r1"),
        ("hostname:r1 || hostname:sw1", "r1 sw1"),
        ("!hostname:r1 && ! (facts.role:access)", "r2"),
        ("facts.role:core NOT hostname:r1", "r2"),
        ("*:*", "r1 r2 sw1"),
        ("*:* AND -hostname:r1", "r2 sw1"),
        ("hostname:(r1 OR sw1 OR nowhere)", "r1 sw1"),
        ("ip:192.0.2.0/24", "r1 r2 sw1"),
        ("ip:192.0.2.0/31", "r1"),
        ("ip:192.0.2.2/31", "r2 sw1"),
        ("ip:192.0.0.0/13 AND NOT ip:192.0.2.2/32", "r1 sw1"),
        ("ip:(192.0.2.1/32 OR 192.0.2.3 OR 10.0.0.0/8)", "r1 sw1"),
        ("ip:0.0.0.0/0", "r1 r2 sw1"),
        ("ip:19.0.0.0/8", ""),
        ("ip:192.0.3.0/24", ""),
        ("r1 OR hostname:sw1 OR nowhere", "r1 sw1"),
        ("facts.asn:(65001 OR 65002.0 OR x)", "r1 r2"),
    ],
)
def test_a_query_finds_what_it_says(filled: Connection, query: str, expected: str) -> None:
    store = EntityStore()

    found = store.devices(filled, store.ids(filled, EntityType.DEVICE, query=query))

    assert " ".join(device.name for device in found) == expected


@pytest.fixture
def odd(connection: Connection) -> Connection:
    facts = {
        "odd key:1": 'say "hi"',
        "path": "c:\\windows",
        "offset": -5,
        "big": 9007199254740993,
        "release": "15.10",
    }
    one = NewDevice(hostname="x1", serial="1500A", facts=facts)
    import_batch(connection, EntityBatch(devices=(one,)), datetime(2026, 1, 3, tzinfo=UTC))
    return connection


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (r'facts.odd\ key\:1:"say \"hi\""', True),
        (r"_exists_:facts.odd\ key\:1", True),
        (r"facts.odd\ key\:1:say\ \"*", True),
        (r"facts.path:c\:\\*", True),
        (r"facts.path:c\:\\\*", False),
        (r"facts.offset:\-5", True),
        ("facts.offset:[-9 TO 0]", True),
        (r"facts.offset:>\-6", True),
        ("facts.big:9007199254740993", True),
        ("facts.big:9007199254740992", False),
        ("facts.release:[15.1 TO 15.3]", False),
        ('facts.release:["15.1" TO "15.3"]', True),
        ("serial:[100 TO 200]", True),
    ],
)
def test_odd_names_and_values_are_found_where_they_are_escaped_or_quoted(
    odd: Connection, query: str, found: bool
) -> None:
    assert (EntityStore().ids(odd, EntityType.DEVICE, query=query) == [1]) is found


@pytest.mark.parametrize(
    ("query", "position", "problem"),
    [
        ("hostname:r1 AND hostnam:r2", 16, "did you mean 'hostname'"),
        ("facts.role:core)", 15, "unexpected"),
        ("hostname:r1 AND", None, "unexpected end"),
        ("hostname:/r[0-9]/", 9, "regular expressions are not supported"),
        ("created_at:[yesterday TO *]", 12, "no time, such as"),
        ("updated_at:2026*", 11, "no time, such as"),
        ('updated_at:["0001-01-01T00:00+14:00" TO *]', 12, "no time, such as"),
        ("hostname:r1~", 9, "fuzzy terms are not supported"),
        ('"a b"~2', 0, "proximity searches are not supported"),
        ("ip:2001:db8::1", 12, "unexpected ':': a value with it goes in quotes"),
        ('hostname:"r1', 9, "the quote is not closed"),
        ("hostname:r1 and facts.role:core", 12, 'write AND, or "and"'),
        ("not hostname:r1", 0, 'write NOT, or "not"'),
        ("hostname:(r1 or sw1)", 13, 'write OR, or "or"'),
        ("facts.offset:-5", 13, "begins with + or - goes in quotes"),
        ("facts.ro*:core", 0, "wildcards are for values"),
        ("_exists_:(ip OR serial)", 9, "takes the name of one field"),
        ("_exists_:sereal", 9, "did you mean 'serial'"),
        ("platform:cisco_ios", 0, "did you mean 'platform.short_name'"),
        ("name:r1", 0, "did you mean 'username' or 'hostname'"),
        ("role:core", 0, "a fact is facts.role"),
        ("ip:192.0.2.0/33", 3, "no IPv4 network"),
        ('ip:"2001:db8::/32"', 3, "no IPv4 network"),
        ("(" * 40 + "r1" + ")" * 40, 30, "nested more than 30 deep"),
        (" OR ".join(f"hostname:r{n}*" for n in range(301)), None, "more than 300 conditions"),
        (" AND ".join(["updated_at:>2026-01-01"] * 301), None, "more than 300 conditions"),
    ],
)
def test_a_mistake_says_where_it_is(filled: Connection, query: str, position: int | None, problem: str) -> None:
    with pytest.raises(QueryInvalid) as caught:
        EntityStore().ids(filled, EntityType.DEVICE, query=query)

    assert caught.value.position == position
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "query",
    [
        f"hostname:({' '.join(f'h{n}' for n in range(5000))} r1)",
        " OR ".join(f"h{n}" for n in range(5000)) + " OR r1",
        " OR ".join(f"hostname:h{n}*" for n in range(299)) + " OR r1*",
        "+r1* " + " ".join(f"-h{n}*" for n in range(299)),
        "(hostname:r1 AND (facts.role:core OR " * 7 + "r1" + "))" * 7,
        "NOT " * 28 + "r1",
    ],
    ids=["values of a field", "values", "any of many", "none of many", "nested", "not not"],
)
def test_a_long_query_is_answered(filled: Connection, query: str) -> None:
    assert EntityStore().ids(filled, EntityType.DEVICE, query=query) == [1]


def test_threads_that_ask_at_once_read_their_own_queries() -> None:
    def sql(number: int) -> str:
        query = f"hostname:r{number} AND NOT (facts.site:s{number} OR facts.asn:[1 TO {number}])"
        return str(compile_query(EntityType.DEVICE, query).compile(compile_kwargs={"literal_binds": True}))

    numbers = [*range(8)] * 4
    expected = [sql(number) for number in numbers]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(sql, numbers))
    finally:
        sys.setswitchinterval(before)

    assert found == expected


@pytest.mark.parametrize(
    "query", ["NOT platform.short_name:cisco_ios", "NOT platform.id:1", "-platform.vendor:* +hostname:new"]
)
def test_a_device_without_a_platform_has_none_of_those_named(filled: Connection, query: str) -> None:
    import_batch(filled, EntityBatch(devices=(NewDevice(hostname="new"),)), datetime(2026, 1, 3, tzinfo=UTC))

    found = EntityStore().devices(filled, EntityStore().ids(filled, EntityType.DEVICE, query=query))

    assert "new" in [device.name for device in found]


@pytest.mark.parametrize("query", ["*", "*:*", " ", "NOT hostname:x AND *"])
def test_everything_is_also_a_device_of_which_nothing_is_known(connection: Connection, query: str) -> None:
    now = datetime(2026, 1, 3, tzinfo=UTC)
    create_entity(connection, EntityType.DEVICE, {}, now, Author(name="api"))

    assert EntityStore().ids(connection, EntityType.DEVICE, query=query) == [1]


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
