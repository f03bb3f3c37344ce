"""What the routes call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from neops.engine.artifacts import ArtifactFiles
from neops.engine.blackboard import Blackboard
from neops.engine.events import EventLog
from neops.engine.runs import RunService
from neops.engine.store.port import Store


@dataclass(frozen=True, kw_only=True)
class Services:
    """One engine's parts, as the routes see them."""

    store: Store
    blackboard: Blackboard
    runs: RunService
    events: EventLog
    files: ArtifactFiles
    version: str


def _services(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)  # noqa: S101 - put there by create_app
    return services


Parts = Annotated[Services, Depends(_services)]
"""Declared as a parameter of a route: the engine's parts."""
