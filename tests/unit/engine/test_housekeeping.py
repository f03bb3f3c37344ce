from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from neops.engine.artifacts import ArtifactFiles
from neops.engine.blackboard import Blackboard, LeaseTerms
from neops.engine.housekeeping import TICK_S, Housekeeping
from neops.engine.store.port import Store
from neops.engine.store.records import RunId
from neops.protocol import JobStatus


class Woken:
    def __init__(self) -> None:
        self.runs: list[RunId] = []

    def __call__(self, run: RunId) -> None:
        self.runs.append(run)


@pytest.fixture
def woken() -> Woken:
    return Woken()


@pytest.fixture
def housekeeping(store: Store, woken: Woken, tmp_path: Path) -> Housekeeping:
    async def no_secrets(_: Any) -> dict[int, Any]:
        return {}

    board = Blackboard(store, ArtifactFiles(tmp_path), no_secrets, LeaseTerms())
    return Housekeeping(store, board, woken)


async def test_a_run_is_woken_when_its_time_has_come_and_not_before(
    housekeeping: Housekeeping, world: Any, clock: Any, woken: Woken
) -> None:
    run = await world.change(await world.run(), wake_after=timedelta(seconds=0.5))

    pause_s = await housekeeping.once()
    early = list(woken.runs)
    clock.turn(seconds=0.5)
    await housekeeping.once()

    assert (early, woken.runs) == ([], [run.id])
    assert pause_s == 0.5


async def test_it_looks_again_soon_also_when_nothing_is_due(housekeeping: Housekeeping) -> None:
    assert await housekeeping.once() == TICK_S


async def test_lost_jobs_are_ended(housekeeping: Housekeeping, world: Any, clock: Any, store: Store) -> None:
    block, worker = await world.block(), await world.worker()
    await world.run(world.job(block))
    await world.claim(worker, block, lease_s=10)

    clock.turn(seconds=10)
    await housekeeping.once()

    assert [job.status for job in await store.jobs.find()] == [JobStatus.PUSHED]


async def test_workers_silent_for_a_day_are_deleted(
    housekeeping: Housekeeping, world: Any, clock: Any, store: Store
) -> None:
    await world.worker()

    clock.turn(hours=25)
    await housekeeping.once()

    assert await store.workers.find() == []
    assert len(await store.workers.find(deleted=True)) == 1
