from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Connection, func, select

from neops.cms import compile_query, import_batch, page, planning, tables
from neops.cms.planning import Stretch
from neops.entities import EntityBatch, EntityType, NewDevice

SITES = 20


@pytest.fixture
def fleet(connection: Connection, now: datetime) -> Connection:
    """200 devices, all active, ten at each of 20 sites."""
    devices = tuple(
        NewDevice(
            hostname=f"r{number}", groups=[f"site{number % SITES}"], facts={"site": number % SITES, "status": "active"}
        )
        for number in range(200)
    )
    import_batch(connection, EntityBatch(devices=devices), now)
    return connection


def plan(connection: Connection, query: str, stretch: Stretch | None = None) -> list[str]:
    wanted = select(tables.devices.c.id).where(compile_query(EntityType.DEVICE, query, connection, stretch))
    sql = str(wanted.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
    return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]


@pytest.mark.parametrize(
    "query",
    [
        "facts.status:active AND facts.site:7",
        "hostname:r* AND facts.site:7 AND NOT facts.status:planned",
        "groups.name:site7 AND hostname:r*",
        "+facts.status:active -hostname:r1* +facts.site:7",
        "facts.site:7 AND NOT hostname:r*",
    ],
)
def test_what_is_rare_is_listed_and_what_is_common_only_asked_about(fleet: Connection, query: str) -> None:
    steps = plan(fleet, query)

    assert not any(step.startswith("SCAN") for step in steps)
    listed = [steps[at + 1] for at, step in enumerate(steps) if step.startswith("LIST SUBQUERY")]
    assert not any("text>?" in step for step in listed), "all host names are listed"
    assert any(step.startswith("CORRELATED") or " EXISTS " in step for step in steps)  # SQLite 3.53 joins them


def test_nothing_is_listed_where_everything_is_common(fleet: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "COUNTS", (5, 100))

    steps = plan(fleet, "hostname:r* AND facts.status:active AND NOT facts.site:7")

    assert not any(step.startswith("LIST SUBQUERY") for step in steps)


@pytest.mark.parametrize(("enough", "listed"), [(19, False), (20, True)])
def test_nothing_is_listed_where_enough_for_a_page_is_near(
    fleet: Connection, monkeypatch: pytest.MonkeyPatch, enough: int, listed: bool
) -> None:
    monkeypatch.setattr(planning, "COUNTS", (5, 1000))
    first = select(tables.devices.c.id).order_by(tables.devices.c.id).limit(20)
    stretch = Stretch(ids=first, enough=enough)

    steps = plan(fleet, "hostname:r* AND facts.status:active AND NOT facts.site:7", stretch)

    assert any(step.startswith("LIST SUBQUERY") for step in steps) is listed


@pytest.mark.parametrize("sort", ["id", "id:desc", "hostname"])
@pytest.mark.parametrize("query", ["hostname:r1* AND facts.status:active", "facts.status:active AND NOT facts.site:7"])
def test_pages_are_the_whole_list_wherever_they_were_looked_for(
    fleet: Connection, monkeypatch: pytest.MonkeyPatch, query: str, sort: str
) -> None:
    whole = page(fleet, EntityType.DEVICE, query=query, sort=sort, limit=1000).ids
    monkeypatch.setattr(planning, "COUNTS", (5, 100))

    seen: list[int] = []
    cursor: str | None = None
    while not seen or cursor is not None:
        part = page(fleet, EntityType.DEVICE, query=query, sort=sort, limit=3, cursor=cursor)
        seen, cursor = [*seen, *part.ids], part.cursor

    assert seen == whole
    assert len(seen) > 100


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("facts.status:active AND facts.site:7", 10),
        ("hostname:r* AND facts.site:7 AND NOT facts.status:active", 0),
        ("hostname:r* AND NOT facts.site:7", 190),
        ("groups.name:site7 AND NOT hostname:r7 AND _exists_:facts.site", 9),
        ("facts.site:7 AND NOT (facts.status:planned AND hostname:r*)", 10),
    ],
)
def test_it_finds_the_same_in_whatever_order(fleet: Connection, query: str, expected: int) -> None:
    def count(connection: Connection | None) -> int:
        wanted = select(func.count()).where(compile_query(EntityType.DEVICE, query, connection))
        return fleet.execute(wanted.select_from(tables.devices)).scalar_one()

    assert count(fleet) == count(None) == expected
