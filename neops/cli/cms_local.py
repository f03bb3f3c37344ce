"""The CMS in a database file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Connection

from neops.cli.cms_database import CmsDatabase
from neops.cli.cms_port import Found, Kind
from neops.cms import (
    Delivered,
    Delivery,
    HistoryEntry,
    Remembered,
    cursor_of,
    devices_from,
    export_batch,
    history_of,
    history_of_run,
    list_platforms,
    page,
    read_entities,
    take,
)
from neops.entities import EntityBatch, EntityType, LoadProgress, NewDevice, NewGroup
from neops.errors import UsageError

E = TypeVar("E", NewDevice, NewGroup)

SAME_NAME_MAX = 1000
"""Interfaces of one name that are told apart."""


class LocalCms:
    """`blind`: what is written has no credentials, for a CMS that shows none to compare them with."""

    def __init__(self, database: CmsDatabase, *, blind: bool = False) -> None:
        self._database, self._blind = database, blind

    def find(self, kind: Kind, *, query: str, sort: str, limit: int) -> Found:
        if kind is Kind.PLATFORM:
            return platforms_found(self._database.read(list_platforms), query)
        entity = EntityType(kind.value)

        def look(connection: Connection) -> Found:
            found = page(connection, entity, query=query, sort=sort, limit=limit)
            return Found(items=read_entities(connection, entity, found.ids), more=found.cursor is not None)

        return self._database.read(look)

    def get(self, kind: Kind, name: str, *, device: str | None) -> Sequence[Any]:
        if kind is Kind.PLATFORM:
            return [one for one in self._database.read(list_platforms) if one.short_name == name]
        entity = EntityType(kind.value)

        def look(connection: Connection) -> Sequence[Any]:
            found = page(connection, entity, name=name, query=owner_query(device), limit=SAME_NAME_MAX)
            return on_device(read_entities(connection, entity, found.ids, configurations=True), device)

        return self._database.read(look)

    def history(self, kind: Kind, name: str, limit: int) -> Sequence[HistoryEntry]:
        return self._database.read(lambda connection: history_of(connection, kind.value, name=name, limit=limit))

    def history_of_run(self, run: str) -> Sequence[HistoryEntry]:
        return self._database.read(lambda connection: history_of_run(connection, run))

    def export(self, query: str, *, credentials: bool, report: LoadProgress) -> EntityBatch:
        batch = self._database.read(lambda connection: export_batch(connection, query, report))
        return batch if credentials else without_credentials(batch)

    def cursor_of(self, source: str) -> str | None:
        return self._database.read(lambda connection: cursor_of(connection, source))

    def devices_from(self, origin: str) -> Remembered:
        return self._database.read(lambda connection: devices_from(connection, origin))

    def write(self, delivery: Delivery) -> Delivered:
        seen = replace(delivery, batch=without_credentials(delivery.batch)) if self._blind else delivery
        return self._database.write(lambda connection, now: take(connection, seen, now))

    def copy(self, origin: str | None, report: LoadProgress) -> LocalCms:  # noqa: ARG002 - it is quick, and has all
        return LocalCms(self._database.copy())

    def close(self) -> None:
        self._database.close()


def platforms_found(platforms: Sequence[Any], query: str) -> Found:
    """All of them: there is no query for platforms.

    Raises:
        UsageError: there is one.
    """
    if query:
        raise UsageError("platforms are few and have no queries: leave it out")
    return Found(items=platforms, more=False)


def owner_query(device: str | None) -> str:
    """What finds the interfaces of a device, and of those whose names differ in case only."""
    return "" if device is None or '"' in device else f'device.hostname:"{device}"'


def on_device(entities: Sequence[Any], device: str | None) -> Sequence[Any]:
    """Those interfaces that are on the device."""
    return entities if device is None else [one for one in entities if one.device and one.device.hostname == device]


def without_credentials(batch: EntityBatch) -> EntityBatch:
    """The same with passwords and connection options not set: what is there already is left alone."""
    devices: tuple[NewDevice, ...] = tuple(map(_without_credentials, batch.devices))
    groups: tuple[NewGroup, ...] = tuple(map(_without_credentials, batch.groups))
    return replace(batch, devices=devices, groups=groups)


def _without_credentials(entity: E) -> E:
    shown = entity.model_fields_set - {"password", "connection_options"}
    return entity.model_construct(_fields_set=shown, **{name: getattr(entity, name) for name in shown})
