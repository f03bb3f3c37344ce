"""Devices, groups and interfaces over HTTP: lists, single ones, changes by hand, and what happened to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from neops.cms import (
    EntityStore,
    change_entity,
    config_version,
    config_versions,
    count,
    create_entity,
    delete_entity,
    history_of,
    page,
    read_entities,
)
from neops.engine.api.answers import answer, answer_all, empty, not_found
from neops.engine.api.cms_access import API, Id, check_may_see_credentials, found, shown, written
from neops.engine.api.cms_exchange import HistoryMessage
from neops.engine.api.cms_messages import (
    ConfigVersionMessage,
    DeviceFields,
    DeviceListing,
    DevicePage,
    GroupFields,
    GroupPage,
    InterfaceFields,
    InterfacePage,
    Listing,
)
from neops.engine.api.services import Parts, Services
from neops.entities import ENTITY_ID_MAX, Device, DeviceGroup, EntityType, Interface

router = APIRouter(prefix="/cms", tags=["cms"])

_KINDS = {"devices": "device", "groups": "group", "interfaces": "interface", "platforms": "platform"}


@router.get("/devices", response_model=DevicePage)
async def devices(request: Request, parts: Parts, wanted: Annotated[DeviceListing, Query()]) -> Response:
    """Devices, a page at a time."""
    if wanted.credentials:
        check_may_see_credentials(request)
    return await _page(parts, EntityType.DEVICE, wanted, reveal=wanted.credentials)


@router.get("/devices/{id}", response_model=Device)
async def device(id_: Id, parts: Parts) -> Response:
    """One device, with its configuration."""
    return await _one(parts, EntityType.DEVICE, id_)


@router.post("/devices", status_code=HTTPStatus.CREATED, response_model=Device)
async def create_device(wanted: DeviceFields, parts: Parts) -> Response:
    """Create a device: 409 when the name is taken."""
    return await _create(parts, EntityType.DEVICE, wanted.given())


@router.patch("/devices/{id}", response_model=Device)
async def change_device(id_: Id, wanted: DeviceFields, parts: Parts) -> Response:
    """Change the fields that are in the body. null takes a value of its own away: what groups give shows again."""
    return await _change(parts, EntityType.DEVICE, id_, wanted.given())


@router.get("/devices/{id}/configurations", response_model=list[ConfigVersionMessage])
async def configurations(id_: Id, parts: Parts) -> Response:
    """The configurations that the device had, newest first, without their text."""
    versions = await found(parts, lambda connection: config_versions(connection, id_))
    return answer_all([ConfigVersionMessage.of(version) for version in versions])


@router.get("/devices/{id}/configurations/{number}", response_model=ConfigVersionMessage)
async def configuration(id_: Id, number: Annotated[int, Path(le=ENTITY_ID_MAX)], parts: Parts) -> Response:
    """One configuration with its text."""
    version = await found(parts, lambda connection: config_version(connection, id_, number))
    if version is None:
        raise not_found(f"device {id_} has no configuration {number}")
    return answer(ConfigVersionMessage.of(version))


@router.get("/groups", response_model=GroupPage)
async def groups(parts: Parts, wanted: Annotated[Listing, Query()]) -> Response:
    """Groups, a page at a time. The one named `*` is what every device inherits."""
    return await _page(parts, EntityType.GROUP, wanted)


@router.get("/groups/{id}", response_model=DeviceGroup)
async def group(id_: Id, parts: Parts) -> Response:
    """One group with its members."""
    return await _one(parts, EntityType.GROUP, id_)


@router.post("/groups", status_code=HTTPStatus.CREATED, response_model=DeviceGroup)
async def create_group(wanted: GroupFields, parts: Parts) -> Response:
    """Create a group: 409 when the name is taken."""
    return await _create(parts, EntityType.GROUP, wanted.given())


@router.patch("/groups/{id}", response_model=DeviceGroup)
async def change_group(id_: Id, wanted: GroupFields, parts: Parts) -> Response:
    """Change the fields that are in the body; members inherit anew."""
    return await _change(parts, EntityType.GROUP, id_, wanted.given())


@router.get("/interfaces", response_model=InterfacePage)
async def interfaces(parts: Parts, wanted: Annotated[Listing, Query()]) -> Response:
    """Interfaces, a page at a time."""
    return await _page(parts, EntityType.INTERFACE, wanted)


@router.get("/interfaces/{id}", response_model=Interface)
async def interface(id_: Id, parts: Parts) -> Response:
    """One interface."""
    return await _one(parts, EntityType.INTERFACE, id_)


@router.post("/interfaces", status_code=HTTPStatus.CREATED, response_model=Interface)
async def create_interface(wanted: InterfaceFields, parts: Parts) -> Response:
    """Create an interface: 409 when its device has one of that name."""
    return await _create(parts, EntityType.INTERFACE, wanted.given())


@router.patch("/interfaces/{id}", response_model=Interface)
async def change_interface(id_: Id, wanted: InterfaceFields, parts: Parts) -> Response:
    """Change the fields that are in the body."""
    return await _change(parts, EntityType.INTERFACE, id_, wanted.given())


@router.delete("/{kind}/{id}", status_code=HTTPStatus.NO_CONTENT)
async def delete(kind: str, id_: Id, parts: Parts) -> Response:
    """Delete a device (with its interfaces), a group or an interface."""
    entity = EntityType(_kind(kind))
    await written(parts, lambda connection, now: delete_entity(connection, entity, id_, now, API))
    return empty(HTTPStatus.NO_CONTENT)


@router.get("/{kind}/{id}/history", response_model=list[HistoryMessage])
async def history_of_one(kind: str, id_: Id, parts: Parts) -> Response:
    """What changed an entity or a platform, newest first, also after it was deleted."""
    entity = _kind(kind)
    entries = await found(parts, lambda connection: history_of(connection, entity, id_=id_))
    return answer_all([HistoryMessage.of(entry) for entry in entries])


async def _page(parts: Services, entity: EntityType, wanted: Listing, *, reveal: bool = False) -> Response:
    def read(connection: Connection) -> Response:
        chosen = wanted.model_dump(include={"query", "name", "sort", "limit", "cursor"})
        found_page = page(connection, entity, **chosen)
        items = read_entities(connection, entity, found_page.ids)
        known = {"total": count(connection, entity, wanted.query, name=wanted.name)} if wanted.total else {}
        completed = _with_credentials(connection, items) if reveal else items
        return shown({"items": completed, "nextCursor": found_page.cursor, **known}, reveal=reveal)

    return await found(parts, read)


async def _one(parts: Services, entity: EntityType, id_: int) -> Response:
    return await found(parts, lambda connection: _shown(connection, entity, id_))


async def _create(parts: Services, entity: EntityType, data: dict[str, Any]) -> Response:
    def create(connection: Connection, now: datetime) -> Response:
        return _shown(connection, entity, create_entity(connection, entity, data, now, API), HTTPStatus.CREATED)

    return await written(parts, create)


async def _change(parts: Services, entity: EntityType, id_: int, data: dict[str, Any]) -> Response:
    def change(connection: Connection, now: datetime) -> Response:
        change_entity(connection, entity, id_, data, now, API)
        return _shown(connection, entity, id_)

    return await written(parts, change)


def _shown(connection: Connection, entity: EntityType, id_: int, status: int = HTTPStatus.OK) -> Response:
    known = read_entities(connection, entity, [id_], configurations=True)
    if not known:
        raise not_found(f"there is no {entity} {id_}")
    return shown(known[0], status)


def _with_credentials(connection: Connection, items: Sequence[Any]) -> list[Any]:
    secrets = EntityStore().secrets(connection, [one.id for one in items])
    return [one.model_copy(update=vars(secrets[one.id])) for one in items]


def _kind(name: str) -> str:
    if name not in _KINDS:
        raise not_found(f"the CMS has {', '.join(_KINDS)}, no {name}")
    return _KINDS[name]
