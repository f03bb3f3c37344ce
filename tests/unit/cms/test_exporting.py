from __future__ import annotations

import pytest
from sqlalchemy import Connection

from neops.cms import export_batch, rows
from neops.entities import EntityBatch


def test_an_export_tells_how_far_it_has_come(
    filled: Connection, network: EntityBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "BATCH", 2)
    told: list[tuple[str, int, int | None]] = []

    batch = export_batch(filled, progress=lambda *numbers: told.append(numbers))

    assert told == [("devices", 2, 3), ("devices", 3, 3)]
    assert [device.hostname for device in batch.devices] == [device.hostname for device in network.devices]
