"""The CMS behind a running engine, over HTTP."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import typer
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection

from neops.cli.cms_database import CmsDatabase
from neops.cli.cms_local import LocalCms, on_device, owner_query, platforms_found
from neops.cli.cms_port import Found, Kind
from neops.cli.engine_http import EngineForbids, EngineHttp, EngineUnreachable
from neops.cms import Delivered, Delivery, HistoryEntry, ImportSummary, Remembered, import_batch, metadata
from neops.engine.api.cms_exchange import HISTORY_MAX, BulkResult, Export, HistoryMessage, SourceMessage
from neops.engine.api.cms_messages import PAGE_MAX, DevicePage, GroupPage, InterfacePage
from neops.entities import REVEAL, Device, EntityBatch, LoadProgress, NewDevice, NewGroup, Platform

T = TypeVar("T")

_Page = DevicePage | GroupPage | InterfacePage
_PAGES: Final[Mapping[Kind, tuple[type[_Page], str]]] = {
    Kind.DEVICE: (DevicePage, "/cms/devices"),
    Kind.GROUP: (GroupPage, "/cms/groups"),
    Kind.INTERFACE: (InterfacePage, "/cms/interfaces"),
}
_ELSEWHERE: Final = "another inventory"


class RemoteCms:
    """What the engine does not answer as neops does is an EngineUnreachable."""

    def __init__(self, engine: EngineHttp) -> None:
        self._engine = engine

    def find(self, kind: Kind, *, query: str, sort: str, limit: int) -> Found:
        if kind is Kind.PLATFORM:
            return platforms_found(self._platforms(), query)
        items: list[Any] = []
        cursor: str | None = None
        while len(items) < limit:
            wanted = min(limit - len(items), PAGE_MAX)
            page, cursor = self._page(kind, query=query, sort=sort, limit=wanted, cursor=cursor)
            items += page
            if cursor is None:
                break
        return Found(items=items, more=cursor is not None)

    def get(self, kind: Kind, name: str, *, device: str | None) -> Sequence[Any]:
        if kind is Kind.PLATFORM:
            return [one for one in self._platforms() if one.short_name == name]
        found, _ = self._page(kind, name=name, query=owner_query(device), limit=PAGE_MAX)
        chosen = on_device(found, device)
        if kind is Kind.DEVICE:
            return [self._read(Device, self._engine.get(f"/cms/devices/{one.id}")) for one in chosen]
        return chosen

    def history(self, kind: Kind, name: str, limit: int) -> Sequence[HistoryEntry]:
        return self._history(kind=kind.value, name=name, limit=limit)

    def history_of_run(self, run: str) -> Sequence[HistoryEntry]:
        found = page = self._history(run=run)
        while len(page) == HISTORY_MAX:
            page = self._history(run=run, before=page[-1].id)
            found = [*found, *page]
        return found

    def export(self, query: str, *, credentials: bool, report: LoadProgress) -> EntityBatch:
        devices: list[NewDevice] = []
        groups: dict[str, NewGroup] = {}
        asked: dict[str, object] = {"query": query, "credentials": credentials, "cursor": None}
        while True:
            part = self._read(Export, self._engine.get("/cms/export", asked))
            devices += part.devices
            groups |= {group.name: group for group in part.groups}
            report("devices of the engine", len(devices), None)
            if part.next_cursor is None:
                return EntityBatch(devices=tuple(devices), groups=tuple(groups.values()))
            asked["cursor"] = part.next_cursor

    def cursor_of(self, source: str) -> str | None:
        return self._read(SourceMessage, self._engine.get("/cms/sources", {"name": source})).cursor

    def devices_from(self, origin: str) -> Remembered:
        known = self._read(SourceMessage, self._engine.get("/cms/sources", {"origin": origin}))
        return Remembered(devices=known.devices, shared=known.shared)

    def write(self, delivery: Delivery) -> Delivered:
        answer = self._engine.post("/cms/bulk", _bulk(delivery), {"changes": delivery.changes})
        done = self._read(BulkResult, answer)
        return Delivered(
            summary=ImportSummary(created=done.created, changed=done.changed, unchanged=done.unchanged),
            gone=tuple(done.gone),
            changes=tuple(one.entry() for one in done.changes),
        )

    def copy(self, origin: str | None, report: LoadProgress) -> LocalCms:
        """The engine's entities in memory here, so that a dry run costs the engine no more than reading."""
        blind = False
        try:
            batch = self.export("", credentials=True, report=report)
        except EngineForbids:
            blind, batch = True, self.export("", credentials=False, report=report)
            typer.echo(
                "Passwords and connection options are not compared: the engine shows them on its own machine only, "
                "at 127.0.0.1 or localhost.",
                err=True,
            )
        known = Remembered(devices=[], shared=[]) if origin is None else self.devices_from(origin)

        def fill(connection: Connection, now: datetime) -> None:
            metadata.create_all(connection)
            import_batch(connection, batch, now)
            for name, devices in ((origin, known.devices), (_ELSEWHERE, known.shared)):
                named = tuple(NewDevice(hostname=device) for device in devices)
                import_batch(connection, EntityBatch(devices=named, origin=name), now)

        memory = CmsDatabase(sqlite3.connect(":memory:", isolation_level=None))
        memory.write(fill)
        return LocalCms(memory, blind=blind)

    def close(self) -> None:
        """Nothing is held between calls."""

    def _page(self, kind: Kind, **asked: object) -> tuple[list[Any], str | None]:
        form, path = _PAGES[kind]
        page = self._read(form, self._engine.get(path, asked))
        return [*page.items], page.next_cursor

    def _platforms(self) -> list[Platform]:
        return self._read(list[Platform], self._engine.get("/cms/platforms"))

    def _history(self, **asked: object) -> list[HistoryEntry]:
        return [one.entry() for one in self._read(list[HistoryMessage], self._engine.get("/cms/history", asked))]

    def _read(self, form: type[T], answer: Any) -> T:
        try:
            return TypeAdapter(form).validate_python(answer)
        except ValidationError:
            raise EngineUnreachable(f"what answers at {self._engine.url} is no neops engine of this version") from None


def _bulk(delivery: Delivery) -> str:
    """Only fields that are set: others are left as the CMS has them."""
    batch = delivery.batch

    def written(one: NewDevice | NewGroup) -> Any:
        return one.model_dump(mode="json", by_alias=True, exclude_unset=True, context=REVEAL)

    return json.dumps(
        {
            "devices": [written(one) for one in batch.devices],
            "groups": [written(one) for one in batch.groups],
            "source": delivery.source,
            "origin": batch.origin,
            "gone": [*delivery.gone],
            "prune": delivery.prune,
            "cursor": batch.cursor,
        }
    )
