"""The engine as a process of its own."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Mapping
from typing import Any

import typer

from neops.engine.app import Engine
from neops.settings import EngineSettings, read_environment

logger = logging.getLogger(__name__)


def serve(environment: Mapping[str, str], flags: Mapping[str, Any]) -> None:
    """Serve until SIGINT or SIGTERM; `flags` win over the environment."""
    asyncio.run(_serve(EngineSettings.load(read_environment(environment), flags)))


async def _serve(settings: EngineSettings) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with Engine.open(settings) as serving:
        url = await serving.serve()
        gc.freeze()  # what is imported now stays: looking through it again held an answer back for 50 ms
        typer.echo(f"neops engine listens on {url} (API: {url}/docs)")
        await stopping.wait()
        logger.info("the engine stops")
