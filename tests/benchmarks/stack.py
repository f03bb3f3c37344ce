"""An engine and a worker as processes of their own, on a database with devices and one workflow of one step."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from neops.cms import import_batch
from neops.engine.store.changes import NewDefinition
from neops.engine.store.records import Version
from neops.engine.store.sqlite import SqliteStore
from neops.engine.workflows.loading import load_workflow
from neops.entities import EntityBatch, NewDevice

BLOCK = "bench.neops.io/noop:1.0.0"
WORKFLOW = f"""
package: bench.neops.io
name: sweep
label: sweep
majorVersion: 1
minorVersion: 0
patchVersion: 0
type: workflow
seedEntity: device
steps:
  - {{type: functionBlock, label: only, functionBlock: "{BLOCK}", parameters: {{}}}}
"""
WAIT_S = 120.0
STOP_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A running engine."""

    url: str
    folder: Path

    def start_run(self, ids: Sequence[int] | None = None) -> str:
        """Start a run on these devices, or on all; its id."""
        targets = {"query": ""} if ids is None else {"ids": list(ids)}
        body = {"workflow": "bench.neops.io/sweep:1.0.0", "executeOnParameters": targets, "parameters": {}}
        return str(self.call("/workflow-execution", body)["uuid"])

    def until(self, run: str, *statuses: str, every_s: float = 0.5) -> None:
        """Wait until a run is in one of these states. Each look costs the engine as much as the run has devices."""
        limit = time.monotonic() + WAIT_S
        while (status := self.call(f"/workflow-execution/id/{run}")["status"]) not in statuses:
            if time.monotonic() > limit or status.startswith("failed"):
                raise RuntimeError(f"the run is {status} instead of {' or '.join(statuses)}")
            time.sleep(every_s)

    def jobs(self) -> list[dict[str, Any]]:
        """All jobs, as an operator gets them."""
        found: list[dict[str, Any]] = self.call("/blackboard/jobs")
        return found

    def call(self, path: str, body: object = None) -> Any:
        """POST a body, GET without one."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            return json.loads(answer.read() or b"null")


@contextmanager
def engine(*, devices: int) -> Iterator[Engine]:
    """An engine whose CMS has this many devices."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = folder / "neops.db"
        asyncio.run(_fill(database, devices))
        command = ["engine", "--port", "0", "--no-auth", "--database", f"sqlite:///{database}"]
        with neops_process(command, folder) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            if "http://" not in line:
                raise RuntimeError(f"the engine did not start: {folder / 'engine.log'}")
            yield Engine(url=line.split()[4], folder=folder)


@contextmanager
def worker(engine: Engine, *, slots: int) -> Iterator[int]:
    """A worker with the block of the workflow; its process id, once the engine knows its block."""
    blocks = Path(__file__).parent / "blocks"
    command = ["worker", "--url", engine.url, "--blocks", str(blocks), "--concurrency", str(slots)]
    with neops_process(command, engine.folder) as process:
        limit = time.monotonic() + WAIT_S
        while all(BLOCK not in one["functionBlockIds"] for one in engine.call("/workers?populateFunctionBlocks=true")):
            if time.monotonic() > limit or process.poll() is not None:
                raise RuntimeError(f"the worker did not start: {engine.folder / 'worker.log'}")
            time.sleep(0.05)
        yield process.pid


@contextmanager
def neops_process(arguments: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """`neops …`, its log in the folder; ended with SIGTERM."""
    with ExitStack() as stack:
        log = stack.enter_context((folder / f"{arguments[0]}.log").open("w"))
        environment = os.environ | {"NEOPS_STATE_DIR": str(folder / "state"), "HOME": str(folder)}
        process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "neops", *arguments],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
            )
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


async def _fill(database: Path, devices: int) -> None:
    store = await SqliteStore.open(database)
    try:
        batch = EntityBatch(devices=tuple(NewDevice(hostname=f"r{number}") for number in range(devices)))
        await store.write(lambda connection, now: import_batch(connection, batch, now))
        workflow = load_workflow(WORKFLOW).workflow
        version = Version(major=1, minor=0, patch=0)
        await store.definitions.save(
            NewDefinition(package=workflow.package, name=workflow.name, version=version, document=workflow.document())
        )
    finally:
        await store.close()


def seconds(stamp: str) -> float:
    """A time of the API as seconds since the epoch."""
    return datetime.fromisoformat(stamp).timestamp()
