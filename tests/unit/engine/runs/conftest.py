from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from neops.cms import EntityStore, import_batch
from neops.engine.runs import RunService, Scheduler
from neops.engine.store.changes import Claim, NewBlock, NewDefinition, NewWorker, Push
from neops.engine.store.port import Store
from neops.engine.store.records import TERMINAL, BlockId, Event, Lease, Run, RunId, Version, WorkerId
from neops.engine.store.sqlite.store import SqliteStore
from neops.entities import EntityBatch, NewDevice
from neops.protocol import ExecuteWorkflow, FunctionBlockType, JobResultStatus, JsonObject, RunTargets

LEASE = timedelta(seconds=60)
Answer = Callable[[Lease], JsonObject]


class Engine:
    """A store, a scheduler, and a worker that the test plays."""

    def __init__(self, store: Store, scheduler: Scheduler, service: RunService) -> None:
        self.store, self.scheduler, self.service = store, scheduler, service
        self.worker: WorkerId | None = None
        self.offered: list[BlockId] = []
        self.leases: list[Lease] = []

    async def offer(self, name: str, **more: Any) -> None:
        """Register a block `b.example.io/<name>:1.0.0`, pure unless said otherwise."""
        block = NewBlock(
            package="b.example.io",
            name=name,
            version=Version(major=1, minor=0, patch=0),
            **{
                "run_on": "device",
                "type": FunctionBlockType.FACTS,
                "description": name,
                "parameter_schema": {},
                "result_schema": {},
                "pure": True,
                "own_acquire": False,
                **more,
            },
        )
        if self.worker is None:
            self.worker = (await self.store.workers.register(NewWorker(version="1", lease=LEASE))).id
        await self.store.blocks.register(block, self.worker)
        self.offered.append(block.id)

    async def run(self, *steps: JsonObject, query: str = "", parameters: JsonObject | None = None, **root: Any) -> Run:
        """Publish a workflow of these steps and start it."""
        document: JsonObject = {
            "type": "workflow",
            "package": "wf.example.io",
            "name": "w",
            "label": "w",
            "majorVersion": 1,
            "minorVersion": 0,
            "patchVersion": 0,
            "seedEntity": "device",
            "steps": [{"type": "functionBlock", **step} for step in steps],
            **root,
        }
        await self.store.definitions.save(
            NewDefinition(
                package="wf.example.io", name="w", version=Version(major=1, minor=0, patch=0), document=document
            )
        )
        return await self.service.start(
            ExecuteWorkflow(
                workflow="wf.example.io/w:1",
                execute_on_parameters=RunTargets(query=query),
                parameters=parameters or {},
            )
        )

    async def work(self, run: Run, answer: Answer) -> Run:
        """Play the worker until the run is over."""
        while (now := await self.store.runs.get(run.id)) is not None and now.status not in TERMINAL:
            for lease in await self._claimed():
                self.leases.append(lease)
                await self.push(lease, answer(lease))
            await asyncio.sleep(0)
        assert now is not None
        return now

    async def push(self, lease: Lease, result: JsonObject) -> None:
        """Answer one job."""
        status = JobResultStatus.SUCCESS if result["success"] else JobResultStatus.FAILED
        await self.store.jobs.push(Push(job=lease.job, token=lease.token, status=status, result=result))

    async def claim(self) -> list[Lease]:
        """Take what there is, waiting until there is something."""
        while not (leases := await self._claimed()):
            await asyncio.sleep(0)
        return leases

    async def _claimed(self) -> list[Lease]:
        assert self.worker is not None
        claim = Claim(worker=self.worker, blocks=tuple(self.offered), limit=10, lease=LEASE)
        return (await self.store.jobs.claim([claim]))[0]

    async def again(self) -> Run:
        """Start one more run of what `run` published."""
        wanted = ExecuteWorkflow(workflow="wf.example.io/w:1", execute_on_parameters=RunTargets(), parameters={})
        return await self.service.start(wanted)

    async def until(self, run: Run, reached: Callable[[Run], bool]) -> Run:
        """The run once that holds of it; the scheduler is woken as the engine's timer would."""
        while (now := await self.store.runs.get(run.id)) is not None and not reached(now):
            for due in (await self.store.due()).runs:
                self.scheduler.wake(due)
        assert now is not None
        return now

    async def ended(self, run: Run) -> Run:
        """The run once it is over."""
        return await self.until(run, lambda now: now.status in TERMINAL)

    async def events(self, run: RunId) -> list[Event]:
        """The run's log."""
        return await self.store.events.after(run, 0, limit=10_000)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    """An engine whose CMS knows r1 (cisco_ios), r2 and r3 (arista_eos)."""
    store = await SqliteStore.open(tmp_path / "neops.db")
    devices = [("r1", "cisco_ios"), ("r2", "arista_eos"), ("r3", "arista_eos")]
    batch = EntityBatch(devices=tuple(NewDevice(hostname=name, platform=kind) for name, kind in devices))
    await store.write(lambda connection, now: import_batch(connection, batch, now))
    scheduler = Scheduler(store, EntityStore(), cancel_grace=timedelta(milliseconds=50))
    await scheduler.start()
    yield Engine(store, scheduler, RunService(store, scheduler))
    await scheduler.stop()
    await store.close()
