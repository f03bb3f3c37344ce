from __future__ import annotations

import asyncio
import gc
import logging

import pytest

from neops.concurrency import TaskScope, schedule_task


async def test_a_background_task_is_cancelled_when_its_job_ends() -> None:
    ended: list[str] = []

    async def watch() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("cleaned up")

    async with TaskScope() as scope:
        schedule_task(watch(), name="watch")
        await asyncio.sleep(0)
        assert scope.running == 1

    assert ended == ["cleaned up"]
    assert scope.running == 0


async def test_a_scheduled_task_can_be_awaited() -> None:
    async def fetch() -> int:
        return 7

    async with TaskScope():
        assert await schedule_task(fetch()) == 7


async def test_a_background_failure_is_logged_and_fails_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ConnectionRefusedError("r1")

    async with TaskScope() as scope:
        schedule_task(fail(), name="poller")
        while scope.running:
            await asyncio.sleep(0)

    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "a background task failed")
    assert vars(record)["task"] == "poller"


async def test_a_task_that_ignores_its_cancellation_is_reported_and_does_not_hold_the_job(
    caplog: pytest.LogCaptureFixture,
) -> None:
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async with TaskScope(grace_s=0.01):
        task = schedule_task(stubborn(), name="stubborn")
        await asyncio.sleep(0)

    assert "a background task ignores its cancellation" in caplog.text
    release.set()
    await task


async def test_a_task_outside_a_job_is_kept_until_it_ends() -> None:
    done: list[str] = []

    async def finish(gate: asyncio.Future[None]) -> None:
        await gate
        done.append("finished")

    def start() -> asyncio.Future[None]:
        gate = asyncio.get_running_loop().create_future()
        schedule_task(finish(gate))
        return gate

    gate = start()
    await asyncio.sleep(0)
    gc.collect()
    gate.set_result(None)
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert done == ["finished"]


async def test_scopes_nest_and_the_inner_one_owns_what_starts_inside() -> None:
    async with TaskScope() as outer:
        async with TaskScope() as inner:
            schedule_task(asyncio.sleep(60))
            assert (outer.running, inner.running) == (0, 1)
        schedule_task(asyncio.sleep(60))
        assert (outer.running, inner.running) == (1, 0)
