from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from neops.protocol import Extension
from neops.worker import Backoff, WorkerRuntime

StartWorker = Callable[..., Awaitable[tuple[WorkerRuntime, "asyncio.Task[int]"]]]
MakeJob = Callable[..., dict[str, Any]]
ALL = [str(extension) for extension in Extension]


async def test_against_a_published_engine_only_published_keys_are_sent(
    engine: Any, start: StartWorker, job: MakeJob
) -> None:
    engine.jobs = [[job("j1")]]

    worker, task = await start(name="probe", ip_address="127.0.0.1")
    await engine.until(lambda: engine.results)
    worker.stop()

    assert await task == 0
    (register,) = engine.of("/workers/register")
    assert register.keys() == {"version", "name", "ipAddress"}
    assert {tuple(sorted(poll)) for poll in engine.of("/blackboard/job")} == {("functionBlockIds", "limit", "workerId")}
    assert engine.results == [
        {
            "jobExecutionId": "j1",
            "status": "success",
            "result": {"success": True, "message": "said", "data": {"text": "j1"}},
        }
    ]
    assert all("ownAcquire" not in block for block in engine.of("/function-blocks/register"))
    assert not engine.of("/blackboard/job/events")
    assert engine.calls[-1].path == "/workers/worker-1/unregister"


async def test_the_calls_come_in_the_order_of_the_contract(engine: Any, start: StartWorker) -> None:
    worker, task = await start()
    await engine.until(lambda: engine.of("/blackboard/job") and engine.of("/ping"))
    worker.stop()
    await task

    paths = [call.path for call in engine.calls]
    assert paths[:6] == ["/version/compatibility", "/workers/register", *["/function-blocks/register"] * 4]
    assert set(paths[6:8]) == {"/workers/worker-1/ping", "/blackboard/job"}
    assert all("Authorization" not in call.headers for call in engine.calls)
    ping = next(call for call in engine.calls if call.path.endswith("/ping"))
    assert (ping.headers["Content-Type"], ping.headers["Content-Length"]) == ("application/json", "0")


async def test_with_extensions_the_lease_token_logs_progress_and_artifacts_travel(
    engine: Any, start: StartWorker, job: MakeJob, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    engine.extensions = ALL
    engine.jobs = [[job("j1", leaseToken="t1", attempt=2, parameters={"text": "hunter22"})]]

    await start()
    await engine.until(lambda: engine.results)

    (result,) = engine.results
    assert result["leaseToken"] == "t1"
    assert result["artifacts"] == [{"name": "echo.txt", "mediaType": "text/plain", "content": "KioqKioqKio="}]
    events = [event for body in engine.of("/blackboard/job/events") for event in body["events"]]
    (line,) = [event for event in events if event["kind"] == "log" and "echoing" in event["message"]]
    assert line["message"] == "echoing text=********"
    assert (line["jobId"], line["leaseToken"], line["level"]) == ("j1", "t1", "INFO")
    (progress,) = [event for event in events if event["kind"] == "progress"]
    assert (progress["done"], progress["total"], progress["message"]) == (1, 2, "half")
    paths = [call.path for call in engine.calls]
    assert paths.index("/blackboard/job/events") < paths.index("/blackboard/job/result")
    assert all(poll["waitSeconds"] == 5 for poll in engine.of("/blackboard/job"))
    assert engine.of("/workers/register")[0]["extensions"] == ALL
    assert [block["ownAcquire"] for block in engine.of("/function-blocks/register")] == [False] * 4


async def test_a_password_among_the_parameters_is_masked_like_one_of_a_device(
    engine: Any, start: StartWorker, job: MakeJob
) -> None:
    secrets = {"enable_password": "Rotated-88", "snmp_community": "Mo-nitor", "community": "65000:100"}
    parameters = {"text": "Rotated-88 Mo-nitor 65000:100", "login": secrets}
    engine.jobs = [[job("j1", parameters=parameters)]]

    await start()
    await engine.until(lambda: engine.results)

    assert engine.results[0]["result"]["data"] == {"text": "******** ******** 65000:100"}


async def test_credentials_and_a_path_prefix_of_the_url_reach_the_engine(
    engine: Any, start: StartWorker, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    await start(engine_url=url.replace("http://", "http://ops:s%40crets@") + "/prefix/")
    await engine.until(lambda: engine.of("/blackboard/job"))

    assert {call.headers["Authorization"] for call in engine.calls} == {"Basic b3BzOnNAY3JldHM="}
    assert all(call.path.startswith("/prefix/") for call in engine.calls)
    assert "crets" not in caplog.text


async def test_a_block_that_raises_is_a_failed_result_and_the_next_job_runs(
    engine: Any, start: StartWorker, job: MakeJob
) -> None:
    engine.jobs = [[job("j1", "sleepy")], [job("j2")]]

    await start()
    await engine.until(lambda: len(engine.results) == 2)

    failed, fine = engine.results
    assert (failed["status"], failed["result"]["success"]) == ("failed", False)
    assert "boom requested" in failed["result"]["message"]
    assert fine["status"] == "success"


async def test_every_leased_job_is_answered_also_one_that_cannot_be_read(
    engine: Any, start: StartWorker, job: MakeJob
) -> None:
    engine.jobs = [[job("j1", runOn=""), job("j2", "unknown"), job("j3", context=None), job("j4")]]

    await start()
    await engine.until(lambda: len(engine.results) == 4)

    answers = {result["jobExecutionId"]: result for result in engine.results}
    assert [answers[one]["status"] for one in ("j1", "j2", "j3", "j4")] == ["failed", "failed", "failed", "success"]
    assert "runOn" in answers["j1"]["result"]["message"]
    assert "no block fb.demo.example/unknown:1.0.0" in answers["j2"]["result"]["message"]


async def test_one_undecodable_job_among_five_is_answered_with_the_reason_and_four_run(
    engine: Any, start: StartWorker, job: MakeJob
) -> None:
    jobs = [job(f"j{number}") for number in range(5)]
    engine.jobs = [[*jobs[:2], jobs[2] | {"stepLabel": "not-a-label", "runOn": 7}, *jobs[3:]]]

    await start(concurrency=5)
    await engine.until(lambda: len(engine.results) == 5)

    answers = {result["jobExecutionId"]: result for result in engine.results}
    assert [answers[f"j{number}"]["status"] for number in range(5)] == ["success"] * 2 + ["failed"] + ["success"] * 2
    assert answers["j2"]["result"]["message"].startswith("the worker cannot read this job: ")


async def test_an_engine_that_is_back_is_polled_as_soon_as_it_answers_a_ping(
    engine: Any, start: StartWorker, job: MakeJob
) -> None:
    engine.status = {"/blackboard/job": [503]}
    engine.jobs = [[job("j1")]]

    await start(backoff=Backoff(first_s=1000))

    await engine.until(lambda: engine.results)


async def test_it_asks_for_as_many_jobs_as_it_has_free_places(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any
) -> None:
    engine.extensions = ALL
    engine.jobs = [[job("j1", "hang")]]

    await start(concurrency=3)
    await gate.started.get()
    await engine.until(lambda: len(engine.of("/blackboard/job")) >= 2)

    assert [poll["limit"] for poll in engine.of("/blackboard/job")[:2]] == [3, 2]


async def test_a_worker_whose_places_are_taken_does_not_poll(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any
) -> None:
    engine.jobs = [[job("j1", "hang")]]

    await start()
    await gate.started.get()
    pings = len(engine.of("/ping"))
    await engine.until(lambda: len(engine.of("/ping")) >= pings + 3)

    assert len(engine.of("/blackboard/job")) == 1


async def test_a_ping_follows_at_once_when_jobs_arrive(engine: Any, start: StartWorker, job: MakeJob) -> None:
    engine.extensions = ALL

    await start(heartbeat_interval_s=30.0)
    await engine.until(lambda: engine.of("/ping") and engine.of("/blackboard/job"))
    await engine.give(job("j1"))

    await engine.until(lambda: len(engine.of("/ping")) == 2)


async def test_a_job_is_stopped_when_the_engine_says_so(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any
) -> None:
    engine.extensions = ALL
    engine.jobs = [[job("j1", "hang", leaseToken="t1")]]

    await start()
    await gate.started.get()
    engine.cancel = ["j1", "another"]
    await engine.until(lambda: engine.results)

    (result,) = engine.results
    assert (result["status"], result["result"]["message"]) == ("failed", "cancelled by the engine")
    assert result["result"]["error"]["type"] == "JobCancelled"
    assert gate.ended == ["j1"]


async def test_a_job_ends_at_its_deadline(engine: Any, start: StartWorker, job: MakeJob) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=0.1)
    engine.extensions = ALL
    engine.jobs = [[job("j1", "hang", leaseToken="t1", deadline=deadline.isoformat())]]

    await start()
    await engine.until(lambda: engine.results)

    assert engine.results[0]["result"]["error"]["type"] == "JobTimedOut"


async def test_a_stop_lets_running_jobs_end_and_pings_go_on_meanwhile(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any
) -> None:
    engine.jobs = [[job("j1", "hang")]]

    worker, task = await start(shutdown_timeout_s=0.3)
    await gate.started.get()
    worker.stop()
    pings = len(engine.of("/ping"))
    await engine.until(lambda: len(engine.of("/ping")) >= pings + 2)

    assert await task == 1
    assert engine.results[0]["result"]["message"] == "the worker was shut down"
    assert gate.ended == ["j1"]
    paths = [call.path for call in engine.calls if not call.path.endswith("/ping")]
    assert paths[-2:] == ["/blackboard/job/result", "/workers/worker-1/unregister"]


async def test_a_second_stop_leaves_at_once(engine: Any, start: StartWorker, job: MakeJob, gate: Any) -> None:
    engine.jobs = [[job("j1", "hang")]]

    worker, task = await start()
    await gate.started.get()
    worker.stop()
    worker.stop()

    assert await task == 1
    assert not engine.of("/unregister")


async def test_a_worker_that_the_engine_forgot_stops_its_jobs_and_registers_again(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any
) -> None:
    engine.jobs = [[job("j1", "hang")]]

    worker, task = await start()
    await gate.started.get()
    engine.forgotten = {"worker-1"}
    await engine.until(lambda: any(poll["workerId"] == "worker-2" for poll in engine.of("/blackboard/job")))

    assert gate.ended == ["j1"]
    worker.stop()
    assert await task == 0


async def test_an_engine_that_forgets_at_once_is_not_flooded_with_registrations(
    engine: Any, start: StartWorker
) -> None:
    engine.forgotten = {f"worker-{number}" for number in range(1000)}

    worker, task = await start(backoff=Backoff(first_s=30))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(engine.until(lambda: engine.registered > 1), 0.3)
    worker.stop()

    assert await task == 0


async def test_registering_again_can_be_switched_off(engine: Any, start: StartWorker) -> None:
    engine.forgotten = {"worker-1"}

    _, task = await start(register_again=False)

    assert await task == 1
    assert engine.registered == 1


async def test_an_engine_that_comes_up_late_is_waited_for(engine: Any, start: StartWorker) -> None:
    engine.extensions = ALL
    engine.status = {"/version/compatibility": [503, 503], "/workers/register": [503, 429]}

    await start()
    await engine.until(lambda: engine.of("/blackboard/job"))

    assert engine.of("/workers/register")[-1]["extensions"] == ALL


@pytest.mark.parametrize(
    ("path", "status", "left"),
    [
        ("/workers/register", 401, False),
        ("/workers/register", 403, False),
        ("/workers/register", 404, False),
        ("/function-blocks/register", 400, True),
    ],
)
async def test_a_refusal_at_the_start_ends_the_worker(
    engine: Any, start: StartWorker, path: str, status: int, left: bool, caplog: pytest.LogCaptureFixture
) -> None:
    engine.status = {path: [status] * 4}

    _, task = await start()

    assert await task == 1
    assert bool(engine.of("/unregister")) is left
    assert f"the engine answers {status} to {path}: planned" in vars(caplog.records[-1])["reason"]


async def test_a_block_that_the_engine_refuses_is_reported_and_the_others_are_offered(
    engine: Any, start: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    engine.status = {"/function-blocks/register": [201, 400]}

    await start()
    await engine.until(lambda: engine.of("/blackboard/job"))

    offered = {block["name"] for block in engine.of("/blackboard/job")[0]["functionBlockIds"]}
    assert offered == {"echo", "sleepy", "blocking"}
    (refused,) = [record for record in caplog.records if record.message == "the engine refuses a block"]
    assert vars(refused)["block"] == "fb.demo.example/hang:1.0.0"


async def test_a_block_that_the_engine_knows_already_is_fine(engine: Any, start: StartWorker) -> None:
    engine.status = {"/function-blocks/register": [409, 409, 409]}

    await start()

    await engine.until(lambda: engine.of("/blackboard/job"))


async def test_an_engine_that_cannot_be_reached_in_time_ends_the_worker(start: StartWorker) -> None:
    _, task = await start(engine_url="http://127.0.0.1:9", startup_timeout_s=0.05)

    assert await task == 1


async def test_a_failed_poll_is_tried_again(engine: Any, start: StartWorker, job: MakeJob) -> None:
    engine.status = {"/blackboard/job": [500, 403, 404, 200]}
    engine.jobs = [[job("j1")]]

    await start()

    await engine.until(lambda: engine.results)


async def test_a_refused_poll_is_followed_by_a_ping_that_tells_whether_the_worker_is_known(
    engine: Any, start: StartWorker
) -> None:
    await start(heartbeat_interval_s=30.0)
    await engine.until(lambda: engine.of("/ping") and engine.of("/blackboard/job"))

    engine.forgotten = {"worker-1"}
    engine.status = {"/blackboard/job": [404]}

    await engine.until(lambda: engine.registered == 2)


async def test_a_worker_that_waits_for_its_engine_can_be_stopped(engine: Any, start: StartWorker) -> None:
    engine.status = {"/workers/register": [503] * 10_000}

    worker, task = await start(startup_timeout_s=60.0)
    await engine.until(lambda: engine.of("/workers/register"))
    worker.stop()

    assert await task == 0


async def test_a_worker_stopped_while_it_offers_its_blocks_unregisters(engine: Any, start: StartWorker) -> None:
    engine.status = {"/function-blocks/register": [503] * 10_000}

    worker, task = await start(startup_timeout_s=60.0)
    await engine.until(lambda: engine.of("/function-blocks/register"))
    worker.stop()
    await task

    assert engine.calls[-1].path == "/workers/worker-1/unregister"


async def test_leaving_at_once_cancels_what_runs(engine: Any, start: StartWorker, job: MakeJob, gate: Any) -> None:
    engine.jobs = [[job("j1", "hang")]]

    worker, task = await start()
    await gate.started.get()
    worker.stop()
    worker.stop()
    await task

    async with asyncio.timeout(10):
        while gate.ended != ["j1"]:
            await asyncio.sleep(0.001)


async def test_an_incompatible_engine_ends_the_worker(engine: Any, start: StartWorker, monkeypatch: Any) -> None:
    answer = engine._compatibility
    monkeypatch.setattr(engine, "_compatibility", lambda body: answer(body) | {"compatible": False})

    _, task = await start()

    assert await task == 1
    assert engine.registered == 0


async def test_a_block_that_blocks_its_loop_is_reported_in_the_jobs_log(
    engine: Any, start: StartWorker, job: MakeJob, registry: Any
) -> None:
    engine.extensions = ALL
    engine.jobs = [[job("j1", "blocking")]]

    await start(blocking_threshold_s=0.05)
    await engine.until(lambda: engine.results)

    lines = [event["message"] for body in engine.of("/blackboard/job/events") for event in body["events"]]
    (line,) = [line for line in lines if line.startswith("the event loop is blocked")]
    assert "conftest.py" in line
    assert "function=registry.<locals>.Blocking.run" in line


async def test_a_devices_secrets_do_not_show_in_what_people_read(
    engine: Any, start: StartWorker, job: MakeJob, caplog: pytest.LogCaptureFixture
) -> None:
    options = '{"netmiko": {"extras": {"secret": "enable-me"}}}'
    device = {"id": 7, "hostname": "r1", "ip": "192.0.2.7", "password": "pa55w0rd", "connectionOptions": options}
    context = {"devices": [device], "deviceGroups": [], "interfaces": []}
    engine.extensions = ALL
    engine.jobs = [[job("pa55w0rd enable-me", "sleepy", context=context)]]

    await start()
    await engine.until(lambda: engine.results)

    (result,) = engine.results
    assert "boom requested ******** ********" in result["result"]["message"]
    assert "pa55w0rd" not in str(result["result"])
