from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from neops.cms import import_batch
from neops.engine.app import Engine
from neops.entities import EntityBatch, NewDevice
from neops.settings import EngineSettings

BLOCK = {"name": "facts", "package": "fb.example.io", "majorVersion": 1, "minorVersion": 0, "patchVersion": 0}


class Wire:
    """A client on a real connection."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session, self.url = session, url

    async def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        async with self.session.post(self.url + path, json=body) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, path: str) -> Any:
        async with self.session.get(self.url + path) as answer:
            return await answer.json()

    async def joins(self, **more: Any) -> str:
        """Register a worker that offers `facts`; its id."""
        _, worker = await self.post("/workers/register", {"version": "1"} | more)
        registration = BLOCK | {
            "workerId": worker["uuid"],
            "description": "Reads facts",
            "runOn": "device",
            "fbType": "facts",
            "parameterJsonSchema": {},
            "resultDataJsonSchema": {},
            "isPure": True,
            "ownAcquire": False,
        }
        await self.post("/function-blocks/register", registration)
        return str(worker["uuid"])

    def question(self, worker: str, **more: Any) -> dict[str, Any]:
        return {"functionBlockIds": [BLOCK], "workerId": worker} | more

    async def runs(self) -> str:
        """Publish a workflow of one step and run it on every device; the run's id."""
        step = {"type": "functionBlock", "label": "collect", "functionBlock": "fb.example.io/facts:1"}
        workflow = {
            "type": "workflow",
            "package": "wf.example.io",
            "name": "w",
            "label": "w",
            "majorVersion": 1,
            "minorVersion": 0,
            "patchVersion": 0,
            "seedEntity": "device",
            "steps": [step],
        }
        await self.post("/workflow-definition/publish", {"workflow": workflow})
        wanted = {"workflow": "wf.example.io/w:1", "executeOnParameters": {"query": ""}, "parameters": {}}
        _, run = await self.post("/workflow-execution", wanted)
        return str(run["uuid"])


@pytest.fixture
def settings(tmp_path: Path) -> EngineSettings:
    return EngineSettings(auth=False, port=0, database=f"sqlite:///{tmp_path / 'neops.db'}")


@pytest.fixture
async def engine(settings: EngineSettings) -> AsyncIterator[Engine]:
    """An engine whose CMS knows five devices."""
    batch = EntityBatch(devices=tuple(NewDevice(hostname=f"r{number}") for number in range(1, 6)))
    async with Engine.open(settings) as engine:
        await engine.store.write(lambda connection, now: import_batch(connection, batch, now))
        yield engine


@pytest.fixture
async def wire(engine: Engine) -> AsyncIterator[Wire]:
    url = await engine.serve()
    async with aiohttp.ClientSession() as session:
        yield Wire(session, url)
