"""Platforms over HTTP: network operating systems by netmiko's device type."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.responses import Response

from neops.cms import change_platform, create_platform, delete_platform, get_platform, list_platforms
from neops.engine.api.answers import empty
from neops.engine.api.cms_access import API, Id, found, shown, written
from neops.engine.api.cms_messages import PlatformFields
from neops.engine.api.services import Parts
from neops.entities import Platform

router = APIRouter(prefix="/cms/platforms", tags=["cms"])


@router.get("", response_model=list[Platform])
async def platforms(parts: Parts) -> Response:
    """All platforms by short name; there are few."""
    return shown(await found(parts, list_platforms))


@router.get("/{id}", response_model=Platform)
async def platform(id_: Id, parts: Parts) -> Response:
    """One platform."""
    return shown(await found(parts, lambda connection: get_platform(connection, id_)))


@router.post("", status_code=HTTPStatus.CREATED, response_model=Platform)
async def create(wanted: PlatformFields, parts: Parts) -> Response:
    """Create a platform: 409 when the short name is taken."""
    made = await written(parts, lambda connection, now: create_platform(connection, wanted.given(), now, API))
    return shown(made, HTTPStatus.CREATED)


@router.patch("/{id}", response_model=Platform)
async def change(id_: Id, wanted: PlatformFields, parts: Parts) -> Response:
    """Change the fields that are in the body; groups that hand it on follow when it gets another short name."""
    given = wanted.given()
    changed = await written(parts, lambda connection, now: change_platform(connection, id_, given, now, API))
    return shown(changed)


@router.delete("/{id}", status_code=HTTPStatus.NO_CONTENT)
async def remove(id_: Id, parts: Parts) -> Response:
    """Delete a platform that no device and no group has."""
    await written(parts, lambda connection, now: delete_platform(connection, id_, now, API))
    return empty(HTTPStatus.NO_CONTENT)
