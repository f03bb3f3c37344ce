"""Paths as workers and clients really send them."""

from __future__ import annotations

from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send


class CleanPaths:
    """Routes see each path without doubled slashes, and an encoded slash inside a segment stays encoded.

    Servers decode the path before the router sees it, which would take `wf.x.io%2Fhello:1.0.0` for two segments.
    Routes with such ids call `decoded` on them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (raw := scope.get("raw_path")):
            scope = {**scope, "path": clean(raw.split(b"?")[0].decode("latin-1"))}
        await self._app(scope, receive, send)


def clean(raw_path: str) -> str:
    """The path to route by."""
    segments = [unquote(segment).replace("%", "%25").replace("/", "%2F") for segment in raw_path.split("/") if segment]
    return "/" + "/".join(segments)


def decoded(segment: str) -> str:
    """A path parameter as it was meant."""
    return unquote(segment)
