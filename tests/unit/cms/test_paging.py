from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Connection

from neops.cms import import_batch, page, read_entities
from neops.entities import Device, EntityBatch, EntityType, NewDevice

RANKS = {"ten": 10, "none": None, "two": 2, "b": "b", "half": 0.5, "list": [7, 3], "a": "a", "yes": True, "ten too": 10}


@pytest.fixture
def ranked(connection: Connection, now: datetime) -> Connection:
    devices = tuple(NewDevice(hostname=name, facts={"rank": rank}) for name, rank in RANKS.items())
    import_batch(connection, EntityBatch(devices=(*devices, NewDevice(hostname="unranked"))), now)
    return connection


@pytest.mark.parametrize("limit", [1, 3, 100])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_a_list_is_sorted_by_a_fact(ranked: Connection, limit: int, direction: str) -> None:
    seen: list[str] = []
    cursor = None
    for _ in range(len(RANKS) + 2):
        found = page(ranked, EntityType.DEVICE, sort=f"facts.rank:{direction}", limit=limit, cursor=cursor)
        seen += [one.name for one in read_entities(ranked, EntityType.DEVICE, found.ids) if isinstance(one, Device)]
        cursor = found.cursor
        if cursor is None:
            break

    expected = ["none", "unranked", "a", "b", "yes", "half", "two", "list", "ten", "ten too"]
    assert seen == (expected if direction == "asc" else expected[::-1])
