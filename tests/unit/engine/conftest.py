"""A store on a file of its own, a clock that the test turns, and short ways to fill the store."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from neops.engine.store.changes import Claim, NewBlock, NewJob, NewRun, NewWorker, Push, PushOutcome, RunChange
from neops.engine.store.limits import Limits
from neops.engine.store.migrations import migrate
from neops.engine.store.port import Store
from neops.engine.store.records import Block, BlockId, DefinitionId, Lease, Run, StepKey, Version, Worker
from neops.engine.store.sqlite import SqliteStore
from neops.entities import EntityType
from neops.protocol import FunctionBlockType, JobResultStatus, JobType, JsonObject, RunStatus, RunTargets

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class TurnableClock:
    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def turn(self, **span: float) -> None:
        self.time += timedelta(**span)


class World:
    """Short ways to get to a state, by the store's own operations."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def worker(self, *blocks: Block, lease_s: float = 60, extensions: frozenset[str] = frozenset()) -> Worker:
        new = NewWorker(version="1", name="w", lease=timedelta(seconds=lease_s), extensions=extensions)
        worker = await self.store.workers.register(new)
        for block in blocks:
            await self.store.blocks.register(self.new_block(block.name), worker.id)
        return worker

    def new_block(self, name: str = "facts", **more: Any) -> NewBlock:
        given: dict[str, Any] = {
            "package": "fb.example.io",
            "name": name,
            "version": Version(major=1, minor=0, patch=0),
            "run_on": "device",
            "type": FunctionBlockType.FACTS,
            "description": name,
            "parameter_schema": {},
            "result_schema": {},
        }
        return NewBlock(**given | more)

    async def block(self, name: str = "facts", **more: Any) -> Block:
        return await self.store.blocks.register(self.new_block(name, **more), None)

    def job(self, block: Block | BlockId, entity_id: int | None = 1, **more: Any) -> NewJob:
        given: dict[str, Any] = {
            "step": StepKey("0"),
            "step_label": "collect",
            "type": JobType.EXECUTE,
            "block": block.id if isinstance(block, Block) else block,
            "run_on": EntityType.DEVICE,
            "entity_id": entity_id,
            "parameters": {"entity": entity_id},
            "context": {"devices": [{"id": entity_id or 1}], "deviceGroups": [], "interfaces": []},
        }
        return NewJob(**given | more)

    async def run(self, *jobs: NewJob, **more: Any) -> Run:
        """A run that is running, with these jobs."""
        given: dict[str, Any] = {
            "workflow_id": DefinitionId("wf.example.io/w:1.0.0"),
            "workflow_name": "w",
            "parameters": {},
            "targets": RunTargets(ids=[1]),
        }
        run = await self.store.runs.create(NewRun(**given | more))
        return await self.change(run, status=RunStatus.RUNNING, jobs=jobs)

    async def change(self, run: Run, *, status: RunStatus | None = None, **change: Any) -> Run:
        return await self.store.runs.commit(RunChange(run=replace(run, status=status or run.status), **change))

    async def claim(
        self, worker: Worker, *blocks: Block, limit: int = 1, lease_s: float = 10, confirms: bool = False
    ) -> list[Lease]:
        claim = Claim(
            worker=worker.id,
            blocks=tuple(block.id for block in blocks),
            limit=limit,
            lease=timedelta(seconds=lease_s),
            confirms=confirms,
        )
        (leases,) = await self.store.jobs.claim([claim])
        return leases

    async def push(
        self, lease: Lease, *, token: str | None = None, success: bool = True, result: JsonObject | None = None
    ) -> PushOutcome:
        status = JobResultStatus.SUCCESS if success else JobResultStatus.FAILED
        answer: JsonObject = {"success": success, "message": "done"} if result is None else result
        return await self.store.jobs.push(
            Push(job=lease.job, token=lease.token if token is None else token, status=status, result=answer)
        )


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, migrated once: the tests work on copies."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    migrate(path)
    return path


OpenStore = Callable[..., Awaitable[Store]]


@pytest.fixture(params=["sqlite"])
async def open_store(
    request: pytest.FixtureRequest, tmp_path: Path, migrated_file: Path, clock: TurnableClock
) -> AsyncIterator[OpenStore]:
    """Opens the test's own database, each time it is called: as one engine after the other would."""
    assert request.param == "sqlite"
    path = tmp_path / "neops.db"
    shutil.copy(migrated_file, path)
    opened: list[SqliteStore] = []

    async def open_(**limits: Any) -> Store:
        store = await SqliteStore.open(path, clock=clock, limits=Limits(**limits))
        opened.append(store)
        return store

    yield open_
    for store in opened:
        await store.close()


@pytest.fixture
async def store(open_store: OpenStore) -> Store:
    return await open_store()


@pytest.fixture
def world(store: Store) -> World:
    return World(store)
