"""What operators and tools call."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any


async def test_the_engine_says_that_it_is_healthy_and_which_version_it_is(client: Any) -> None:
    assert (await client.get("/health")).json() == {"healthy": True}
    assert set((await client.get("/version")).json()) == {"version"}
    assert isinstance((await client.get("/")).json(), str)
    assert (await client.get("/me")).json() == {"mode": "disabled", "anonymous": True}
    assert (await client.get("/license")).json()["limits"]["maxWorkers"] == "unlimited"
    assert "steps" in (await client.get("/schema")).json()["properties"]


async def test_the_interface_describes_itself(client: Any) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]

    assert {"/workers/register", "/workflow-execution/{id}/events", "/workflow-definition/publish"} <= paths.keys()


async def test_blocks_are_found_by_package_name_and_version(client: Any) -> None:
    worker = await client.joins("facts")

    block = (await client.get("/function-blocks/fb.example.io/facts/1.0.0")).json()
    registration = (await client.get("/function-blocks/registrations/fb.example.io/facts/1.0.0")).json()
    listed = (await client.get("/function-blocks/registrations/list?package=fb.example.io&populateWorkers=true")).json()
    offered = (await client.get("/function-blocks/fb.example.io/facts/1.0.0/workers")).json()

    assert (block["id"], block["isPure"]) == ("fb.example.io/facts:1.0.0", True)
    assert registration["functionBlock"] == block
    assert [one["workers"][0]["uuid"] for one in listed] == [worker]
    assert [one["uuid"] for one in offered] == [worker]
    assert (await client.get(f"/workers/{worker}/function-blocks")).json() == [block["id"]]


async def test_a_deleted_block_is_gone_until_it_is_registered_again(client: Any) -> None:
    await client.joins("facts")

    deleted = await client.delete("/function-blocks/fb.example.io/facts/1.0.0")
    gone = await client.get("/function-blocks/fb.example.io/facts/1.0.0")
    await client.joins("facts")

    assert (deleted.status_code, gone.status_code) == (200, 404)
    assert (await client.get("/function-blocks/fb.example.io/facts/1.0.0")).status_code == 200


async def test_workers_are_listed_with_their_blocks_when_asked(client: Any) -> None:
    await client.joins("facts")

    plain = (await client.get("/workers")).json()
    full = (await client.get("/workers?populateFunctionBlocks=true")).json()

    assert "functionBlockIds" not in plain[0]
    assert full[0]["functionBlockIds"] == ["fb.example.io/facts:1.0.0"]


async def test_offline_workers_can_be_cleaned_up(client: Any) -> None:
    left, stays = await client.joins(), await client.joins()
    await client.post(f"/workers/{left}/unregister")

    answer = await client.post("/workers/cleanup-offline")

    assert answer.json() == {"cleanedUpWorkerIds": [left], "failedJobCount": 0}
    assert [worker["uuid"] for worker in (await client.get("/workers")).json()] == [stays]
    assert len((await client.get("/workers?findDeleted=true")).json()) == 2


async def test_publishing_writes_once_and_tells_a_conflict(client: Any) -> None:
    await client.publishes("collect")
    listed = (await client.get("/workflow-definition")).json()
    document = listed[0]["workflowDefinition"]

    again = await client.post("/workflow-definition/publish", json={"workflow": document})
    other = await client.post("/workflow-definition/publish", json={"workflow": document | {"description": "other"}})
    broken = await client.post("/workflow-definition/publish", json={"workflow": {"type": "workflow"}})

    assert (again.status_code, again.json()["status"]) == (200, "unchanged")
    assert (other.status_code, other.json()["error"]) == (409, "VersionAlreadyPublished")
    assert (broken.status_code, broken.json()["error"]) == (400, "InvalidDocument")


async def test_a_body_of_another_type_is_refused_with_the_type_that_it_has_to_have(client: Any) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}  # what curl sends with -d

    refused = await client.post("/workflow-execution", content=b'{"workflow": "w"}', headers=form)

    assert refused.status_code == 400
    assert "Content-Type: application/json" in refused.json()["message"]


async def test_an_encoded_slash_in_an_id_belongs_to_the_id(client: Any) -> None:
    await client.publishes("collect")

    one = await client.get("/workflow-definition/wf.example.io%2Fw:1.0.0")
    newest = await client.get("/workflow-definition/find-by-semver/wf.example.io%2Fw:1")
    missing = await client.get("/workflow-definition/find-by-semver/wf.example.io%2Fw:2")

    assert one.json()["id"] == newest.json()["id"] == "wf.example.io/w:1.0.0"
    assert missing.status_code == 404


async def test_a_deleted_workflow_is_hidden_and_can_be_restored(client: Any) -> None:
    await client.publishes("collect")
    path = "/workflow-definition/wf.example.io%2Fw:1.0.0"

    deleted = await client.delete(path)
    hidden, shown = await client.get(path), await client.get(f"{path}?findDeleted=true")
    restored = await client.post(f"{path}/restore")

    assert [one.status_code for one in (deleted, hidden, shown, restored)] == [200, 404, 200, 200]
    assert (await client.get(path)).status_code == 200


async def test_a_run_is_started_followed_and_found_in_every_list(client: Any) -> None:
    worker = await client.joins("facts")
    await client.publishes("collect")
    run = await client.runs(1)
    (job,) = await client.polls(worker)
    await client.pushes(job, message="done", data={"os": "15.2"})

    entry = await client.ended(run["uuid"])

    assert (run["status"], run["workflowId"], run["executeOnParameters"]) == (
        "new",
        "wf.example.io/w:1.0.0",
        {"ids": [1]},
    )
    assert entry["status"] == "completed_ack"
    assert [device["hostname"] for device in entry["context"]["devices"]] == ["r1"]
    assert "hunter2" not in json.dumps(entry)
    for path in ("", "/active", "/state/completed_ack"):
        assert [one["uuid"] for one in (await client.get(f"/workflow-execution{path}")).json()] == [run["uuid"]]
    (shown,) = (await client.get("/blackboard/jobs?status=pushed")).json()
    assert (shown["jobId"], shown["resultMessage"], shown["resultData"]) == (job["jobId"], "done", {"os": "15.2"})
    assert (shown["resultStatus"], shown["workerId"], shown["retryCount"]) == ("success-ack", worker, 0)
    assert (await client.get(f"/blackboard/jobs/{job['jobId']}/result")).json()["data"] == {"os": "15.2"}


async def test_an_unknown_workflow_answers_404_and_a_taken_run_id_409(client: Any) -> None:
    await client.publishes("collect")
    wanted = {"workflow": "wf.example.io/w:1", "executeOnParameters": {"ids": [1]}, "parameters": {}}

    unknown = await client.post("/workflow-execution", json=wanted | {"workflow": "wf.example.io/other:1"})
    first, second = [
        await client.post("/workflow-execution", json=wanted | {"workflowExecutionId": "mine"}) for _ in range(2)
    ]

    assert [one.status_code for one in (unknown, first, second)] == [404, 201, 409]
    assert first.json()["uuid"] == "mine"


async def test_a_run_is_aborted_once_and_twice_and_unknown_ones_are_told_apart(client: Any) -> None:
    await client.joins("facts")
    await client.publishes("collect")
    run = await client.runs(1)

    aborted = await client.delete(f"/workflow-execution/{run['uuid']}")
    again = await client.delete(f"/workflow-execution/{run['uuid']}")
    entry = await asyncio.wait_for(client.ended(run["uuid"]), 20)

    assert (aborted.status_code, again.status_code) == (200, 200)
    assert (entry["status"], entry["reasonCode"]) == ("failed_safe_ack", "aborted")
    assert (await client.delete("/workflow-execution/nothing")).status_code == 404


async def test_events_stream_until_the_run_is_over_and_resume_by_number(client: Any) -> None:
    worker = await client.joins("facts")
    await client.publishes("collect")
    run = await client.runs(1)
    (job,) = await client.polls(worker)
    await client.pushes(job)

    stream = await client.get(f"/workflow-execution/{run['uuid']}/events")
    rest = await client.get(f"/workflow-execution/{run['uuid']}/events", headers={"Last-Event-ID": "3"})
    listed = (await client.get(f"/workflow-execution/{run['uuid']}/events?follow=false")).json()

    frames = [frame.splitlines() for frame in stream.text.strip().split("\n\n")]
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert [frame[0] for frame in frames] == [f"id: {number}" for number in range(1, len(frames) + 1)]
    assert [json.loads(frame[2].removeprefix("data: ")) for frame in frames] == listed
    assert frames[-1][1] == "event: run"
    assert listed[-1]["status"] == "completed_ack"
    assert rest.text.startswith("id: 4\n")


async def test_files_of_a_run_are_listed_and_downloaded(client: Any) -> None:
    worker = await client.joins("facts", extensions=["artifacts"])
    await client.publishes("collect")
    run = await client.runs(1)
    (job,) = await client.polls(worker)
    file = {
        "name": "config/r1 running.cfg",
        "mediaType": "text/html",
        "content": base64.b64encode(b"<b>hostname r1</b>").decode(),
    }
    body = {"jobExecutionId": job["jobId"], "status": "success", "result": {"success": True}, "artifacts": [file]}
    await client.post("/blackboard/job/result", json=body)

    (listed,) = (await client.get(f"/workflow-execution/{run['uuid']}/artifacts")).json()
    fetched = await client.get(f"/artifacts/{listed['id']}")

    assert (listed["name"], listed["size"], listed["jobId"]) == ("config/r1 running.cfg", 18, job["jobId"])
    assert fetched.content == b"<b>hostname r1</b>"
    assert fetched.headers["content-disposition"] == "attachment; filename*=utf-8''r1%20running.cfg"
    assert fetched.headers["x-content-type-options"] == "nosniff"
    assert (await client.get("/artifacts/nothing")).status_code == 404


async def test_an_unknown_path_answers_as_every_other_refusal(client: Any) -> None:
    answer = await client.get("/nothing/here")

    assert answer.status_code == 404
    assert set(answer.json()) == {"statusCode", "message", "error"}
