"""A real worker at a real engine, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from neops.blocks import (
    BlockRegistry,
    FunctionBlock,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockResultData,
    Registration,
    WorkflowContext,
    register_function_block,
)
from neops.engine.app import Engine
from neops.engine.events import EventLog
from neops.engine.store.changes import NewDefinition
from neops.engine.store.records import Event, EventKind, Run, Version
from neops.engine.workflows.loading import load_workflow
from neops.logs import Redactor
from neops.protocol import ExecuteWorkflow, ReasonCode, RunStatus, RunTargets
from neops.settings import EngineSettings, WorkerSettings
from neops.worker import WorkerRuntime

WAIT_S = 30.0
WORKFLOW = """
package: wf.example.io
name: BLOCK
label: probe
majorVersion: 1
minorVersion: 0
patchVersion: 0
type: workflow
seedEntity: global
steps:
  - {type: functionBlock, label: first, functionBlock: "fb.example.io/echo:1", parameters: {text: hello}}
  - {type: functionBlock, label: second, functionBlock: "fb.example.io/BLOCK:1",
     parameters: {text: "{{ first.result.data.text }} again"}}
"""


class Text(FunctionBlockParams):
    text: str


class Said(FunctionBlockResultData):
    text: str


def described(name: str) -> Registration:
    return Registration(
        name=name,
        package="fb.example.io",
        version=(1, 0, 0),
        description=name,
        run_on="global",
        fb_type="facts",
        param_cls=Text,
        result_cls=Said,
        is_pure=True,
    )


@register_function_block(described("echo"))
class Echo(FunctionBlock[Text, Said]):
    async def run(self, params: Text, context: WorkflowContext) -> FunctionBlockResult[Said]:
        context.logger.warning("about to speak")
        context.artifacts.save("said.txt", params.text)
        context.progress(1, 1, params.text)
        return FunctionBlockResult(success=True, data=Said(text=params.text))


@register_function_block(described("hang"))
class Hang(FunctionBlock[Text, Said]):
    async def run(self, params: Text, context: WorkflowContext) -> FunctionBlockResult[Said]:
        context.progress(0, 1, "waiting")
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")


class NoDevices:
    def connect(self, device: object, capability: object, *, job: str | None = None) -> Any:
        raise AssertionError("no block of these tests connects")

    connect_blocking = connect

    def served_by(self, device: object) -> tuple[str, ...]:
        return ()


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    settings = EngineSettings(port=0, auth=False, database=f"sqlite:///{tmp_path / 'neops.db'}")
    async with Engine.open(settings) as engine:
        yield engine


@pytest.fixture
async def worker(engine: Engine, tmp_path: Path) -> AsyncIterator[WorkerRuntime]:
    registry = BlockRegistry()
    for block in (Echo, Hang):
        registry.add(block)
    url = await engine.serve()
    settings = WorkerSettings(engine_url=url, state_dir=tmp_path / "worker", heartbeat_interval_s=0.3)
    worker = WorkerRuntime(settings, registry, NoDevices(), redactor=Redactor())
    running = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(worker.run())))
    async with asyncio.timeout(WAIT_S):
        while len(await engine.store.blocks.find()) < 2:
            await asyncio.sleep(0.01)
    yield worker
    worker.stop()
    assert await asyncio.wait_for(running, WAIT_S) == 0


async def start(engine: Engine, block: str) -> Run:
    workflow = load_workflow(WORKFLOW.replace("BLOCK", block)).workflow
    version = Version(major=1, minor=0, patch=0)
    await engine.store.definitions.save(
        NewDefinition(package=workflow.package, name=workflow.name, version=version, document=workflow.document())
    )
    return await engine.runs.start(
        ExecuteWorkflow(workflow=workflow.id, execute_on_parameters=RunTargets(), parameters={})
    )


async def follow(engine: Engine, run: Run, seen: Callable[[Event], bool] = lambda _: False) -> list[Event]:
    """The events up to the one that is wanted, or to the run's end."""
    events: list[Event] = []
    async with asyncio.timeout(WAIT_S):
        async for event in EventLog(engine.store).follow(run.id, idle_s=WAIT_S):
            assert event is not None
            events.append(event)
            if seen(event):
                break
    return events


async def test_a_run_completes_with_its_log_progress_and_artifacts(engine: Engine, worker: WorkerRuntime) -> None:
    run = await start(engine, "echo")

    events = await follow(engine, run)

    ended = await engine.store.runs.get(run.id)
    assert ended is not None
    assert ended.status is RunStatus.COMPLETED_ACK
    said = [(event.kind, event.data.get("message")) for event in events if event.kind is not EventKind.JOB]
    assert (EventKind.LOG, "about to speak") in said
    assert (EventKind.PROGRESS, "hello") in said
    assert (EventKind.PROGRESS, "hello again") in said
    assert [artifact.name for artifact in await engine.store.artifacts.find(run.id)] == ["said.txt", "said.txt"]


async def test_an_aborted_run_stops_its_job_on_the_worker(engine: Engine, worker: WorkerRuntime) -> None:
    run = await start(engine, "hang")
    await follow(engine, run, lambda event: event.kind is EventKind.PROGRESS and event.data["message"] == "waiting")

    await engine.runs.abort(run.id)
    await follow(engine, run)

    ended = await engine.store.runs.get(run.id)
    assert ended is not None
    assert ended.reason_code is ReasonCode.ABORTED
    next_run = await start(engine, "echo")
    await follow(engine, next_run)
    after = await engine.store.runs.get(next_run.id)
    assert after is not None
    assert after.status is RunStatus.COMPLETED_ACK
