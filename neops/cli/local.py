"""Engine, worker and CMS in one process: a real engine over HTTP, a real worker polling it, for one command."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from neops.blocks import BlockRegistry
from neops.cms import import_batch
from neops.devices import DeviceRuntime, credential_providers
from neops.devices.transcript import Recorder, ReplayPlugin, ReplayRuntime
from neops.engine.app import Engine
from neops.engine.store.changes import NewDefinition
from neops.engine.store.records import Artifact, BlockId, Job, Run, RunId, Version
from neops.engine.workflows.definition import RootWorkflow
from neops.entities import Device, EntityBatch, EntityType
from neops.errors import NeopsError
from neops.logs import Redactor
from neops.protocol import ExecuteWorkflow, JsonObject, RunTargets, TriggerType
from neops.settings import DeviceSettings, EngineSettings, WorkerSettings, read_environment
from neops.worker import WorkerRuntime

_READY_S = 30.0
"""How long the worker may take to announce its blocks."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What a local run needs; `folder` keeps its database, artifacts and log.

    `recorder` keeps what devices are asked; with `replay` none is asked, the recording answers.
    """

    workflow: RootWorkflow
    inventory: EntityBatch
    registry: BlockRegistry
    folder: Path
    limit: str
    parameters: JsonObject
    concurrency: int
    settings: DeviceSettings
    recorder: Recorder | None = None
    replay: ReplayPlugin | None = None


class LocalStack:
    """A running engine and worker that share this process."""

    def __init__(
        self, engine: Engine, devices: DeviceRuntime, prepared: Prepared, abandon: Callable[[], object]
    ) -> None:
        self.engine, self.devices, self._prepared, self.abandon = engine, devices, prepared, abandon
        """`abandon`: whatever still runs is not waited for when the stack is left."""

    async def start_run(self) -> Run:
        """Publish the workflow, bring the inventory in, and start."""
        prepared, store = self._prepared, self.engine.store
        workflow = prepared.workflow
        version = Version(major=workflow.major_version, minor=workflow.minor_version, patch=workflow.patch_version)
        await store.definitions.save(
            NewDefinition(package=workflow.package, name=workflow.name, version=version, document=workflow.document())
        )
        await store.write(lambda connection, now: import_batch(connection, prepared.inventory, now))
        wanted = ExecuteWorkflow(
            workflow=workflow.id,
            execute_on_parameters=RunTargets(query=prepared.limit),
            parameters=prepared.parameters,
        )
        return await self.engine.runs.start(wanted, trigger=TriggerType.MANUAL)

    async def chosen_devices(self) -> list[Device]:
        """The devices that the run is about: those that the limit leaves, itself or by their groups or interfaces."""
        limit, cms, seed = self._prepared.limit, self.engine.cms, self._prepared.workflow.seed_entity

        def read(connection: Connection) -> list[Device]:
            if limit and seed in (EntityType.GROUP, EntityType.INTERFACE):
                return [*cms.related(connection, seed, cms.ids(connection, seed, query=limit)).devices]
            query = limit if seed is EntityType.DEVICE else ""
            return cms.devices(connection, cms.ids(connection, EntityType.DEVICE, query=query))

        return await self.engine.store.read(read)

    async def jobs(self, run: RunId) -> list[Job]:
        """The run's jobs in the order of creation, the ones that another attempt replaced left out."""
        return [job for job in await self.engine.store.jobs.find(run=run) if not job.superseded]

    async def changing_blocks(self) -> frozenset[BlockId]:
        """Ids of the blocks that may change a device."""
        return frozenset(block.id for block in await self.engine.store.blocks.find() if not block.pure)

    async def artifacts(self, run: RunId) -> Sequence[Artifact]:
        """Files that the run's jobs left."""
        return await self.engine.store.artifacts.find(run)

    async def forget_credentials(self) -> None:
        """Overwrite the inventory's credentials in the run's database: the run is over, nobody needs them."""

        def forget(connection: Connection, _now: object) -> None:
            connection.execute(text("PRAGMA secure_delete = ON"))
            for table in ("cms_devices", "cms_groups"):
                connection.execute(text(f"UPDATE {table} SET password = NULL, connection_options = NULL"))  # noqa: S608

        await self.engine.store.write(forget)


@asynccontextmanager
async def local_stack(prepared: Prepared, redactor: Redactor) -> AsyncIterator[LocalStack]:
    """Start everything, wait until the worker has announced its blocks, and stop everything at the end."""
    engine_settings = EngineSettings(port=0, auth=False, database=f"sqlite:///{prepared.folder / 'neops.db'}")
    async with Engine.open(engine_settings) as engine:
        url = await engine.serve()
        with _devices(prepared, redactor) as devices:
            worker = WorkerRuntime(
                WorkerSettings(
                    engine_url=url, concurrency=prepared.concurrency, state_dir=prepared.folder / "worker", name="local"
                ),
                prepared.registry,
                devices,
                redactor=redactor,
                abort_devices=lambda job: devices.abort(job=job),
            )
            async with _running(worker):
                await _announced(engine, prepared)
                yield LocalStack(engine, devices, prepared, abandon=worker.stop)


def _devices(prepared: Prepared, redactor: Redactor) -> DeviceRuntime:
    if prepared.replay is not None:
        return ReplayRuntime(prepared.replay, prepared.settings, redactor=redactor)
    providers = credential_providers(read_environment(os.environ), prepared.settings.credentials)
    return DeviceRuntime(prepared.settings, credentials=providers, redactor=redactor, observer=prepared.recorder)


@asynccontextmanager
async def _running(worker: WorkerRuntime) -> AsyncIterator[None]:
    """The worker in a thread of its own, as if it were a process of its own."""
    thread = threading.Thread(target=lambda: asyncio.run(worker.run()), name="neops-worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        await asyncio.to_thread(thread.join, _READY_S)


async def _announced(engine: Engine, prepared: Prepared) -> None:
    try:
        async with asyncio.timeout(_READY_S):
            # the store tells listeners about runs, not about registrations
            while not set(prepared.registry) <= {block.id for block in await engine.store.blocks.find()}:
                if engine.trouble is not None:
                    raise engine.trouble
                await asyncio.sleep(0.01)
    except TimeoutError:
        log = prepared.folder / "neops.log"
        raise NeopsError(f"the local worker did not announce its blocks within {_READY_S:g} s; see {log}") from None
