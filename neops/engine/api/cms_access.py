"""What all routes of the CMS share: who writes, what entities and refusals become, who may see credentials."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import Path, Request
from pydantic_core import to_json
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from neops.cms import Author, Refusal
from neops.engine.api.answers import JSON
from neops.engine.api.services import Services
from neops.entities import ENTITY_ID_MAX, REVEAL

T = TypeVar("T")

API = Author(name="api")

Id = Annotated[int, Path(alias="id", le=ENTITY_ID_MAX)]
"""Of an entity, a platform or a version, in a path."""


async def found(parts: Services, look: Callable[[Connection], T]) -> T:
    """Look something up; a Refusal becomes the answer."""
    with _refusals_answered():
        return await parts.store.read(look)


async def written(parts: Services, change: Callable[[Connection, datetime], T]) -> T:
    """Change something, all of it or nothing; a Refusal becomes the answer."""
    with _refusals_answered():
        return await parts.store.write(change)


def shown(content: object, status: int = HTTPStatus.OK, *, reveal: bool = False) -> Response:
    """An entity, entities, or an object that holds them: without what is not set, secrets masked unless revealed."""
    body = to_json(content, by_alias=True, exclude_none=True, context=REVEAL if reveal else None)
    return Response(body, status, {"Cache-Control": "no-store"} if reveal else None, media_type=JSON)


def check_may_see_credentials(request: Request) -> None:
    """Only a client on this machine, and not one behind a proxy, whose clients all look as if they were.

    It has to call the engine by a loopback address too: a web page whose name resolves to one (DNS rebinding) cannot.

    Raises:
        HTTPException: it is another one.
    """
    client = request.client.host if request.client else ""
    called = request.url.hostname or ""
    forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip"))
    if forwarded or not _is_loopback(client) or not (called == "localhost" or _is_loopback(called)):
        raise HTTPException(
            HTTPStatus.FORBIDDEN,
            "credentials are shown to clients on the engine's own machine only, at http://127.0.0.1 or localhost",
        )


@contextmanager
def _refusals_answered() -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        status = HTTPStatus.BAD_REQUEST
        if refusal.missing or refusal.conflict:
            status = HTTPStatus.NOT_FOUND if refusal.missing else HTTPStatus.CONFLICT
        raise HTTPException(status, str(refusal)) from refusal
    except UnicodeEncodeError as problem:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "it holds half a surrogate pair, which is no text") from problem


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
