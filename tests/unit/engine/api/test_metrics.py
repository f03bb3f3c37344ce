from __future__ import annotations

import asyncio
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, str], float]


async def scraped(client: Any) -> Samples:
    """By the metric's name and the value of its only label."""
    answer = await client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_an_engine_counts_its_runs_open_jobs_workers_and_waiting_polls(client: Any) -> None:
    worker = await client.joins("facts")
    await client.publishes("only")
    before = await scraped(client)
    run = await client.runs(1, 2)
    (job,) = await client.polls(worker, limit=1)
    during = await scraped(client)
    await client.pushes(job)
    await client.pushes(*await client.polls(worker, limit=1))
    await client.ended(run["uuid"])
    after = await scraped(client)

    assert before["neops_engine_jobs", "pending"] == before["neops_engine_runs", "running"] == 0
    assert before["neops_engine_workers", "online"] == 1
    assert (during["neops_engine_jobs", "pending"], during["neops_engine_jobs", "polled"]) == (1, 1)
    assert during["neops_engine_runs", "running"] == 1
    assert (after["neops_engine_jobs", "pending"], after["neops_engine_jobs", "polled"]) == (0, 0)
    assert after["neops_engine_runs", "completed_ack"] == 1


async def test_a_poll_that_is_held_is_counted(client: Any) -> None:
    worker = await client.joins("facts")
    polling = asyncio.create_task(client.polls(worker))
    async with asyncio.timeout(10):
        while (await scraped(client))["neops_engine_polls_waiting", ""] != 1:
            await asyncio.sleep(0.01)

    polling.cancel()
