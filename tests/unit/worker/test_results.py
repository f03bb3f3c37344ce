"""What becomes of results that the engine does not take at once, or never."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from neops.worker import WorkerRuntime

StartWorker = Callable[..., Awaitable[tuple[WorkerRuntime, "asyncio.Task[int]"]]]
MakeJob = Callable[..., dict[str, Any]]


async def test_a_result_is_pushed_until_the_engine_takes_it(
    engine: Any, start: StartWorker, job: MakeJob, tmp_path: Path
) -> None:
    engine.status = {"/blackboard/job/result": [503, 408, 500]}
    engine.jobs = [[job("j1")]]

    worker, task = await start()
    await engine.until(lambda: len(engine.results) == 4)
    worker.stop()
    await task

    assert len({str(result) for result in engine.results}) == 1
    assert not list(tmp_path.rglob("*.json"))


async def test_a_result_of_a_job_that_has_another_one_is_dropped(
    engine: Any, start: StartWorker, job: MakeJob, tmp_path: Path
) -> None:
    engine.status = {"/blackboard/job/result": [409]}
    engine.jobs = [[job("j1")]]

    worker, task = await start()
    await engine.until(lambda: engine.results)
    worker.stop()

    assert await task == 0
    assert len(engine.results) == 1
    assert not list(tmp_path.rglob("*.json"))


async def test_a_refused_result_is_set_aside_for_people_and_its_job_ends_as_failed(
    engine: Any, start: StartWorker, job: MakeJob, tmp_path: Path
) -> None:
    engine.status = {"/blackboard/job/result": [413]}
    engine.jobs = [[job("j1")]]

    worker, task = await start()
    await engine.until(lambda: len(engine.results) == 2)
    worker.stop()
    await task

    (aside,) = tmp_path.rglob("*.refused")
    assert b'"status":"success"' in aside.read_bytes()
    instead = engine.results[1]
    assert (instead["jobExecutionId"], instead["status"]) == ("j1", "failed")
    assert "413" in instead["result"]["message"]
    assert not list(tmp_path.rglob("*.json"))


async def test_a_result_of_a_job_that_the_engine_does_not_know_is_set_aside_and_not_repeated(
    engine: Any, start: StartWorker, job: MakeJob, tmp_path: Path
) -> None:
    engine.status = {"/blackboard/job/result": [404]}
    engine.jobs = [[job("j1")]]

    worker, task = await start()
    await engine.until(lambda: engine.results)
    worker.stop()

    assert await task == 0
    assert len(engine.results) == 1
    assert len(list(tmp_path.rglob("*.refused"))) == 1


@pytest.mark.parametrize("status", [500, 401, 403])
async def test_a_result_that_the_engine_cannot_take_lets_others_pass_and_is_tried_again(
    engine: Any, start: StartWorker, job: MakeJob, tmp_path: Path, status: int
) -> None:
    engine.status = {"/blackboard/job/result": [status]}
    engine.jobs = [[job("j1")], [job("j2")]]

    worker, task = await start()
    await engine.until(lambda: len(engine.results) == 3)
    worker.stop()

    assert await task == 0
    assert [result["jobExecutionId"] for result in engine.results].count("j1") == 2
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize(("status", "unregistered"), [(503, False), (500, True)])
async def test_a_worker_that_leaves_results_on_disk_says_so_and_keeps_jobs_whose_leases_it_holds(
    engine: Any,
    start: StartWorker,
    job: MakeJob,
    tmp_path: Path,
    status: int,
    unregistered: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine.status = {"/blackboard/job/result": [status] * 100_000}
    engine.jobs = [[job("j1")]]

    worker, task = await start(push_timeout_s=0.1)
    await engine.until(lambda: "stays on disk" in caplog.text if status == 500 else engine.results)
    worker.stop()

    assert await task == 1
    assert len(list(tmp_path.rglob("*.json"))) == 1
    assert bool(engine.of("/unregister")) is unregistered


async def test_a_worker_that_cannot_deliver_takes_no_more_jobs(engine: Any, start: StartWorker, job: MakeJob) -> None:
    engine.status = {"/blackboard/job/result": [503] * 100_000}
    engine.jobs = [[job(f"j{number}")] for number in range(20)]

    await start(push_timeout_s=0.2)
    await engine.until(lambda: len(engine.jobs) <= 16)
    pings = len(engine.of("/ping"))
    await engine.until(lambda: len(engine.of("/ping")) >= pings + 5)

    assert len(engine.jobs) == 16


async def test_a_result_that_could_not_be_delivered_is_delivered_first_after_a_restart(
    engine: Any, start: StartWorker, job: MakeJob, tmp_path: Path
) -> None:
    engine.status = {"/blackboard/job/result": [503] * 1000}
    engine.jobs = [[job("j1")]]
    worker, task = await start(push_timeout_s=0.05)
    await engine.until(lambda: engine.results)
    worker.stop()
    assert await task == 1
    (kept,) = tmp_path.rglob("*.json")
    assert kept.stat().st_mode & 0o777 == 0o600

    engine.status.clear()
    engine.calls.clear()
    await start()
    await engine.until(lambda: engine.of("/blackboard/job"))

    paths = [call.path for call in engine.calls]
    assert paths.index("/blackboard/job/result") < paths.index("/blackboard/job")
    assert engine.results[0]["jobExecutionId"] == "j1"
    assert not list(tmp_path.rglob("*.json"))


async def test_a_result_that_rests_is_delivered_when_the_engine_is_back(
    engine: Any, start: StartWorker, job: MakeJob
) -> None:
    engine.status = {"/blackboard/job/result": [503] * 3}
    engine.jobs = [[job("j1")]]

    await start(push_timeout_s=0.001)

    await engine.until(lambda: len(engine.results) == 4)
