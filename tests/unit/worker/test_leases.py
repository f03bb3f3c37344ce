"""What a worker does with the leases of its jobs, at an engine that wants to hear of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from neops.logs.context import ContextFilter
from neops.protocol import Extension
from neops.worker import WorkerRuntime

StartWorker = Callable[..., Awaitable[tuple[WorkerRuntime, "asyncio.Task[int]"]]]
MakeJob = Callable[..., dict[str, Any]]
ALL = [str(extension) for extension in Extension]
DEVICE = {"id": 7, "hostname": "r1", "ip": "192.0.2.7"}


@pytest.fixture(autouse=True)
def an_engine_that_knows_leases(engine: Any) -> None:
    engine.extensions = ALL


async def test_a_ping_lists_the_jobs_that_run_and_the_results_that_wait(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any
) -> None:
    engine.status = {"/blackboard/job/result": [503] * 100_000}
    engine.jobs = [[job("j1", leaseToken="t1")], [job("j2", "hang", leaseToken="t2")]]

    await start(push_timeout_s=0.2)
    await gate.started.get()
    before = len(engine.of("/ping"))
    await engine.until(lambda: len(engine.of("/ping")) > before + 1)

    held = engine.of("/ping")[-1]["jobs"]
    assert {(one["jobId"], one["leaseToken"]) for one in held} == {("j1", "t1"), ("j2", "t2")}


async def test_a_job_begins_when_a_ping_that_lists_it_was_answered(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any
) -> None:
    engine.status = {"/workers/worker-1/ping": [200, 503, 503, 503]}
    await start()
    await engine.until(lambda: engine.of("/ping"))
    engine.status["/workers/worker-1/ping"] = [503, 503]
    await engine.give(job("j1", "hang", leaseToken="t1"))
    await engine.until(lambda: sum(1 for ping in engine.of("/ping") if ping["jobs"]) == 2)

    assert gate.started.empty()
    assert await asyncio.wait_for(gate.started.get(), 10) == "j1"
    assert sum(1 for ping in engine.of("/ping") if ping["jobs"]) >= 3


async def test_a_job_that_was_lost_before_it_began_is_forgotten(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any
) -> None:
    engine.lost = ["j1"]
    engine.jobs = [[job("j1", "hang", leaseToken="t1"), job("j2", leaseToken="t2")]]

    await start()
    await engine.until(lambda: engine.results)

    assert [result["jobExecutionId"] for result in engine.results] == ["j2"]
    assert gate.started.empty()


async def test_a_lost_job_is_stopped_at_once_and_says_why(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any, caplog: pytest.LogCaptureFixture
) -> None:
    engine.jobs = [[job("j1", "hang", leaseToken="t1")]]
    await start()
    await gate.started.get()

    engine.lost = ["j1"]
    await engine.until(lambda: engine.results)

    message = "the engine gave it up: another worker may be at the same device"
    assert engine.results[0]["result"]["message"] == message
    assert gate.ended == ["j1"]
    (line,) = [record for record in caplog.records if record.message == "the lease of a job is lost"]
    assert (vars(line)["job"], vars(line)["reason"]) == ("j1", message)


async def test_a_job_that_arrives_under_a_new_lease_ends_the_one_under_the_old(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any
) -> None:
    engine.jobs = [[job("j1", "hang", leaseToken="t1")]]
    await start(concurrency=2)
    await gate.started.get()

    await engine.give(job("j1", "hang", leaseToken="t2"))
    await engine.until(lambda: engine.results)

    assert engine.results[0]["leaseToken"] == "t1"
    assert engine.results[0]["result"]["message"] == "the engine has lent it anew"
    assert await asyncio.wait_for(gate.started.get(), 10) == "j1"


async def test_a_worker_that_was_declared_lost_closes_its_jobs_device_sessions(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any
) -> None:
    aborted: list[str] = []
    engine.jobs = [[job("j1", "hang", leaseToken="t1")]]
    await start(abort_devices=aborted.append)
    await gate.started.get()

    engine.forgotten = {"worker-1"}
    await engine.until(lambda: engine.results)

    assert set(aborted) == {"j1"}
    assert engine.results[0]["result"]["message"] == "the engine does not know this worker any more"


async def test_an_abort_arrives_at_once_on_the_held_channel(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any
) -> None:
    engine.jobs = [[job("j1", "hang", leaseToken="t1")]]
    await start(heartbeat_interval_s=30.0)
    await gate.started.get()
    await engine.until(lambda: engine.of("/cancellations"))
    pings = len(engine.of("/ping"))

    await engine.stop_jobs("j1")
    await engine.until(lambda: engine.results)

    assert engine.results[0]["result"]["message"] == "cancelled by the engine"
    assert len(engine.of("/ping")) == pings


async def test_a_job_that_is_being_stopped_is_not_asked_about_again(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any
) -> None:
    engine.jobs = [[job("j1", "hang"), job("j2", "hang")]]
    await start(concurrency=2)
    await gate.started.get()
    await gate.started.get()

    await engine.stop_jobs("j1")
    await engine.until(lambda: engine.results)
    await engine.until(lambda: len(engine.of("/cancellations")) == 2)
    await engine.stop_jobs("j2")
    await engine.until(lambda: len(engine.results) == 2)

    assert [query["known"] for query in engine.of("/cancellations")[:2]] == [[], ["j1"]]


async def test_an_idle_worker_does_not_ask_about_cancellations(engine: Any, start: StartWorker) -> None:
    await start()
    await engine.until(lambda: len(engine.of("/ping")) > 3)

    assert not engine.of("/cancellations")


async def test_jobs_about_one_device_run_one_after_the_other(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any
) -> None:
    def at(device_id: int) -> dict[str, Any]:
        context = {"devices": [DEVICE | {"id": device_id}], "deviceGroups": [], "interfaces": []}
        return {"runOn": "device", "entityId": device_id, "context": context}

    engine.jobs = [[job("j1", "hang", **at(7)), job("j2", "hang", **at(7)), job("j3", "hang", **at(8))]]
    await start(concurrency=3)
    assert {await gate.started.get(), await gate.started.get()} == {"j1", "j3"}
    assert gate.started.empty()

    await engine.stop_jobs("j1")

    assert await asyncio.wait_for(gate.started.get(), 10) == "j2"


async def test_a_job_that_waits_for_its_device_can_be_stopped(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any
) -> None:
    context = {"devices": [DEVICE], "deviceGroups": [], "interfaces": []}
    at_it: dict[str, Any] = {"runOn": "device", "entityId": 7, "context": context}
    engine.jobs = [[job("j1", "hang", **at_it), job("j2", "hang", **at_it)]]
    await start(concurrency=2)
    await gate.started.get()

    await engine.stop_jobs("j2")
    await engine.until(lambda: engine.results)

    assert [result["jobExecutionId"] for result in engine.results] == ["j2"]


async def test_a_job_that_waits_for_its_device_past_its_deadline_times_out(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any
) -> None:
    context = {"devices": [DEVICE], "deviceGroups": [], "interfaces": []}
    at_it: dict[str, Any] = {"runOn": "device", "entityId": 7, "context": context}
    engine.jobs = [[job("j1", "hang", **at_it), job("j2", "hang", remainingSeconds=0.1, **at_it)]]
    await start(concurrency=2)
    await engine.until(lambda: engine.results)

    (result,) = engine.results
    assert (result["jobExecutionId"], result["result"]["error"]["type"]) == ("j2", "JobTimedOut")
    assert gate.started.qsize() == 1


async def test_each_line_of_a_job_names_run_job_step_and_device(
    engine: Any, start: StartWorker, job: MakeJob, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    caplog.handler.addFilter(ContextFilter())
    context = {"devices": [DEVICE], "deviceGroups": [], "interfaces": []}
    about: dict[str, Any] = {"runOn": "device", "entityId": 7, "context": context, "workflowExecutionId": "run-1"}
    engine.jobs = [[job("j1", **about)]]

    await start()
    await engine.until(lambda: engine.results)

    (line,) = [vars(record) for record in caplog.records if record.message == "echoing"]
    assert (line["run"], line["job"], line["step"], line["device"]) == ("run-1", "j1", "s1", "r1")


async def test_results_arrive_in_the_order_in_which_jobs_ended(engine: Any, start: StartWorker, job: MakeJob) -> None:
    engine.status = {"/blackboard/job/result": [503] * 30}
    engine.jobs = [[job(f"j{number:02}") for number in range(20)]]

    await start()
    await engine.until(lambda: len(engine.results) >= 50)

    taken = [result["jobExecutionId"] for result in engine.results[30:]]
    assert taken == [f"j{number:02}" for number in range(20)]
