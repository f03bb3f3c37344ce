"""The CMS over HTTP: devices, groups, interfaces and platforms, their history, and whole inventories at once."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from neops.cms import (
    Author,
    EntityStore,
    Refusal,
    change_entity,
    config_version,
    config_versions,
    create_entity,
    delete_entity,
    history_of,
    history_of_run,
    import_batch,
    page,
)
from neops.cms.paging import count
from neops.engine.api.answers import answer, answer_all, empty, not_found
from neops.engine.api.cms_messages import (
    Bulk,
    BulkResult,
    ConfigVersionMessage,
    DeviceFields,
    DevicePage,
    GroupFields,
    GroupPage,
    HistoryMessage,
    InterfaceFields,
    InterfacePage,
    plain,
)
from neops.engine.api.services import Parts, Services
from neops.entities import REVEAL, Device, DeviceGroup, EntityBatch, EntityType, Interface
from neops.protocol import JsonObject

T = TypeVar("T")

router = APIRouter(prefix="/cms", tags=["cms"])
API = Author(name="api")
PAGE_MAX = 1000

_KINDS = {"devices": EntityType.DEVICE, "groups": EntityType.GROUP, "interfaces": EntityType.INTERFACE}

QueryText = Annotated[str, Query(description="Elasticsearch query string, such as `hostname:r1* AND facts.role:core`.")]
Sort = Annotated[str, Query(description="Field to sort by, `hostname` or `hostname:desc`.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]
Cursor = Annotated[str | None, Query(description="`nextCursor` of the page before, with the same query and sort.")]
Total = Annotated[bool, Query(description="Count all that match.")]
Credentials = Annotated[bool, Query(description="Write passwords and connection options out; see the CMS's page.")]


@router.get("/devices", response_model=DevicePage)
async def devices(
    request: Request,
    parts: Parts,
    query: QueryText = "",
    sort: Sort = "id",
    limit: Limit = 100,
    cursor: Cursor = None,
    total: Total = False,
    credentials: Credentials = False,
) -> Response:
    """Devices, a page at a time."""
    if credentials:
        _check_may_see_credentials(request)
    return await _page(
        parts, EntityType.DEVICE, query=query, sort=sort, limit=limit, cursor=cursor, total=total, reveal=credentials
    )


@router.get("/groups", response_model=GroupPage)
async def groups(
    parts: Parts,
    query: QueryText = "",
    sort: Sort = "id",
    limit: Limit = 100,
    cursor: Cursor = None,
    total: Total = False,
) -> Response:
    """Groups, a page at a time. The one named `*` is what every device inherits."""
    return await _page(parts, EntityType.GROUP, query=query, sort=sort, limit=limit, cursor=cursor, total=total)


@router.get("/interfaces", response_model=InterfacePage)
async def interfaces(
    parts: Parts,
    query: QueryText = "",
    sort: Sort = "id",
    limit: Limit = 100,
    cursor: Cursor = None,
    total: Total = False,
) -> Response:
    """Interfaces, a page at a time."""
    return await _page(parts, EntityType.INTERFACE, query=query, sort=sort, limit=limit, cursor=cursor, total=total)


@router.post("/bulk", response_model=BulkResult)
async def bulk(wanted: Bulk, parts: Parts) -> Response:
    """Create and change many at once. Fields that an entity does not have in the body stay as they are."""
    batch = EntityBatch(devices=tuple(wanted.devices), groups=tuple(wanted.groups))
    return answer(
        BulkResult.of(await parts.store.write(lambda connection, now: import_batch(connection, batch, now, API)))
    )


@router.get("/history", response_model=list[HistoryMessage])
async def history(parts: Parts, run: Annotated[str, Query(description="Id of a run.")]) -> Response:
    """Everything that a run changed, newest first."""
    entries = await parts.store.read(lambda connection: history_of_run(connection, run))
    return answer_all([HistoryMessage.of(entry) for entry in entries])


@router.get("/devices/{id}/configurations", response_model=list[ConfigVersionMessage])
async def configurations(id: int, parts: Parts) -> Response:  # noqa: A002 - the path says so
    """The configurations that the device had, newest first, without their text."""
    versions = await parts.store.read(lambda connection: config_versions(connection, id))
    return answer_all([ConfigVersionMessage.of(version) for version in versions])


@router.get("/devices/{id}/configurations/{number}", response_model=ConfigVersionMessage)
async def configuration(id: int, number: int, parts: Parts) -> Response:  # noqa: A002
    """One configuration with its text."""
    version = await parts.store.read(lambda connection: config_version(connection, id, number))
    if version is None:
        raise not_found(f"device {id} has no configuration {number}")
    return answer(ConfigVersionMessage.of(version))


@router.get("/devices/{id}", response_model=Device)
async def device(id: int, parts: Parts) -> Response:  # noqa: A002
    return await _one(parts, EntityType.DEVICE, id)


@router.post("/devices", status_code=HTTPStatus.CREATED, response_model=Device)
async def create_device(wanted: DeviceFields, parts: Parts) -> Response:
    return await _create(parts, EntityType.DEVICE, wanted.given())


@router.patch("/devices/{id}", response_model=Device)
async def change_device(id: int, wanted: DeviceFields, parts: Parts) -> Response:  # noqa: A002
    """Change the fields that are in the body. null takes a value of its own away: what groups give shows again."""
    return await _change(parts, EntityType.DEVICE, id, wanted.given())


@router.get("/groups/{id}", response_model=DeviceGroup)
async def group(id: int, parts: Parts) -> Response:  # noqa: A002
    return await _one(parts, EntityType.GROUP, id)


@router.post("/groups", status_code=HTTPStatus.CREATED, response_model=DeviceGroup)
async def create_group(wanted: GroupFields, parts: Parts) -> Response:
    return await _create(parts, EntityType.GROUP, wanted.given())


@router.patch("/groups/{id}", response_model=DeviceGroup)
async def change_group(id: int, wanted: GroupFields, parts: Parts) -> Response:  # noqa: A002
    """Change the fields that are in the body; members inherit anew."""
    return await _change(parts, EntityType.GROUP, id, wanted.given())


@router.get("/interfaces/{id}", response_model=Interface)
async def interface(id: int, parts: Parts) -> Response:  # noqa: A002
    return await _one(parts, EntityType.INTERFACE, id)


@router.post("/interfaces", status_code=HTTPStatus.CREATED, response_model=Interface)
async def create_interface(wanted: InterfaceFields, parts: Parts) -> Response:
    return await _create(parts, EntityType.INTERFACE, wanted.given())


@router.patch("/interfaces/{id}", response_model=Interface)
async def change_interface(id: int, wanted: InterfaceFields, parts: Parts) -> Response:  # noqa: A002
    """Change the fields that are in the body."""
    return await _change(parts, EntityType.INTERFACE, id, wanted.given())


@router.delete("/{kind}/{id}", status_code=HTTPStatus.NO_CONTENT)
async def delete(kind: str, id: int, parts: Parts) -> Response:  # noqa: A002
    """Delete a device (with its interfaces), a group or an interface."""
    entity = _kind(kind)
    await _written(parts, lambda connection, now: delete_entity(connection, entity, id, now, API))
    return empty(HTTPStatus.NO_CONTENT)


@router.get("/{kind}/{id}/history", response_model=list[HistoryMessage])
async def history_of_one(kind: str, id: int, parts: Parts) -> Response:  # noqa: A002
    """What changed an entity, newest first, also after it was deleted."""
    entity = _kind(kind)
    entries = await parts.store.read(lambda connection: history_of(connection, entity.value, id_=id))
    return answer_all([HistoryMessage.of(entry) for entry in entries])


async def _page(
    parts: Services,
    entity: EntityType,
    *,
    query: str,
    sort: str,
    limit: int,
    cursor: str | None,
    total: bool,
    reveal: bool = False,
) -> Response:
    def read(connection: Connection) -> JsonObject:
        found = page(connection, entity, query=query, sort=sort, limit=limit, cursor=cursor)
        items = _read(connection, entity, found.ids)
        known = {"total": count(connection, entity, query)} if total else {}
        shown = _with_credentials(connection, items) if reveal else [plain(one) for one in items]
        return {"items": [*shown], "nextCursor": found.cursor, **known}

    return JSONResponse(await parts.store.read(read), headers={"Cache-Control": "no-store"} if reveal else None)


async def _one(parts: Services, entity: EntityType, id_: int) -> Response:
    found = await parts.store.read(lambda connection: _read(connection, entity, [id_]))
    if not found:
        raise not_found(f"there is no {entity} {id_}")
    return JSONResponse(plain(found[0]))


async def _create(parts: Services, entity: EntityType, data: dict[str, Any]) -> Response:
    def create(connection: Connection, now: datetime) -> JsonObject:
        return plain(_read(connection, entity, [create_entity(connection, entity, data, now, API)])[0])

    return JSONResponse(await _written(parts, create), HTTPStatus.CREATED)


async def _change(parts: Services, entity: EntityType, id_: int, data: dict[str, Any]) -> Response:
    def change(connection: Connection, now: datetime) -> JsonObject:
        change_entity(connection, entity, id_, data, now, API)
        return plain(_read(connection, entity, [id_])[0])

    return JSONResponse(await _written(parts, change))


async def _written(parts: Services, change: Callable[[Connection, datetime], T]) -> T:
    try:
        return await parts.store.write(change)
    except Refusal as refusal:
        status = HTTPStatus.BAD_REQUEST
        if refusal.missing or refusal.conflict:
            status = HTTPStatus.NOT_FOUND if refusal.missing else HTTPStatus.CONFLICT
        raise HTTPException(status, str(refusal)) from refusal


def _read(
    connection: Connection, entity: EntityType, ids: Sequence[int]
) -> Sequence[Device] | Sequence[DeviceGroup] | Sequence[Interface]:
    """Entities in the order of their ids given; one alone comes with its configuration."""
    store = EntityStore()
    readers: dict[EntityType, Callable[..., Sequence[Any]]] = {
        EntityType.DEVICE: partial(store.devices, configurations=len(ids) == 1),
        EntityType.GROUP: store.device_groups,
        EntityType.INTERFACE: store.interfaces,
    }
    known = {one.id: one for one in readers[entity](connection, ids)}
    return [known[one] for one in ids if one in known]


def _with_credentials(connection: Connection, items: Sequence[Any]) -> list[JsonObject]:
    secrets = EntityStore().secrets(connection, [one.id for one in items])
    completed = [
        one.model_copy(
            update={
                "password": secrets[one.id].password,
                "connection_options": secrets[one.id].connection_options,
            }
        )
        for one in items
    ]
    return [one.model_dump(mode="json", by_alias=True, exclude_none=True, context=REVEAL) for one in completed]


def _check_may_see_credentials(request: Request) -> None:
    """Only a client on this machine, and not one behind a proxy, whose clients all look as if they were."""
    client = request.client.host if request.client else ""
    forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip"))
    if forwarded or not _is_loopback(client):
        raise HTTPException(HTTPStatus.FORBIDDEN, "credentials are shown to clients on the engine's own machine only")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _kind(name: str) -> EntityType:
    if name not in _KINDS:
        raise not_found(f"the CMS has {', '.join(_KINDS)}, no {name}")
    return _KINDS[name]
