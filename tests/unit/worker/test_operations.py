from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from neops.blocks import BlockError, BlockOutcome
from neops.devices import LoginStatistics, PoolStatistics
from neops.errors import SettingsInvalid
from neops.protocol import Extension
from neops.worker import WorkerRuntime
from neops.worker.meters import Meters, Standing, outcome_of
from neops.worker.operations import Operations

StartWorker = Callable[..., Awaitable[tuple[WorkerRuntime, Any]]]
MakeJob = Callable[..., dict[str, Any]]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
POOL = PoolStatistics(opened=7, reused=40, aborted=1, closed=2, open=4, idle=3, waiting=5)
LOGINS = LoginStatistics(failed=6, excluded=1, held_off=9, rate_limited=11, rate_waiting=2, breakers_open=3)


class Clock:
    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def meters(clock: Clock) -> Meters:
    return Meters(clock=clock)


@pytest.fixture
async def probed(meters: Meters) -> AsyncIterator[str]:
    """The address of an idle worker's operations, with a pool of devices."""

    def standing() -> Standing:
        return Standing(slots=8, jobs=3, undelivered=2, ping_every_s=20.0, devices=POOL, logins=LOGINS)

    async with Operations(meters, standing).serving("127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}"


async def fetch(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()


async def scrape(url: str) -> Samples:
    _, text = await fetch(f"{url}/metrics")
    return samples(text)


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def call(meters: Meters, path: str, *, status: int | None) -> None:
    """As aiohttp would tell it; no status: there was no answer."""
    (starts,), (answered,), (failed,) = _listeners(meters)
    session: Any = None
    told: Any = SimpleNamespace()
    await starts(session, told, SimpleNamespace(url=SimpleNamespace(path=path)))
    if status is None:
        await failed(session, told, SimpleNamespace(exception=TimeoutError()))
    else:
        await answered(session, told, SimpleNamespace(response=SimpleNamespace(status=status)))


def _listeners(meters: Meters) -> Any:
    tracing = meters.tracing()
    return tracing.on_request_start, tracing.on_request_end, tracing.on_request_exception


async def test_a_worker_at_work_is_healthy_ready_and_counts_its_jobs(
    engine: Any, start: StartWorker, job: MakeJob
) -> None:
    engine.extensions = [str(extension) for extension in Extension]
    engine.jobs = [[job("j1")], [job("j2", block="sleepy")]]

    worker, task = await start(metrics_port=0, concurrency=4)
    await engine.until(lambda: len(engine.results) == 2 and engine.of("/ping"))
    url = f"http://127.0.0.1:{worker.metrics_port}"
    await engine.until(lambda: engine.of("/ping"))
    healthy, ready, found = await fetch(f"{url}/healthz"), await fetch(f"{url}/readyz"), await scrape(url)
    worker.stop()
    await task

    echo, sleepy = ("block", "fb.demo.example/echo:1.0.0"), ("block", "fb.demo.example/sleepy:1.0.0")
    assert (healthy, ready) == ((200, "ok\n"), (200, "ok\n"))
    assert found["neops_worker_jobs_total", frozenset({echo, ("outcome", "success")})] == 1
    assert found["neops_worker_jobs_total", frozenset({sleepy, ("outcome", "errored")})] == 1
    assert found["neops_worker_job_duration_seconds_count", frozenset({echo})] == 1
    assert found["neops_worker_slots", frozenset()] == 4
    assert found["neops_worker_ready", frozenset()] == 1
    assert found["neops_worker_heartbeat_age_seconds", frozenset()] < 5
    polls = found["neops_worker_engine_call_duration_seconds_count", frozenset({("call", "poll"), ("outcome", "ok")})]
    assert polls >= 2


async def test_a_worker_that_waits_for_its_engine_is_healthy_but_not_ready(engine: Any, start: StartWorker) -> None:
    engine.status = {"/workers/register": [503] * 1000}
    worker, _ = await start(metrics_port=0)
    await engine.until(lambda: len(engine.of("/workers/register")) > 1)
    url = f"http://127.0.0.1:{worker.metrics_port}"

    assert await fetch(f"{url}/healthz") == (200, "ok\n")
    assert await fetch(f"{url}/readyz") == (503, "not registered with an engine, or about to leave\n")


async def test_without_a_port_nothing_listens(engine: Any, start: StartWorker) -> None:
    worker, _ = await start()
    await engine.until(lambda: engine.of("/blackboard/job"))

    assert worker.metrics_port is None


async def test_the_engine_s_absence_makes_a_worker_unready_until_it_answers_again(meters: Meters, probed: str) -> None:
    with meters.serving():
        await call(meters, "/prefix/blackboard/job", status=201)
        answered = await fetch(f"{probed}/readyz")
        await call(meters, "/prefix/blackboard/job", status=None)
        away = await fetch(f"{probed}/readyz")
        await call(meters, "/prefix/workers/w1/ping", status=201)
        back = await fetch(f"{probed}/readyz")

    assert (answered[0], back[0]) == (200, 200)
    assert away == (503, "the engine does not answer\n")


async def test_only_a_heartbeat_that_was_not_even_tried_is_unhealthy(meters: Meters, probed: str, clock: Clock) -> None:
    with meters.serving():
        await call(meters, "/workers/w1/ping", status=None)
        clock.time += 34
        in_time = await fetch(f"{probed}/healthz")
        clock.time += 2
        late = await fetch(f"{probed}/healthz")
    left = await fetch(f"{probed}/healthz")

    assert (in_time[0], left[0]) == (200, 200)
    assert late == (503, "no ping was tried for 36 s\n")


async def test_slots_outbox_and_device_pool_are_read_when_they_are_asked_for(probed: str) -> None:
    found = await scrape(probed)

    assert found["neops_worker_slots_used", frozenset()] == 3
    assert found["neops_worker_outbox_results", frozenset()] == 2
    assert found["neops_device_sessions", frozenset({("state", "idle")})] == 3
    assert found["neops_device_sessions", frozenset({("state", "in_use")})] == 1
    assert found["neops_device_operations_waiting", frozenset()] == 5
    assert found["neops_device_session_events_total", frozenset({("event", "reused")})] == 40
    assert found["neops_device_login_events_total", frozenset({("event", "failed")})] == 6
    assert found["neops_device_login_events_total", frozenset({("event", "held_off")})] == 9
    assert found["neops_device_logins_waiting", frozenset()] == 2
    assert found["neops_device_breakers_open", frozenset()] == 3


async def test_a_port_that_is_taken_is_named(meters: Meters, probed: str) -> None:
    port = int(probed.rpartition(":")[2])
    other = Operations(Meters(), lambda: Standing(slots=1, jobs=0, undelivered=0, ping_every_s=1, devices=None))

    with pytest.raises(SettingsInvalid, match=f"NEOPS_METRICS_PORT={port}: cannot listen on 127.0.0.1"):
        async with other.serving("127.0.0.1", port):
            pass


@pytest.mark.parametrize(
    ("outcome", "counted_as"),
    [
        (BlockOutcome(success=True), "success"),
        (BlockOutcome(success=False, message="too few neighbours"), "failed"),
        (BlockOutcome(success=False, error=BlockError(type="ValueError", message="bad")), "errored"),
        (BlockOutcome(success=False, error=BlockError(type="JobTimedOut", message="late")), "timed_out"),
        (BlockOutcome(success=False, error=BlockError(type="JobCancelled", message="stop")), "cancelled"),
        (BlockOutcome(success=False, error=BlockError(type="JobStuck", message="hung")), "stuck"),
    ],
)
def test_failures_of_the_network_and_errors_of_the_code_are_counted_apart(
    outcome: BlockOutcome, counted_as: str
) -> None:
    assert outcome_of(outcome) == counted_as


def test_two_workers_of_a_process_share_no_registry() -> None:
    assert isinstance(Meters().registry, CollectorRegistry)
    assert Meters().registry is not Meters().registry
