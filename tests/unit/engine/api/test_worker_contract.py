"""What a worker of the published contract sends, and what it has to get: status codes, bodies, tolerances."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from neops.engine.app import Engine
from neops.protocol import Extension, load_jobs


async def test_the_version_check_answers_201_and_names_our_extensions(client: Any) -> None:
    asked = {"version": "0.43.0-beta.2", "library": "neops_workflow_engine_client"}

    answer = await client.post("/version/compatibility", json=asked)

    body = answer.json()
    assert answer.status_code == 201
    assert (body["compatible"], body["deprecated"]) == (True, False)
    assert (body["checkedLibrary"], body["checkedVersion"]) == (asked["library"], asked["version"])
    assert {"heldPoll", "leaseToken", "cancel", "jobLog", "artifacts"} <= set(body["extensions"])
    assert set(body["extensions"]) == set(Extension)


async def test_registering_answers_201_with_the_worker_online_already(client: Any) -> None:
    asked = {"version": "0.2.0.beta.7", "name": "probe", "ipAddress": "127.0.0.1"}

    answer = await client.post("/workers/register", json=asked)

    body = answer.json()
    assert answer.status_code == 201
    assert asked.items() <= body.items()
    assert (body["state"], body["deletedAt"]) == ("online", None)
    assert body["lastPingAt"] == body["createdAt"] == body["updatedAt"] == body["lastSeenAt"]
    assert (await client.get("/workers/online")).json()[0]["uuid"] == body["uuid"]


async def test_each_registration_is_a_new_worker(client: Any) -> None:
    assert await client.joins(name="w") != await client.joins(name="w")


async def test_registering_a_block_answers_201_with_an_empty_body_each_time(client: Any) -> None:
    worker = await client.joins("facts")
    registration = {
        "name": "facts",
        "package": "fb.example.io",
        "majorVersion": 1,
        "minorVersion": 0,
        "patchVersion": 0,
        "workerId": worker,
        "description": "Reads facts",
        "fbType": "facts",
        "parameterJsonSchema": {},
        "resultDataJsonSchema": {},
    }

    answers = [await client.post("/function-blocks/register", json=registration) for _ in range(2)]

    assert [(answer.status_code, answer.content) for answer in answers] == [(201, b"")] * 2


async def test_a_poll_without_work_answers_201_and_an_empty_array(client: Any) -> None:
    worker = await client.joins("facts")

    answer = await client.post("/blackboard/job", json={"functionBlockIds": [], "workerId": worker, "waitSeconds": 0})

    assert (answer.status_code, answer.json()) == (201, [])
    assert answer.headers["content-type"] == "application/json"


async def test_a_published_worker_gets_a_job_with_exactly_the_keys_it_knows(client: Any) -> None:
    worker = await client.joins("facts")
    await client.publishes("collect")
    await client.runs(1)

    (job,) = await client.polls(worker)

    device = job["context"]["devices"][0]
    assert set(job) == {
        "functionBlockId",
        "jobId",
        "stepLabel",
        "parameters",
        "context",
        "type",
        "runOn",
        "entityId",
    }
    assert (job["functionBlockId"], job["stepLabel"]) == ("fb.example.io/facts:1.0.0", "collect")
    assert (job["type"], job["runOn"], job["entityId"]) == ("execute", "device", 1)
    assert set(job["context"]) == {"devices", "deviceGroups", "interfaces"}
    assert (device["id"], device["hostname"], device["password"]) == (1, "r1", "hunter2")


async def test_a_worker_that_knows_leases_gets_token_attempt_and_run(client: Any) -> None:
    worker = await client.joins("facts", extensions=["leaseToken"])
    await client.publishes("collect")
    run = await client.runs(1)

    (job,) = await client.polls(worker)

    assert (job["attempt"], job["workflowExecutionId"]) == (1, run["uuid"])
    assert job["leaseToken"]


async def test_a_result_answers_201_and_another_for_the_same_job_409(client: Any) -> None:
    worker = await client.joins("facts")
    await client.publishes("collect")
    await client.runs(1)
    (job,) = await client.polls(worker)

    first, second = await client.pushes(job), await client.pushes(job)

    assert (first.status_code, first.content) == (201, b"")
    assert (second.status_code, second.json()["statusCode"]) == (409, 409)


async def test_a_result_under_the_same_token_answers_201_again(client: Any) -> None:
    worker = await client.joins("facts", extensions=["leaseToken"])
    await client.publishes("collect")
    await client.runs(1)
    (job,) = await client.polls(worker)
    body = {
        "jobExecutionId": job["jobId"],
        "status": "success",
        "result": {"success": True},
        "leaseToken": job["leaseToken"],
    }

    answers = [await client.post("/blackboard/job/result", json=body) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]


async def test_a_ping_without_a_body_answers_200_and_404_when_the_worker_is_gone(client: Any) -> None:
    worker = await client.joins()

    known = await client.post(f"/workers/{worker}/ping", content=b"")
    await client.delete(f"/workers/{worker}")
    gone = await client.post(f"/workers/{worker}/ping", content=b"")

    assert (known.status_code, known.json()) == (200, {"success": True})
    assert gone.status_code == 404


async def test_unregistering_answers_200_and_a_ping_brings_the_worker_back(client: Any) -> None:
    worker = await client.joins()

    left = await client.post(f"/workers/{worker}/unregister", content=b"")
    offline = (await client.get(f"/workers/{worker}")).json()["state"]
    await client.post(f"/workers/{worker}/ping", content=b"")

    assert (left.status_code, left.json(), offline) == (200, {"success": True}, "offline")
    assert (await client.get(f"/workers/{worker}")).json()["state"] == "online"
    assert (await client.post("/workers/nobody/unregister")).status_code == 404


async def test_a_ping_names_the_jobs_to_stop(client: Any) -> None:
    worker = await client.joins("facts")
    await client.publishes("collect")
    run = await client.runs(1)
    (job,) = await client.polls(worker)

    await client.delete(f"/workflow-execution/{run['uuid']}")

    answer = await client.post(f"/workers/{worker}/ping")
    assert answer.json() == {"success": True, "cancel": [job["jobId"]]}


async def test_job_logs_answer_201_and_show_in_the_runs_events(client: Any) -> None:
    worker = await client.joins("facts")
    await client.publishes("collect")
    run = await client.runs(1)
    (job,) = await client.polls(worker)
    line = {
        "workflowId": "wf.example.io/w:1.0.0",
        "jobId": job["jobId"],
        "functionBlockId": job["functionBlockId"],
        "logEntry": "hello",
        "logLevel": "info",
        "timestamp": "2026-01-02T03:04:05.000Z",
    }

    answer = await client.post("/blackboard/job/log", json=line)

    events = (await client.get(f"/workflow-execution/{run['uuid']}/events?follow=false")).json()
    assert (answer.status_code, answer.content) == (201, b"")
    assert [event["message"] for event in events if event["kind"] == "log"] == ["hello"]


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/workers/register", {"version": 1}, "version"),
        ("/workers/register", {}, "version"),
        ("/blackboard/job", {"functionBlockIds": [], "workerId": "w", "limit": 0}, "limit"),
        ("/blackboard/job", {"functionBlockIds": [], "workerId": "w", "limit": "7"}, "limit"),
        ("/blackboard/job/result", {"jobExecutionId": "j", "status": "SUCCESS", "result": {"success": True}}, "status"),
        ("/function-blocks/register", {"name": "a/b", "package": "p"}, "name"),
    ],
)
async def test_a_malformed_body_answers_400_and_names_the_field(
    client: Any, path: str, body: dict[str, Any], named: str
) -> None:
    answer = await client.post(path, json=body)

    refused = answer.json()
    assert (answer.status_code, refused["statusCode"], refused["error"]) == (400, 400, "Bad Request")
    assert named in refused["message"]


async def test_a_body_that_is_no_json_answers_400(client: Any) -> None:
    for path in ("/blackboard/job", "/workers/register"):
        assert (await client.post(path, content=b"{")).status_code == 400


async def test_keys_that_nobody_knows_are_ignored(client: Any) -> None:
    assert (await client.post("/workers/register", json={"version": "1", "colour": "blue"})).status_code == 201


async def test_doubled_slashes_are_tolerated(client: Any) -> None:
    worker = await client.joins()

    assert (await client.post(f"http://engine//workers//{worker}/ping")).status_code == 200


async def test_polls_and_pushes_of_nobody_answer_404(client: Any) -> None:
    poll = await client.post("/blackboard/job", json={"functionBlockIds": [], "workerId": "nobody"})
    push = await client.pushes({"jobId": "nothing"})

    assert (poll.status_code, push.status_code) == (404, 404)


async def test_a_poll_that_waits_is_answered_when_a_run_starts(client: Any) -> None:
    worker = await client.joins("facts")
    await client.publishes("collect")
    polling = asyncio.create_task(client.polls(worker))
    await client.runs(1)

    assert len(await asyncio.wait_for(polling, 10)) == 1


async def test_our_answer_to_a_poll_is_read_by_our_own_messages(client: Any) -> None:
    worker = await client.joins("facts", extensions=[*Extension])
    await client.publishes("collect")
    await client.runs(1)
    name = {"name": "facts", "package": "fb.example.io", "majorVersion": 1, "minorVersion": 0, "patchVersion": 0}

    answer = await client.post(
        "/blackboard/job", json={"functionBlockIds": [name], "workerId": worker, "waitSeconds": 20}
    )

    (job,) = load_jobs(answer.content)
    assert getattr(job, "entity_id", None) == 1


async def test_an_engine_that_cannot_write_says_try_again_and_is_not_healthy(client: Any, engine: Engine) -> None:
    async def limit(pages: int) -> None:
        await engine.store.write(lambda connection, _: connection.exec_driver_sql(f"PRAGMA max_page_count={pages}"))

    await limit(1)
    refused = await client.post("/workers/register", json={"version": "1", "name": "w" * 1_000_000})
    unhealthy = await client.get("/health")
    await limit(2**32 - 2)
    await client.joins()

    assert (refused.status_code, unhealthy.status_code) == (503, 503)
    assert "free some space" in refused.json()["message"]
    assert (await client.get("/health")).status_code == 200
