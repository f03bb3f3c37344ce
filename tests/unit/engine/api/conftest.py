from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from neops.cms import import_batch
from neops.engine.app import Engine
from neops.entities import EntityBatch, NewDevice, Secret
from neops.settings import EngineSettings


class Client(httpx.AsyncClient):
    """A client of the contract as the published one behaves: it sends a content type, also without a body."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(
            transport=httpx.ASGITransport(engine.asgi, raise_app_exceptions=False),
            base_url="http://engine",
            headers={"Content-Type": "application/json"},
        )

    async def joins(self, *blocks: str, **more: Any) -> str:
        """Register a worker and its blocks; its id."""
        worker: str = (await self.post("/workers/register", json={"version": "0.2.0.beta.7"} | more)).json()["uuid"]
        for block in blocks:
            await self.post("/function-blocks/register", json=block_registration(block, worker))
        return worker

    async def publishes(self, *labels: str, **more: Any) -> None:
        """Publish `wf.example.io/w:1.0.0`: a step of block `facts` for each label."""
        answer = await self.post("/workflow-definition/publish", json={"workflow": workflow(*labels) | more})
        assert answer.status_code == 201, answer.text

    async def runs(self, *ids: int) -> dict[str, Any]:
        """Start it; the entry that was answered."""
        wanted = {"workflow": "wf.example.io/w:1", "executeOnParameters": {"ids": [*ids]}, "parameters": {}}
        started: dict[str, Any] = (await self.post("/workflow-execution", json=wanted)).json()
        return started

    async def polls(self, worker: str, **more: Any) -> list[dict[str, Any]]:
        """Ask for jobs of `facts`, as long as it takes."""
        name = {"name": "facts", "package": "fb.example.io"} | version(1, 0, 0)
        answer = await self.post(
            "/blackboard/job", json={"functionBlockIds": [name], "workerId": worker, "waitSeconds": 20} | more
        )
        assert answer.status_code == 201
        jobs: list[dict[str, Any]] = answer.json()
        return jobs

    async def pushes(self, job: dict[str, Any], **result: Any) -> httpx.Response:
        body = {"jobExecutionId": job["jobId"], "status": "success", "result": {"success": True} | result}
        return await self.post("/blackboard/job/result", json=body)

    async def ended(self, run: str) -> dict[str, Any]:
        """Follow a run to its end; its entry."""
        await self.get(f"/workflow-execution/{run}/events")
        entry: dict[str, Any] = (await self.get(f"/workflow-execution/id/{run}")).json()
        return entry


def version(major: int, minor: int, patch: int) -> dict[str, int]:
    return {"majorVersion": major, "minorVersion": minor, "patchVersion": patch}


def block_registration(name: str, worker: str | None) -> dict[str, Any]:
    """A body as a published worker sends it."""
    return {
        "name": name,
        "package": "fb.example.io",
        **version(1, 0, 0),
        **({} if worker is None else {"workerId": worker}),
        "description": "Reads facts",
        "runOn": "device",
        "fbType": "facts",
        "markdownHelpText": "No helptext provided",
        "deprecated": False,
        "parameterJsonSchema": {"type": "object"},
        "resultDataJsonSchema": {"type": "object"},
        "isIdempotent": False,
        "isPure": True,
        "reversible": False,
        "ownAcquire": False,
    }


def workflow(*labels: str) -> dict[str, Any]:
    return {
        "type": "workflow",
        "package": "wf.example.io",
        "name": "w",
        "label": "w",
        **version(1, 0, 0),
        "seedEntity": "device",
        "steps": [
            {"type": "functionBlock", "label": label, "functionBlock": "fb.example.io/facts:1"} for label in labels
        ],
    }


@pytest.fixture
async def engine(tmp_path: Path, migrated_file: Path) -> AsyncIterator[Engine]:
    """An engine without a server whose CMS knows r1 and r2."""
    shutil.copy(migrated_file, tmp_path / "neops.db")
    async with Engine.open(EngineSettings(auth=False, database=f"sqlite:///{tmp_path / 'neops.db'}")) as engine:
        devices = tuple(
            NewDevice(hostname=name, ip="192.0.2.7", username="admin", password=Secret("hunter2"), platform="cisco_ios")
            for name in ("r1", "r2")
        )
        await engine.store.write(lambda connection, now: import_batch(connection, EntityBatch(devices=devices), now))
        yield engine


@pytest.fixture
async def client(engine: Engine) -> AsyncIterator[Client]:
    async with Client(engine) as client:
        yield client
