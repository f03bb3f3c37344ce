"""Versions of devices' configurations: each one that was the current configuration is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from neops.cms import tables
from neops.cms.history import Author
from neops.cms.rows import batches


@dataclass(frozen=True, kw_only=True)
class ConfigVersion:
    """One version; `configuration` is None in a list."""

    number: int
    at: datetime
    author: str
    run: str | None
    sha256: str
    configuration: str | None = None


def keep_versions(connection: Connection, configurations: Mapping[int, str], now: datetime, author: Author) -> None:
    """Keep new current configurations, by device; each device's versions are numbered from 1."""
    last = _last_numbers(connection, sorted(configurations))
    versions = [
        {
            "device_id": device,
            "number": last.get(device, 0) + 1,
            "at": now,
            "author": author.name,
            "run_id": author.run,
            "sha256": hashlib.sha256(configuration.encode()).hexdigest(),
            "configuration": configuration,
        }
        for device, configuration in configurations.items()
    ]
    if versions:
        connection.execute(insert(tables.config_versions), versions)


def config_versions(connection: Connection, device: int) -> Sequence[ConfigVersion]:
    """A device's versions, newest first, without their text."""
    table = tables.config_versions
    columns = (table.c.number, table.c.at, table.c.author, table.c.run_id.label("run"), table.c.sha256)
    wanted = select(*columns).where(table.c.device_id == device).order_by(table.c.number.desc())
    return [ConfigVersion(**row._mapping) for row in connection.execute(wanted)]


def config_version(connection: Connection, device: int, number: int) -> ConfigVersion | None:
    """One version with its text."""
    table = tables.config_versions
    wanted = select(table).where(table.c.device_id == device, table.c.number == number)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    return ConfigVersion(
        number=row.number,
        at=row.at,
        author=row.author,
        run=row.run_id,
        sha256=row.sha256,
        configuration=row.configuration,
    )


def _last_numbers(connection: Connection, devices: Sequence[int]) -> dict[int, int]:
    table = tables.config_versions
    numbers = select(table.c.device_id, func.max(table.c.number)).group_by(table.c.device_id)
    rows = (
        row for batch in batches(devices) for row in connection.execute(numbers.where(table.c.device_id.in_(batch)))
    )
    return {device: number for device, number in rows}  # noqa: C416 - rows are no pairs to mypy
