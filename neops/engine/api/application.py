"""The ASGI application."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp

from neops.engine.api import about, blocks, cms, cms_entities, cms_platforms, definitions, jobs, metrics, runs, workers
from neops.engine.api.answers import install_refusals
from neops.engine.api.hot import HotRoutes
from neops.engine.api.paths import CleanPaths
from neops.engine.api.services import Services


def create_app(services: Services) -> ASGIApp:
    """All routes on one engine's parts. The hot ones come first and without a framework's ceremony."""
    app = FastAPI(title="neops engine", version=services.version, routes=HotRoutes(services.blackboard).routes())
    app.state.services = services
    for room in (about, metrics, workers, blocks, jobs, definitions, runs, cms_platforms, cms, cms_entities):
        app.include_router(room.router)
    install_refusals(app)
    return CleanPaths(app)
