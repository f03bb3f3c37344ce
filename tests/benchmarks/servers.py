"""What engine and worker cost as they are deployed: one process each, HTTP on loopback."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

import aiohttp

from tests.benchmarks.fleet import Message
from tests.benchmarks.stack import Engine, engine, seconds, worker

SETTLE_S = 4.0
IDLE_S = 20.0
"""One heartbeat interval: a ping and a held poll fall into it."""
SINGLE_RUNS = 100
JOBS = 1000
SLOTS = 8
POLLERS = 4
FINAL = "completed_ack"
NAMED = {"package": "bench.neops.io", "name": "noop", "majorVersion": 1, "minorVersion": 0, "patchVersion": 0}
OFFER = NAMED | {
    "description": "noop",
    "runOn": "device",
    "fbType": "facts",
    "parameterJsonSchema": {},
    "resultDataJsonSchema": {},
    "isPure": True,
    "isIdempotent": True,
    "reversible": False,
    "markdownHelpText": "",
    "ownAcquire": False,
}


class IdleCost(Message):
    """Of a worker that waits: share of a core, and resident memory in MiB."""

    cpu: float
    rss_mib: float


class StartLatency(Message):
    """From the creation of a job to the first line of its block, seconds."""

    p50_s: float
    p99_s: float


def idle_cost() -> IdleCost:
    with engine(devices=1) as running, worker(running, slots=1) as pid:
        time.sleep(SETTLE_S)
        before, at = _cpu_s(pid), time.monotonic()
        time.sleep(IDLE_S)
        return IdleCost(cpu=(_cpu_s(pid) - before) / (time.monotonic() - at), rss_mib=_rss_mib(pid))


def start_latency() -> StartLatency:
    """One job at a time, each on a worker that waits for it."""
    with engine(devices=1) as running, worker(running, slots=SLOTS):
        for _ in range(SINGLE_RUNS):
            running.until(running.start_run([1]), FINAL, every_s=0.02)
        waits = [job["resultData"]["at"] - seconds(job["createdAt"]) for job in running.jobs()]
    cuts = quantiles(waits, n=100)
    return StartLatency(p50_s=cuts[49], p99_s=cuts[98])


def jobs_per_second() -> float:
    """From the creation of the jobs of one step to the end of the last."""
    with engine(devices=JOBS) as running, worker(running, slots=SLOTS):
        running.until(running.start_run(), FINAL)
        jobs = running.jobs()
    started = min(seconds(job["createdAt"]) for job in jobs)
    return len(jobs) / (max(seconds(job["finishedAt"]) for job in jobs) - started)


def polled_and_pushed_per_second(*, jobs: int, limit: int) -> float:
    """What the blackboard hands out and takes back, without anything run in between."""
    with engine(devices=jobs) as running:
        me = running.call("/workers/register", {"version": "1", "name": "bench", "ipAddress": "127.0.0.1"})["uuid"]
        running.call("/function-blocks/register", {**OFFER, "workerId": me})
        running.until(running.start_run(), "running")
        return asyncio.run(_drain(running, me, jobs, limit))


async def _drain(running: Engine, me: str, jobs: int, limit: int) -> float:
    async with aiohttp.ClientSession(running.url) as session:
        begun = time.perf_counter()
        taken = await asyncio.gather(*(_poll_and_push(session, me, limit) for _ in range(POLLERS)))
        lasted_s = time.perf_counter() - begun
    if sum(taken) != jobs:
        raise RuntimeError(f"{sum(taken)} of {jobs} jobs came")
    return jobs / lasted_s


async def _poll_and_push(session: aiohttp.ClientSession, worker: str, limit: int) -> int:
    question = {"functionBlockIds": [NAMED], "workerId": worker, "limit": limit, "waitSeconds": 0}
    taken = 0
    while jobs := await _post(session, "/blackboard/job", question):
        await asyncio.gather(*(_push(session, job) for job in jobs))
        taken += len(jobs)
    return taken


async def _push(session: aiohttp.ClientSession, job: dict[str, Any]) -> None:
    result = {"success": True, "message": "done", "data": {"at": 0.0}}
    await _post(
        session,
        "/blackboard/job/result",
        {"jobExecutionId": job["jobId"], "status": "success", "result": result},
    )


async def _post(session: aiohttp.ClientSession, path: str, body: object) -> Any:
    async with session.post(path, json=body) as answer:
        answer.raise_for_status()
        return await answer.json() if answer.content_length else None


def _cpu_s(pid: int) -> float:
    """User and system time of a process and its threads (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
