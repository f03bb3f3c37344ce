"""NEOPS_RECORD_DIR: a worker keeps one transcript for each job."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from neops.cli.inventory import read_inventory
from neops.cms import import_batch
from neops.devices.transcript import CallLine, Transcript
from neops.engine.app import Engine
from neops.engine.events import EventLog
from neops.engine.store.changes import NewDefinition
from neops.engine.store.records import Version
from neops.engine.workflows.loading import load_workflow
from neops.protocol import ExecuteWorkflow, RunStatus, RunTargets
from neops.settings import EngineSettings
from neops.testing.simulator import SimulatedDevice, SimulatedNetwork

WAIT_S = 30.0
PASSWORD = "s3cret-of-all"
WORKFLOW = """
package: wf.example.io
name: who
label: who
majorVersion: 1
minorVersion: 0
patchVersion: 0
type: workflow
seedEntity: device
steps:
  - {type: functionBlock, label: facts, functionBlock: "core.neops.io/facts:1"}
"""


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    settings = EngineSettings(port=0, auth=False, database=f"sqlite:///{tmp_path / 'neops.db'}")
    async with Engine.open(settings) as engine:
        yield engine


@pytest.fixture
def inventory(tmp_path: Path) -> Iterator[str]:
    devices = [SimulatedDevice(name=name, platform="cisco_ios", password=PASSWORD) for name in ("r1", "r2")]
    with SimulatedNetwork(devices) as network:
        yield f"nornir:{network.write_inventory(tmp_path / 'inventory')}"


async def run_workflow(engine: Engine, inventory: str) -> set[str]:
    """See a run to its end; the ids of its jobs."""
    workflow, batch = load_workflow(WORKFLOW).workflow, read_inventory(inventory)
    version = Version(major=1, minor=0, patch=0)
    await engine.store.definitions.save(
        NewDefinition(package=workflow.package, name=workflow.name, version=version, document=workflow.document())
    )
    await engine.store.write(lambda connection, now: import_batch(connection, batch, now))
    async with asyncio.timeout(WAIT_S):
        while not await engine.store.blocks.find(name="facts"):
            await asyncio.sleep(0.02)
        wanted = ExecuteWorkflow(workflow=workflow.id, execute_on_parameters=RunTargets(query=""), parameters={})
        run = await engine.runs.start(wanted)
        async for _ in EventLog(engine.store).follow(run.id, idle_s=WAIT_S):
            pass
    assert (ended := await engine.store.runs.get(run.id)) is not None
    assert ended.status is RunStatus.COMPLETED_ACK, ended.reason
    return {job.id for job in await engine.store.jobs.find(run=run.id)}


@pytest.mark.slow
async def test_each_job_has_a_complete_transcript_of_its_own(engine: Engine, inventory: str, tmp_path: Path) -> None:
    folder = tmp_path / "transcripts"
    told = {"NEOPS_RECORD_DIR": str(folder), "NEOPS_STATE_DIR": str(tmp_path / "state"), "HOME": str(tmp_path)}
    url = await engine.serve()
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "neops", "worker", "--url", url),
        env={"PATH": os.environ["PATH"], **told},
        cwd=tmp_path,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        jobs = await run_workflow(engine, inventory)
    finally:
        worker.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(worker.wait(), WAIT_S)

    files = {file.name.removesuffix(".jsonl.zst"): Transcript.read(file) for file in folder.iterdir()}
    assert code == 0
    assert files.keys() == jobs
    assert {line.device for read in files.values() for line in read.devices} == {"r1", "r2"}
    for job, read in files.items():
        assert read.complete
        assert read.header.about == {"job": job}
        assert [event.method for event in read.events if isinstance(event, CallLine)] == ["get_facts"]
        assert PASSWORD not in "".join(event.model_dump_json() for event in read.events)
