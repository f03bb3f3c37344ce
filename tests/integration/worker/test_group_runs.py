"""Blocks that run on groups: a real engine makes one job per group, a real worker runs it on the members."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from nornir.core.task import Task

from neops.blocks import (
    BlockRegistry,
    FunctionBlock,
    FunctionBlockParams,
    FunctionBlockResult,
    Registration,
    WorkflowContext,
    register_function_block,
)
from neops.blocks.group import DeviceOutcomes, group_result
from neops.cms import import_batch
from neops.concurrency import run_in_thread, run_parallel
from neops.devices import DeviceRuntime, PluginCatalogue, ReadsFacts
from neops.engine.app import Engine
from neops.engine.events import EventLog
from neops.engine.store.changes import NewDefinition
from neops.engine.store.records import EventKind, Job, Run, Version
from neops.engine.workflows.loading import load_workflow
from neops.entities import Device, EntityBatch, EntityType, NewDevice, NewGroup
from neops.entities.outcomes import Outcome
from neops.logs import Redactor
from neops.protocol import ExecuteWorkflow, RunStatus, RunTargets
from neops.settings import EngineSettings, WorkerSettings
from neops.testing import FakePlugin
from neops.worker import WorkerRuntime
from neops_cms_inventory import outcomes_of

WAIT_S = 30.0
MEMBERS = {"core": ["r1", "r2", "r3"], "edge": ["r3", "r4"]}
WORKFLOW = """
package: wf.example.io
name: BLOCK
label: collect
majorVersion: 1
minorVersion: 0
patchVersion: 0
type: workflow
seedEntity: group
steps:
  - {type: functionBlock, label: collect, functionBlock: "fb.example.io/BLOCK:1", timeout: SECONDS}
"""


def on_groups(name: str) -> Registration:
    return Registration(
        name=name,
        package="fb.example.io",
        version=(1, 0, 0),
        description=name,
        run_on="group",
        fb_type="facts",
        param_cls=FunctionBlockParams,
        result_cls=DeviceOutcomes,
        is_pure=True,
    )


def groups_of(task: Task) -> list[str]:
    return [group.name for group in task.host.groups]


def version_of(task: Task) -> str:
    router = task.host.get_connection("neops", task.nornir.config)
    return str(router.get_facts().os_version)


@register_function_block(on_groups("with_nornir"))
class WithNornir(FunctionBlock[FunctionBlockParams, DeviceOutcomes]):
    async def run(self, params: FunctionBlockParams, context: WorkflowContext) -> FunctionBlockResult[DeviceOutcomes]:
        answers = await run_in_thread(context.nornir(num_workers=10).run)(task=version_of)
        for device in context.members(context.device_group):
            device.software_release = str(answers[device.name].result)
        return group_result(outcomes_of(answers))


@register_function_block(on_groups("with_run_parallel"))
class WithRunParallel(FunctionBlock[FunctionBlockParams, DeviceOutcomes]):
    async def run(self, params: FunctionBlockParams, context: WorkflowContext) -> FunctionBlockResult[DeviceOutcomes]:
        async def version(pair: tuple[Device, ReadsFacts]) -> str:
            device, router = pair
            device.software_release = (await router.get_facts()).os_version
            return device.software_release

        pairs = context.connect_all(ReadsFacts)
        versions = await run_parallel(version, pairs, return_exceptions=True)
        names = [device.name for device, _ in pairs]
        return group_result(dict(zip(names, versions, strict=True)))


@register_function_block(on_groups("names_groups"))
class NamesGroups(FunctionBlock[FunctionBlockParams, DeviceOutcomes]):
    def run(self, params: FunctionBlockParams, context: WorkflowContext) -> FunctionBlockResult[DeviceOutcomes]:
        return group_result(outcomes_of(context.nornir().run(task=groups_of)))


@register_function_block(on_groups("hangs_on_r2"))
class HangsOnR2(FunctionBlock[FunctionBlockParams, DeviceOutcomes]):
    def run(self, params: FunctionBlockParams, context: WorkflowContext) -> FunctionBlockResult[DeviceOutcomes]:
        return group_result(outcomes_of(context.nornir().run(task=hang_on_r2)), tolerate={Outcome.ERRORED})


released = threading.Event()


def hang_on_r2(task: Task) -> str:
    if task.host.name == "r2":
        released.wait(WAIT_S)
    return "here"


@pytest.fixture(params=[WithNornir, WithRunParallel])
def block(request: pytest.FixtureRequest) -> type[FunctionBlock[Any, Any]]:
    found: type[FunctionBlock[Any, Any]] = request.param
    return found


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    settings = EngineSettings(port=0, auth=False, database=f"sqlite:///{tmp_path / 'neops.db'}")
    async with Engine.open(settings) as engine:
        batch = EntityBatch(
            groups=tuple(NewGroup(name=name) for name in MEMBERS),
            devices=tuple(
                NewDevice(
                    hostname=name,
                    ip=f"192.0.2.{name[1:]}",
                    platform="cisco_ios",
                    groups=[group for group, names in MEMBERS.items() if name in names],
                )
                for name in ("r1", "r2", "r3", "r4")
            ),
        )
        await engine.store.write(lambda connection, now: import_batch(connection, batch, now))
        yield engine


@pytest.fixture
def devices() -> Iterator[DeviceRuntime]:
    plugin = FakePlugin(
        devices={"r4": {"get_facts": {"os_version": "4.30"}}}, replies={"get_facts": {"os_version": "17.9"}}
    )
    with DeviceRuntime(catalogue=PluginCatalogue.of(plugin)) as runtime:
        yield runtime


@pytest.fixture
async def worker(engine: Engine, devices: DeviceRuntime, tmp_path: Path) -> AsyncIterator[WorkerRuntime]:
    registry = BlockRegistry()
    for one in (WithNornir, WithRunParallel, NamesGroups, HangsOnR2):
        registry.add(one)
    settings = WorkerSettings(engine_url=await engine.serve(), state_dir=tmp_path / "worker", concurrency=2)
    worker = WorkerRuntime(
        settings, registry, devices, redactor=Redactor(), abort_devices=lambda job: devices.abort(job=job)
    )
    running = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(worker.run())))
    async with asyncio.timeout(WAIT_S):
        while len(await engine.store.blocks.find()) < 4:
            await asyncio.sleep(0.01)
    yield worker
    worker.stop()
    assert await asyncio.wait_for(running, WAIT_S) == 0


async def run_to_the_end(engine: Engine, block: str, timeout_s: float = WAIT_S) -> tuple[Run, list[Job], list[str]]:
    """The run, its jobs, and what they said on the way."""
    workflow = load_workflow(WORKFLOW.replace("BLOCK", block).replace("SECONDS", str(timeout_s))).workflow
    version = Version(major=1, minor=0, patch=0)
    await engine.store.definitions.save(
        NewDefinition(package=workflow.package, name=workflow.name, version=version, document=workflow.document())
    )
    targets = ExecuteWorkflow(workflow=workflow.id, execute_on_parameters=RunTargets(query=""), parameters={})
    run = await engine.runs.start(targets)
    said: list[str] = []
    async with asyncio.timeout(WAIT_S):
        async for event in EventLog(engine.store).follow(run.id, idle_s=WAIT_S):
            if event is not None and event.kind is EventKind.PROGRESS:
                said.append(f"{event.data['done']}/{event.data['total']} {event.data['message']}")
    ended = await engine.store.runs.get(run.id)
    assert ended is not None
    return ended, await engine.store.jobs.find(run=run.id), said


def outcomes(job: Job) -> dict[str, Any]:
    """What the job's block read from each device."""
    found = DeviceOutcomes.model_validate((job.result or {})["data"])
    return {name: one.data for name, one in found.devices.items()}


async def test_one_job_per_group_works_on_its_members(
    engine: Engine, worker: WorkerRuntime, block: type[FunctionBlock[Any, Any]]
) -> None:
    run, jobs, _ = await run_to_the_end(engine, block.registration.name)

    assert run.status is RunStatus.COMPLETED_ACK
    assert {job.run_on for job in jobs} == {EntityType.GROUP}
    assert [outcomes(job) for job in sorted(jobs, key=lambda job: job.entity_id or 0)] == [
        {"r1": "17.9", "r2": "17.9", "r3": "17.9"},
        {"r3": "17.9", "r4": "4.30"},
    ]
    cms = engine.cms
    found = await engine.store.read(lambda connection: cms.devices(connection, cms.ids(connection, EntityType.DEVICE)))
    assert {one.hostname: one.software_release for one in found} == {
        "r1": "17.9",
        "r2": "17.9",
        "r3": "17.9",
        "r4": "4.30",
    }


async def test_a_group_run_tells_how_many_hosts_are_done(engine: Engine, worker: WorkerRuntime) -> None:
    _, _, said = await run_to_the_end(engine, "with_nornir")

    assert any(one.startswith("3/3 version_of: ") for one in said)  # newer progress replaces older


async def test_a_member_knows_its_other_groups_by_name(engine: Engine, worker: WorkerRuntime) -> None:
    _, jobs, _ = await run_to_the_end(engine, "names_groups")

    assert [outcomes(job)["r3"] for job in jobs] == [["core", "edge"], ["core", "edge"]]


async def test_a_member_that_hangs_costs_the_group_its_own_result_only(engine: Engine, worker: WorkerRuntime) -> None:
    released.clear()
    try:
        run, jobs, _ = await run_to_the_end(engine, "hangs_on_r2", timeout_s=2)
    finally:
        released.set()

    (core,) = [job for job in jobs if "r2" in outcomes(job)]
    assert run.status is RunStatus.COMPLETED_ACK
    assert outcomes(core) == {"r1": "here", "r2": None, "r3": "here"}
