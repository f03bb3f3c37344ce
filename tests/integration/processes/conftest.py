"""Engines and workers as processes of their own, and a proxy between them that can be told to act."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

WAIT_S = 30.0
POLL_S = 0.02
BLOCKS = '''
import asyncio
import time
from pathlib import Path

from neops import (
    FunctionBlock, FunctionBlockParams, FunctionBlockResult, FunctionBlockResultData, Registration, WorkflowContext,
    register_function_block,
)


class Params(FunctionBlockParams):
    text: str
    journal: str
    until: str = ""
    seconds: float = 0.0


class Said(FunctionBlockResultData):
    text: str


def described(name, **flags):
    return Registration(name=name, package="fb.example.io", version=(1, 0, 0), description=name, run_on="global",
                        fb_type="execute", param_cls=Params, result_cls=Said, **flags)


async def mark(params):
    """Write the text down, then wait for a file."""
    with Path(params.journal).open("a") as journal:
        journal.write(params.text + "\\n")
    while params.until and not Path(params.until).exists():
        await asyncio.sleep(0.01)
    await asyncio.sleep(params.seconds)
    return FunctionBlockResult(success=True, message=params.text, data=Said(text=params.text))


@register_function_block(described("once"))
class Once(FunctionBlock[Params, Said]):
    async def run(self, params: Params, context: WorkflowContext):
        return await mark(params)


@register_function_block(described("again", is_idempotent=True))
class Again(FunctionBlock[Params, Said]):
    async def run(self, params: Params, context: WorkflowContext):
        return await mark(params)


@register_function_block(described("blocking"))
class Blocking(FunctionBlock[Params, Said]):
    async def run(self, params: Params, context: WorkflowContext):
        time.sleep(params.seconds)
        return FunctionBlockResult(success=True)
'''


async def eventually(happened: Callable[[], object], within_s: float = WAIT_S) -> None:
    """Wait until something is true that nobody tells us about."""
    async with asyncio.timeout(within_s):
        while not happened():
            await asyncio.sleep(POLL_S)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@dataclass
class Process:
    """A neops command that runs; what it prints is in a file."""

    popen: subprocess.Popen[bytes]
    output: Path

    def kill(self) -> None:
        """As a power cut would: no handler runs."""
        self.popen.kill()
        self.popen.wait(WAIT_S)

    def terminate(self) -> None:
        self.popen.send_signal(signal.SIGTERM)

    async def ended(self, within_s: float = WAIT_S) -> int:
        """The exit code."""
        await eventually(lambda: self.popen.poll() is not None, within_s)
        return int(self.popen.returncode)

    @property
    def said(self) -> str:
        return self.output.read_text()


Start = Callable[..., Process]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("processes")
    (folder / "blocks").mkdir()
    (folder / "blocks" / "probes.py").write_text(BLOCKS)
    (folder / "home").mkdir()
    return folder


@contextmanager
def starter(folder: Path) -> Iterator[Start]:
    """Starts `neops …`; all of it is ended at the end of the block."""
    started: list[Process] = []

    def start(*arguments: object, **variables: object) -> Process:
        output = folder / f"output-{time.monotonic_ns()}.log"
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder / "home"), "NO_COLOR": "1"}
        with output.open("wb") as file:
            popen = subprocess.Popen(
                [sys.executable, "-m", "neops", *map(str, arguments)],
                cwd=folder,
                env=environment | {name: str(value) for name, value in variables.items()},
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        started.append(Process(popen, output))
        return started[-1]

    try:
        yield start
    finally:
        for process in started:
            process.kill()


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts `neops …`; ended with the test."""
    with starter(folder) as start:
        yield start


@dataclass
class RunningEngine:
    """An engine process on a port of its own."""

    url: str
    launch: Callable[[], Process]
    process: Process

    def restart(self) -> None:
        self.process = self.launch()

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        async with aiohttp.ClientSession() as session, session.request(method, self.url + path, json=body) as answer:
            answer.raise_for_status()
            return await answer.json(content_type=None)

    async def answers(self) -> None:
        """Wait until it serves."""
        async with asyncio.timeout(WAIT_S):
            while True:
                try:
                    await self.call("GET", "/health")
                    return
                except aiohttp.ClientError:
                    await asyncio.sleep(POLL_S)

    async def run(self, *steps: Mapping[str, Any]) -> str:
        """Publish a workflow of these steps and start it; the run's id."""
        name = f"w{time.monotonic_ns()}"
        version = {"majorVersion": 1, "minorVersion": 0, "patchVersion": 0}
        workflow = {"type": "workflow", "package": "wf.example.io", "name": name, "label": "w", "seedEntity": "global"}
        await self.call(
            "POST", "/workflow-definition/publish", {"workflow": workflow | version | {"steps": list(steps)}}
        )
        wanted = {"workflow": f"wf.example.io/{name}:1", "executeOnParameters": {}, "parameters": {}}
        return str((await self.call("POST", "/workflow-execution", wanted))["uuid"])

    async def status(self, run: str) -> str:
        return str((await self.call("GET", f"/workflow-execution/id/{run}"))["status"])

    async def over(self, run: str) -> Any:
        """The run in its terminal state."""
        async with asyncio.timeout(WAIT_S):
            while not (await self.status(run)).endswith("_ack"):
                await asyncio.sleep(POLL_S)
        return await self.call("GET", f"/workflow-execution/id/{run}")

    async def events(self, run: str) -> list[Any]:
        return list(await self.call("GET", f"/workflow-execution/{run}/events?follow=false"))


StartEngine = Callable[..., RunningEngine]


@pytest.fixture(scope="module")
def start_engine(folder: Path) -> Iterator[StartEngine]:
    """Starts an engine whose leases are short; ended with the module's tests."""
    with starter(folder) as launch:

        def start(**variables: object) -> RunningEngine:
            port = free_port()
            database = f"sqlite:///{folder / f'engine-{port}.db'}"
            terms = {"NEOPS_FIRST_LEASE": 1, "NEOPS_LEASE": 2, "NEOPS_ENGINE_CANCEL_GRACE": 1} | variables

            def engine() -> Process:
                return launch("engine", "--no-auth", "--port", port, "--database", database, **terms)

            return RunningEngine(f"http://127.0.0.1:{port}", engine, engine())

        yield start


@dataclass
class Proxy:
    """Passes everything on, except where the test wants to do something first.

    `before` and `after` are called once, with the answer's body in `after`, for a request whose path ends so; True
    means that they were meant by it: the connection is cut.
    """

    target: str = ""
    url: str = ""
    before: dict[str, Callable[[bytes], bool]] = field(default_factory=dict)
    after: dict[str, Callable[[bytes], bool]] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if self._cut(self.before, request.path, body):
            raise ConnectionResetError
        headers = {"Content-Type": request.content_type}
        async with (
            aiohttp.ClientSession() as session,
            session.request(request.method, self.target + request.path_qs, data=body, headers=headers) as answer,
        ):
            content = await answer.read()
        if self._cut(self.after, request.path, content):
            raise ConnectionResetError
        return web.Response(status=answer.status, body=content, content_type=answer.content_type)

    @staticmethod
    def _cut(plans: dict[str, Callable[[bytes], bool]], path: str, body: bytes) -> bool:
        ending = next((ending for ending in plans if path.endswith(ending)), None)
        if ending is None or not plans[ending](body):
            return False
        del plans[ending]
        return True


async def serving(handler: Any, *, port: int = 0) -> tuple[web.AppRunner, str]:
    """Serve every path with one handler, which is cancelled when its client hangs up."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    proxy = Proxy()
    runner, proxy.url = await serving(proxy.handle)
    yield proxy
    await runner.cleanup()


@dataclass
class PlainEngine:
    """Knows what is published and nothing else: hands out `jobs`, one answer a poll, and remembers calls with times."""

    url: str = ""
    jobs: list[list[Any]] = field(default_factory=list)
    calls: list[tuple[float, str, Any]] = field(default_factory=list)

    def of(self, ending: str) -> list[Any]:
        return [body for _, path, body in self.calls if path.endswith(ending)]

    def times(self, ending: str) -> list[float]:
        return [at for at, path, _ in self.calls if path.endswith(ending)]

    async def handle(self, request: web.Request) -> web.Response:
        content = await request.read()
        body = json.loads(content) if content else None
        self.calls.append((time.monotonic(), request.path, body))
        return web.json_response(self._answer(request.path, body), status=200 if "/workers/w" in request.path else 201)

    def _answer(self, path: str, body: Any) -> Any:
        at = "2026-11-21T11:48:33.595Z"
        match path:
            case "/version/compatibility":
                checked = {"checkedLibrary": body["library"], "checkedVersion": body["version"]}
                return checked | {"compatible": True, "deprecated": False, "version": "1.0.0"}
            case "/workers/register":
                stamps = dict.fromkeys(("lastPingAt", "lastSeenAt", "createdAt", "updatedAt"), at)
                return body | stamps | {"uuid": "w1", "state": "online", "deletedAt": None}
            case "/blackboard/job":
                return self.jobs.pop(0) if self.jobs else []
        return {"success": True}


@pytest.fixture
async def plain_engine() -> AsyncIterator[PlainEngine]:
    engine = PlainEngine()
    runner, engine.url = await serving(engine.handle)
    yield engine
    await runner.cleanup()
