"""The CMS as a whole over HTTP: inventories in and out, where devices came from, and what a run changed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from neops.cms import (
    HistoryEntry,
    Remembered,
    cursor_of,
    devices_from,
    export_page,
    history_of,
    history_of_run,
    take,
)
from neops.engine.api.answers import answer, answer_all
from neops.engine.api.cms_access import check_may_see_credentials, found, written
from neops.engine.api.cms_exchange import (
    HISTORY_MAX,
    Bulk,
    BulkResult,
    Export,
    Exporting,
    HistoryKind,
    HistoryMessage,
    SourceMessage,
)
from neops.engine.api.services import Parts
from neops.errors import UsageError

router = APIRouter(prefix="/cms", tags=["cms"])


@router.post("/bulk", response_model=BulkResult)
async def bulk(
    wanted: Bulk, parts: Parts, changes: Annotated[bool, Query(description="Answer each change as well.")] = False
) -> Response:
    """Create and change many at once. Fields that an entity does not have in the body stay as they are."""
    delivery = wanted.delivery(changes=changes)
    return answer(BulkResult.of(await written(parts, lambda connection, now: take(connection, delivery, now))))


@router.get("/sources", response_model=SourceMessage)
async def source(
    parts: Parts,
    name: Annotated[str | None, Query(description="A source as it was named: how far it was read.")] = None,
    origin: Annotated[str | None, Query(description="An inventory: the devices that it has, or had.")] = None,
) -> Response:
    """What the CMS remembers of an inventory."""

    def read(connection: Connection) -> SourceMessage:
        known = Remembered(devices=[], shared=[]) if origin is None else devices_from(connection, origin)
        cursor = None if name is None else cursor_of(connection, name)
        return SourceMessage(cursor=cursor, devices=known.devices, shared=known.shared)

    return answer(await found(parts, read))


@router.get("/export", response_model=Export)
async def export(request: Request, parts: Parts, wanted: Annotated[Exporting, Query()]) -> Response:
    """Devices and groups with their own values, a page at a time, as `POST /cms/bulk` takes them."""
    if wanted.credentials:
        check_may_see_credentials(request)

    def read(connection: Connection) -> Response:
        batch, cursor = export_page(connection, wanted.query, wanted.limit, wanted.cursor)
        return Export.answer(batch, cursor, credentials=wanted.credentials)

    return await found(parts, read)


@router.get("/history", response_model=list[HistoryMessage])
async def history(
    parts: Parts,
    run: Annotated[str | None, Query(description="Id of a run: all that it changed.")] = None,
    kind: Annotated[HistoryKind | None, Query(description="With `name`: all that happened to one entity.")] = None,
    name: Annotated[str | None, Query(description="The entity's name; its namesakes before it count.")] = None,
    limit: Annotated[int, Query(ge=1, le=HISTORY_MAX)] = HISTORY_MAX,
    before: Annotated[
        int | None,
        Query(ge=1, le=2**63 - 1, description="With `run`: what is older than the change of this `id`."),
    ] = None,
) -> Response:
    """What a run changed, or what changed an entity, newest first."""
    if (run is None) == (kind is None or name is None):
        raise UsageError("history: say run, or kind and name")

    def read(connection: Connection) -> list[HistoryEntry]:
        if run is not None:
            return history_of_run(connection, run, limit=limit, before=before)
        return history_of(connection, kind or "", name=name, limit=limit)

    return answer_all([HistoryMessage.of(entry) for entry in await found(parts, read)])
