from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, create_engine, event

from neops.cms import import_batch, metadata
from neops.entities import EntityBatch, NewDevice, NewGroup, Secret

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=ON"))
    with engine.begin() as opened:
        metadata.create_all(opened)
        yield opened
    engine.dispose()


@pytest.fixture
def network() -> EntityBatch:
    """Three devices: r1 (ios, core, zrh), r2 (eos, core), sw1 (ios, access)."""
    return EntityBatch(
        groups=(NewGroup(name="core", facts={"tier": 1}),),
        devices=(
            NewDevice(
                hostname="r1",
                ip="192.0.2.1",
                username="admin",
                password=Secret("hunter2"),
                platform="cisco_ios",
                groups=["core"],
                facts={"role": "core", "site": {"name": "Zürich"}, "tags": ["a", "b"], "asn": 65001, "ha": True},
            ),
            NewDevice(
                hostname="r2",
                ip="192.0.2.2",
                platform="arista_eos",
                groups=["core"],
                facts={"role": "core", "asn": 65002},
            ),
            NewDevice(
                hostname="sw1", ip="192.0.2.3", platform="cisco_ios", groups=["access"], facts={"role": "access"}
            ),
        ),
    )


@pytest.fixture
def filled(connection: Connection, network: EntityBatch) -> Connection:
    import_batch(connection, network, NOW)
    return connection


@pytest.fixture
def statements(connection: Connection) -> Callable[[Callable[[], object]], list[str]]:
    """The beginnings of the SQL statements that some work takes."""

    def of(work: Callable[[], object]) -> list[str]:
        seen: list[str] = []

        def note(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
            seen.append(statement.partition("(")[0])

        event.listen(connection, "before_cursor_execute", note)
        work()
        event.remove(connection, "before_cursor_execute", note)
        return seen

    return of


@pytest.fixture
def now() -> datetime:
    return NOW
