"""The engine behind a real socket."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import Any

import aiohttp
import pytest

from neops.engine.app import KEEP_ALIVE_S, Engine
from neops.protocol import JobStatus
from neops.settings import EngineSettings


async def test_a_run_goes_through_over_http_with_a_worker_of_the_published_contract(wire: Any) -> None:
    worker = await wire.joins()
    run = await wire.runs()
    for _ in range(5):
        status, (job,) = await wire.post("/blackboard/job", wire.question(worker))
        assert status == 201
        result = {"jobExecutionId": job["jobId"], "status": "success", "result": {"success": True, "message": "done"}}
        assert (await wire.post("/blackboard/job/result", result))[0] == 201

    async with wire.session.get(f"{wire.url}/workflow-execution/{run}/events") as stream:
        events = [json.loads(line[6:]) async for line in stream.content if line.startswith(b"data: ")]

    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["status"] == "completed_ack"
    assert (await wire.get(f"/workflow-execution/id/{run}"))["status"] == "completed_ack"


async def test_a_worker_that_drops_its_connection_in_a_held_poll_loses_no_job(wire: Any, engine: Engine) -> None:
    worker = await wire.joins()
    for _ in range(10):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await wire.post("/blackboard/job", wire.question(worker, waitSeconds=20))
    run = await wire.runs()
    while len(jobs := await engine.store.jobs.find()) < 5:
        await asyncio.sleep(0)

    assert {job.status for job in jobs} == {JobStatus.PENDING}
    assert len((await wire.post("/blackboard/job", wire.question(worker, waitSeconds=20, limit=10)))[1]) == 5
    await wire.session.delete(f"{wire.url}/workflow-execution/{run}")


async def test_an_empty_post_with_a_content_type_is_fine(wire: Any) -> None:
    worker = await wire.joins()
    headers = {"Content-Type": "application/json", "Content-Length": "0"}

    async with wire.session.post(f"{wire.url}//workers/{worker}/ping", headers=headers) as answer:
        assert answer.status == 200


async def test_connections_stay_open_longer_than_clients_reuse_them(wire: Any) -> None:
    host, port = wire.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for _ in range(2):
        writer.write(b"GET /health HTTP/1.1\r\nHost: engine\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(b'{"healthy":true}'))
        assert head.startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()

    assert KEEP_ALIVE_S >= 75


async def test_answers_leave_at_once(wire: Any) -> None:
    """Nagle's algorithm would hold each answer back for 40 ms."""
    loop, took_s = asyncio.get_running_loop(), []
    await wire.get("/version")
    for _ in range(50):
        started = loop.time()
        await wire.get("/version")
        took_s.append(loop.time() - started)

    assert sorted(took_s)[12] < 0.03  # the quickest quarter: a busy machine holds some back, too


async def test_stopping_ends_held_polls_and_followers_in_time(settings: EngineSettings) -> None:
    async with aiohttp.ClientSession() as session:
        async with Engine.open(settings) as engine:
            url = await engine.serve()
            async with session.post(f"{url}/workers/register", json={"version": "1"}) as answer:
                worker = (await answer.json())["uuid"]
            poll = {"functionBlockIds": [], "workerId": worker, "waitSeconds": 20}
            polling = asyncio.create_task(session.post(f"{url}/blackboard/job", json=poll))
            await asyncio.sleep(0.05)
        answer = await asyncio.wait_for(polling, 5)
        assert await answer.json() == []


async def test_the_process_keeps_its_own_signal_handlers(engine: Engine) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    await engine.serve()

    assert [signal.getsignal(number) for number in numbers] == before


async def test_a_run_goes_on_after_the_engine_was_started_again(
    wire: Any, engine: Engine, settings: EngineSettings
) -> None:
    worker = await wire.joins(extensions=["leaseToken"])
    run = await wire.runs()
    _, jobs = await wire.post("/blackboard/job", wire.question(worker, waitSeconds=20, limit=5))
    await engine.stop()
    await engine.store.close()

    async with Engine.open(settings) as again:
        wire.url = await again.serve()
        for job in jobs:
            result = {
                "jobExecutionId": job["jobId"],
                "leaseToken": job["leaseToken"],
                "status": "success",
                "result": {"success": True},
            }
            assert (await wire.post("/blackboard/job/result", result))[0] == 201
        async with wire.session.get(f"{wire.url}/workflow-execution/{run}/events") as stream:
            await stream.read()
        assert (await wire.get(f"/workflow-execution/id/{run}"))["status"] == "completed_ack"
