"""An engine that answers exactly as the published contract shows, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

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
from neops.concurrency import run_in_thread
from neops.entities import Device
from neops.logs import Redactor
from neops.settings import WorkerSettings
from neops.worker import Backoff, WorkerRuntime
from neops.worker.execution import abort_nothing

C = TypeVar("C")
WAIT_S = 20.0
QUICK = Backoff(first_s=0.01, most_s=0.02)
AT = "2026-11-21T11:48:33.595Z"


@dataclass
class Call:
    path: str
    body: Any
    headers: Mapping[str, str]


@dataclass
class StubEngine:
    """`jobs` are handed out one poll a time. `status` overrides the answer of a path, once or as often as listed."""

    extensions: list[str] = field(default_factory=list)
    jobs: list[list[Any]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    status: dict[str, list[int]] = field(default_factory=dict)
    cancel: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)
    registered: int = 0

    def __post_init__(self) -> None:
        self._changed = asyncio.Condition()

    def of(self, path: str) -> list[Any]:
        """Bodies of the calls whose path ends so."""
        return [call.body for call in self.calls if call.path.endswith(path)]

    @property
    def results(self) -> list[Any]:
        return self.of("/blackboard/job/result")

    async def until(self, happened: Callable[[], object]) -> None:
        """Wait for a call after which this is true."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: bool(happened())), WAIT_S)

    async def give(self, *jobs: Any) -> None:
        """Hand these out with the next poll."""
        async with self._changed:
            self.jobs.append(list(jobs))
            self._changed.notify_all()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.content_length else None
        async with self._changed:
            self.calls.append(Call(request.path, body, dict(request.headers)))
            self._changed.notify_all()
        path = request.path.removeprefix("/prefix")
        if planned := self.status.get(path):
            return web.json_response({"statusCode": planned[0], "message": "planned"}, status=planned.pop(0))
        return await self._answer(path, body)

    async def _answer(self, path: str, body: Any) -> web.Response:
        if path == "/version/compatibility":
            return web.json_response(self._compatibility(body), status=201)
        if path == "/workers/register":
            self.registered += 1
            uuid = f"worker-{self.registered}"
            answer = {"uuid": uuid, "state": "online", "lastPingAt": AT, "createdAt": AT, "updatedAt": AT}
            return web.json_response({**answer, "version": body["version"], "deletedAt": None}, status=201)
        if path.endswith("/ping"):
            if path.split("/")[2] in self.forgotten:
                return web.json_response({"statusCode": 404, "message": "gone"}, status=404)
            named = {"cancel": self.cancel, "lost": self.lost}
            return web.json_response({"success": True} | {key: ids for key, ids in named.items() if ids})
        if path.endswith("/cancellations"):
            return web.json_response({"cancel": await self._canceled(body)})
        if path.endswith("/unregister"):
            return web.json_response({"success": True})
        if path == "/blackboard/job":
            return web.json_response(await self._poll(body), status=201)
        return web.Response(status=201)

    def _compatibility(self, body: Any) -> dict[str, Any]:
        answer = {"compatible": True, "deprecated": False, "version": "1.0.0"}
        checked = {"checkedLibrary": body["library"], "checkedVersion": body["version"]}
        return answer | checked | ({"extensions": self.extensions} if self.extensions else {})

    async def _canceled(self, body: Any) -> list[str]:
        def fresh() -> list[str]:
            return [job for job in self.cancel if job not in body["known"]]

        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(fresh), body["waitSeconds"])
            except TimeoutError:
                return []
        return fresh()

    async def stop_jobs(self, *job_ids: str) -> None:
        """Want these stopped, from now on."""
        async with self._changed:
            self.cancel += job_ids
            self._changed.notify_all()

    async def _poll(self, body: Any) -> list[Any]:
        if not self.jobs and "waitSeconds" in body:
            async with self._changed:
                try:
                    await asyncio.wait_for(self._changed.wait_for(lambda: bool(self.jobs)), body["waitSeconds"])
                except TimeoutError:
                    return []
        return self.jobs.pop(0) if self.jobs else []


@pytest.fixture
async def engine() -> StubEngine:
    return StubEngine()


@pytest.fixture
async def url(engine: StubEngine) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("POST", "/{path:.*}", engine.handle)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


class EchoParams(FunctionBlockParams):
    text: str = ""


class EchoResult(FunctionBlockResultData):
    text: str


class Gate:
    """Lets the blocks of a test wait for the test, and tells the test what they do."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.started: asyncio.Queue[str] = asyncio.Queue()
        self.ended: list[str] = []

    def tell(self, text: str) -> None:
        self.loop.call_soon_threadsafe(self.started.put_nowait, text)


@pytest.fixture
async def gate() -> Gate:
    return Gate()


def registration(name: str, **flags: Any) -> Registration:
    return Registration(
        name=name,
        package="fb.demo.example",
        version=(1, 0, 0),
        description=name,
        run_on="global",
        fb_type="execute",
        param_cls=EchoParams,
        result_cls=EchoResult,
        **flags,
    )


@pytest.fixture
def registry(gate: Gate) -> BlockRegistry:
    @register_function_block(registration("echo", is_pure=True))
    class Echo(FunctionBlock[EchoParams, EchoResult]):
        async def run(self, params: EchoParams, context: WorkflowContext) -> FunctionBlockResult[EchoResult]:
            context.logger.info("echoing", extra={"text": params.text})
            context.progress(1, 2, "half")
            context.artifacts.save("echo.txt", params.text)
            return FunctionBlockResult(success=True, message="said", data=EchoResult(text=params.text))

    @register_function_block(registration("hang"))
    class Hang(FunctionBlock[EchoParams, EchoResult]):
        async def run(self, params: EchoParams, context: WorkflowContext) -> FunctionBlockResult[EchoResult]:
            gate.tell(params.text)
            try:
                await asyncio.Event().wait()
            finally:
                gate.ended.append(params.text)
            raise AssertionError("nobody sets it")

    @register_function_block(registration("sleepy"))
    class Sleepy(FunctionBlock[EchoParams, EchoResult]):
        @run_in_thread
        def run(self, params: EchoParams, context: WorkflowContext) -> FunctionBlockResult[EchoResult]:
            gate.tell(params.text)
            raise ConnectionRefusedError(f"boom requested {params.text}")

    @register_function_block(registration("blocking"))
    class Blocking(FunctionBlock[EchoParams, EchoResult]):
        async def run(self, params: EchoParams, context: WorkflowContext) -> FunctionBlockResult[EchoResult]:
            time.sleep(0.3)  # noqa: ASYNC251  # what a test is about
            return FunctionBlockResult(success=True, data=EchoResult(text="late"))

    blocks = BlockRegistry()
    for block in (Echo, Hang, Sleepy, Blocking):
        blocks.add(block)
    return blocks


class NoDevices:
    """A connector for blocks that need none."""

    def connect(self, device: Device, capability: object, *, job: str | None = None) -> Any:
        raise AssertionError("no block of these tests connects")

    connect_blocking = connect

    def served_by(self, device: Device) -> tuple[str, ...]:
        return ()


StartWorker = Callable[..., Awaitable[tuple[WorkerRuntime, "asyncio.Task[int]"]]]


@pytest.fixture
async def start(url: str, registry: BlockRegistry, tmp_path: Path) -> AsyncIterator[StartWorker]:
    running: list[tuple[WorkerRuntime, asyncio.Task[int]]] = []

    async def start_worker(
        *, abort_devices: Any = abort_nothing, backoff: Backoff = QUICK, **changes: Any
    ) -> tuple[WorkerRuntime, asyncio.Task[int]]:
        values = {
            "engine_url": url,
            "heartbeat_interval_s": 0.05,
            "poll_interval_s": 0.02,
            "held_poll_s": 5.0,
            "shutdown_timeout_s": 5.0,
            "startup_timeout_s": 2.0,
            "push_timeout_s": 2.0,
            "cancel_grace_s": 2.0,
            "state_dir": tmp_path,
        }
        worker = WorkerRuntime(
            WorkerSettings(**(values | changes)),
            registry,
            NoDevices(),
            redactor=Redactor(["hunter22"]),
            abort_devices=abort_devices,
            backoff=backoff,
        )
        task = asyncio.create_task(worker.run())
        running.append((worker, task))
        return worker, task

    yield start_worker
    for worker, task in running:
        worker.stop()
        worker.stop()
        await asyncio.wait_for(task, WAIT_S)


@pytest.fixture
def job() -> Callable[..., dict[str, Any]]:
    def make(job_id: str, block: str = "echo", **changes: Any) -> dict[str, Any]:
        return {
            "functionBlockId": f"fb.demo.example/{block}:1.0.0",
            "jobId": job_id,
            "stepLabel": "s1",
            "parameters": {"text": job_id},
            "context": {"devices": [], "deviceGroups": [], "interfaces": []},
            "type": "execute",
            "runOn": "global",
            "entityId": None,
        } | changes

    return make
