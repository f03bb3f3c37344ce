"""Versions of devices' configurations: each one that was the current configuration is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from neops.cms import tables
from neops.cms.history import Author


@dataclass(frozen=True, kw_only=True)
class ConfigVersion:
    """One version; `configuration` is None in a list."""

    number: int
    at: datetime
    author: str
    run: str | None
    sha256: str
    configuration: str | None = None


def keep_version(connection: Connection, device: int, configuration: str, now: datetime, author: Author) -> int:
    """Keep a device's new current configuration; answers its number, from 1."""
    table = tables.config_versions
    last = connection.scalar(select(func.max(table.c.number)).where(table.c.device_id == device)) or 0
    connection.execute(
        insert(table).values(
            device_id=device,
            number=last + 1,
            at=now,
            author=author.name,
            run_id=author.run,
            sha256=hashlib.sha256(configuration.encode()).hexdigest(),
            configuration=configuration,
        )
    )
    return last + 1


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
