"""Platforms over HTTP: network operating systems by netmiko's device type."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection, Row, delete, insert, select, update
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from neops.cms.tables import devices, platforms
from neops.engine.api.answers import empty, not_found
from neops.engine.api.cms_messages import PlatformFields
from neops.engine.api.services import Parts
from neops.entities import Platform

router = APIRouter(prefix="/cms/platforms", tags=["cms"])


@router.get("", response_model=list[Platform])
async def find(parts: Parts) -> Response:
    """All platforms by short name; there are few."""
    rows = await parts.store.read(lambda connection: _all(connection))
    return JSONResponse([_plain(row) for row in rows])


@router.get("/{id}", response_model=Platform)
async def get(id: int, parts: Parts) -> Response:  # noqa: A002 - the path says so
    return JSONResponse(_plain(await parts.store.read(lambda connection: _known(connection, id))))


@router.post("", status_code=HTTPStatus.CREATED, response_model=Platform)
async def create(wanted: PlatformFields, parts: Parts) -> Response:
    def write(connection: Connection, _now: object) -> Row[Any]:
        _check_name(connection, wanted.short_name, None)
        values = wanted.model_dump(exclude_unset=True)
        return connection.execute(insert(platforms).values(values).returning(platforms)).one()

    return JSONResponse(_plain(await parts.store.write(write)), HTTPStatus.CREATED)


@router.patch("/{id}", response_model=Platform)
async def change(id: int, wanted: PlatformFields, parts: Parts) -> Response:  # noqa: A002
    def write(connection: Connection, _now: object) -> Row[Any]:
        known = _known(connection, id)
        values = wanted.model_dump(exclude_unset=True)
        if "short_name" in values:
            _check_name(connection, wanted.short_name, id)
        if values:
            connection.execute(update(platforms).where(platforms.c.id == known.id).values(values))
        return _known(connection, id)

    return JSONResponse(_plain(await parts.store.write(write)))


@router.delete("/{id}", status_code=HTTPStatus.NO_CONTENT)
async def remove(id: int, parts: Parts) -> Response:  # noqa: A002
    """Delete a platform that no device has."""

    def write(connection: Connection, _now: object) -> None:
        known = _known(connection, id)
        used = connection.scalar(select(devices.c.hostname).where(devices.c.platform_id == id).limit(1))
        if used is not None:
            raise HTTPException(HTTPStatus.CONFLICT, f"device {used} has the platform {known.short_name}")
        connection.execute(delete(platforms).where(platforms.c.id == id))

    await parts.store.write(write)
    return empty(HTTPStatus.NO_CONTENT)


def _all(connection: Connection) -> list[Row[Any]]:
    return list(connection.execute(select(platforms).order_by(platforms.c.short_name)))


def _known(connection: Connection, id_: int) -> Row[Any]:
    row = connection.execute(select(platforms).where(platforms.c.id == id_)).one_or_none()
    if row is None:
        raise not_found(f"there is no platform {id_}")
    return row


def _check_name(connection: Connection, name: str | None, id_: int | None) -> None:
    if not name:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "shortName: a platform needs one")
    taken = connection.scalar(select(platforms.c.id).where(platforms.c.short_name == name))
    if taken not in (None, id_):
        raise HTTPException(HTTPStatus.CONFLICT, f"there is a platform {name!r} already")


def _plain(row: Row[Any]) -> Any:
    return Platform(**row._mapping).model_dump(mode="json", by_alias=True, exclude_none=True)
