"""Our engine and a worker that sends exactly what the published one sends: bytes, headers, order, and nothing more."""

from __future__ import annotations

import asyncio
import json
from typing import Any

LEAVES_OUT = {"leaseToken", "attempt", "deadline", "remainingSeconds", "workflowExecutionId", "forwardResult"}


class PublishedWorker:
    """One connection, one call after the other."""

    def __init__(self, url: str) -> None:
        self._host, self._port = url.removeprefix("http://").split(":")

    async def post(self, path: str, body: bytes = b"") -> tuple[int, str, bytes]:
        """Status, content type and body."""
        reader, writer = await asyncio.open_connection(self._host, int(self._port))
        head = f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        async with asyncio.timeout(20):
            answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        top, _, content = answer.partition(b"\r\n\r\n")
        status, *lines = top.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        return int(status.split()[1]), headers.get("content-type", ""), content


async def test_a_published_worker_walks_from_the_version_check_to_leaving(wire: Any) -> None:
    worker = PublishedWorker(wire.url)

    status, kind, body = await worker.post(
        "/version/compatibility", b'{"version":"0.43.0-beta.2","library":"neops_workflow_engine_client"}'
    )
    assert (status, kind) == (201, "application/json")
    assert json.loads(body)["compatible"] is True

    status, kind, body = await worker.post(
        "/workers/register", b'{"version":"0.2.0.beta.7","name":"probe","ipAddress":"127.0.0.1"}'
    )
    registered = json.loads(body)
    assert (status, kind) == (201, "application/json")
    assert (registered["state"], registered["deletedAt"]) == ("online", None)
    assert registered["lastPingAt"]
    uuid = registered["uuid"]

    block = (
        '{"name":"facts","package":"fb.example.io","majorVersion":1,"minorVersion":0,"patchVersion":0,'
        f'"workerId":"{uuid}","description":"Changes entities","runOn":"device","fbType":"facts",'
        '"markdownHelpText":"No helptext provided","deprecated":false,'
        '"parameterJsonSchema":{"properties":{},"type":"object"},'
        '"resultDataJsonSchema":{"additionalProperties":false,"properties":{},"type":"object"},'
        '"isIdempotent":false,"isPure":false,"reversible":true}'
    )
    assert (await worker.post("/function-blocks/register", block.encode()))[0] == 201
    status, kind, body = await worker.post(f"/workers/{uuid}/ping")
    assert (status, json.loads(body)) == (200, {"success": True})

    run = await wire.runs()
    poll = (
        '{"functionBlockIds":[{"name":"facts","package":"fb.example.io","majorVersion":1,"minorVersion":0,'
        f'"patchVersion":0}}],"workerId":"{uuid}"}}'
    ).encode()
    kinds: list[tuple[str, str]] = []
    while (await wire.get(f"/workflow-execution/id/{run}"))["status"] != "completed_ack":
        status, kind, body = await worker.post("/blackboard/job", poll)
        assert (status, kind) == (201, "application/json")
        jobs = json.loads(body)
        assert len(jobs) <= 1
        for job in jobs:
            assert not LEAVES_OUT & job.keys()
            kinds.append((job["type"], job["runOn"]))
            clauses: dict[str, Any] = {"acquires": []} if job["type"] == "acquire" else {}
            result = {"jobExecutionId": job["jobId"], "status": "success", "result": {"success": True}} | clauses
            assert (await worker.post("/blackboard/job/result", json.dumps(result).encode()))[0] == 201
            # its answer was lost: the worker sends it again, and takes 409 for "the engine has it"
            assert (await worker.post("/blackboard/job/result", json.dumps(result).encode()))[0] == 409

    assert kinds == [("acquire", "device"), *[("execute", "device")] * 5]
    assert (await worker.post(f"/workers/{uuid}/unregister"))[0] == 200


async def test_a_published_workers_jobs_stay_its_own_as_long_as_it_pings(wire: Any, engine: Any) -> None:
    uuid = await wire.joins()
    await wire.runs()
    _, (job,) = await wire.post("/blackboard/job", wire.question(uuid))

    await wire.post(f"/workers/{uuid}/ping")
    await engine.store.jobs.sweep()

    result = {"jobExecutionId": job["jobId"], "status": "success", "result": {"success": True}}
    assert (await wire.post("/blackboard/job/result", result))[0] == 201
