"""A worker that is killed at the worst moments, and an engine that goes away: no result is lost, nothing runs twice."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

WAIT_S = 40.0


class Scene:
    """One journal, one worker at a time, behind the proxy."""

    def __init__(self, engine: Any, proxy: Any, start: Any, folder: Path, tmp_path: Path) -> None:
        self.engine, self.proxy = engine, proxy
        self._start, self._folder, self._state = start, folder, tmp_path / "state"
        self._journal = tmp_path / "journal"
        self.go = tmp_path / "go"
        proxy.target = engine.url
        self.worker = self.start_worker()

    def start_worker(self, **variables: object) -> Any:
        self.worker = self._start(
            "worker",
            *("--blocks", self._folder / "blocks", "--url", self.proxy.url),
            **({"HEARTBEAT_INTERVAL": 0.4, "NEOPS_STATE_DIR": self._state} | variables),
        )
        return self.worker

    def step(self, block: str, label: str = "s1", **parameters: Any) -> dict[str, Any]:
        given = {"text": label, "journal": str(self._journal)} | parameters
        kind = {"type": "functionBlock", "label": label, "functionBlock": f"fb.example.io/{block}:1"}
        return kind | {"parameters": given}

    @property
    def journal(self) -> list[str]:
        """What ran, in order."""
        return self._journal.read_text().split() if self._journal.exists() else []

    @property
    def outbox(self) -> list[Path]:
        return [path for path in self._state.rglob("*") if path.is_file()]

    async def ready(self) -> None:
        """Wait until the worker has announced its blocks."""
        await self.eventually(lambda: "registered with the engine" in self.worker.said)

    async def eventually(self, happened: Any) -> None:
        async with asyncio.timeout(WAIT_S):
            while not happened():
                await asyncio.sleep(0.01)

    def kill(self, _body: bytes = b"") -> bool:
        self.worker.kill()
        return True

    def kill_with_jobs(self, body: bytes) -> bool:
        """Kill when the answer to a poll brings work."""
        return bool(json.loads(body)) and self.kill()

    async def killed(self) -> None:
        await self.eventually(lambda: self.worker.popen.poll() is not None)


@pytest.fixture(scope="module")
def engine(start_engine: Any) -> Any:
    return start_engine(NEOPS_LEASE=20)


@pytest.fixture(scope="module")
def impatient_engine(start_engine: Any) -> Any:
    """An engine that gives workers up soon."""
    return start_engine(NEOPS_LEASE=2)


async def scene_at(engine: Any, proxy: Any, start: Any, folder: Path, tmp_path: Path) -> Scene:
    await engine.answers()
    scene = Scene(engine, proxy, start, folder, tmp_path)
    await scene.ready()
    return scene


@pytest.fixture
async def scene(engine: Any, proxy: Any, start: Any, folder: Path, tmp_path: Path) -> Scene:
    return await scene_at(engine, proxy, start, folder, tmp_path)


@pytest.fixture
async def impatient_scene(impatient_engine: Any, proxy: Any, start: Any, folder: Path, tmp_path: Path) -> Scene:
    return await scene_at(impatient_engine, proxy, start, folder, tmp_path)


async def pushed(scene: Scene, run: str) -> list[tuple[str, str]]:
    """Label and ending of the jobs that ended, in order."""
    events = await scene.engine.events(run)
    return [(one["stepLabel"], one["ending"]) for one in events if one["kind"] == "job" and one["status"] == "pushed"]


async def test_killed_after_a_poll_the_job_comes_back_and_runs_once(scene: Scene) -> None:
    scene.proxy.after["/blackboard/job"] = scene.kill_with_jobs
    run = await scene.engine.run(scene.step("once"))
    await scene.killed()
    assert scene.journal == []

    scene.start_worker()
    ended = await scene.engine.over(run)

    assert ended["status"] == "completed_ack"
    assert scene.journal == ["s1"]
    assert await pushed(scene, run) == [("s1", "result")]


async def test_killed_in_the_middle_of_a_block_that_must_not_run_twice_the_run_ends_and_says_why(
    impatient_scene: Scene,
) -> None:
    scene = impatient_scene
    run = await scene.engine.run(scene.step("once", until=str(scene.go)))
    await scene.eventually(lambda: scene.journal)
    scene.kill()
    scene.go.touch()

    scene.start_worker()
    ended = await scene.engine.over(run)

    assert (ended["status"], ended["reasonCode"]) == ("failed_unsafe_ack", "worker_lost")
    assert scene.journal == ["s1"]


async def test_killed_in_the_middle_of_a_block_that_may_run_twice_it_runs_again(impatient_scene: Scene) -> None:
    scene = impatient_scene
    run = await scene.engine.run(scene.step("again", until=str(scene.go)))
    await scene.eventually(lambda: scene.journal)
    scene.kill()
    scene.go.touch()

    scene.start_worker()
    ended = await scene.engine.over(run)

    assert ended["status"] == "completed_ack"
    assert scene.journal == ["s1", "s1"]
    assert await pushed(scene, run) == [("s1", "worker_lost"), ("s1", "result")]


async def test_killed_after_a_run_before_the_push_the_next_start_delivers_the_result(scene: Scene) -> None:
    scene.proxy.before["/blackboard/job/result"] = scene.kill
    run = await scene.engine.run(scene.step("once"))
    await scene.killed()
    assert len(scene.outbox) == 1

    scene.start_worker()
    ended = await scene.engine.over(run)

    assert ended["status"] == "completed_ack"
    assert scene.journal == ["s1"]
    await scene.eventually(lambda: not scene.outbox)


async def test_killed_after_a_push_before_its_answer_the_result_counts_once(scene: Scene) -> None:
    scene.proxy.after["/blackboard/job/result"] = scene.kill
    run = await scene.engine.run(scene.step("once"))
    await scene.killed()
    ended = await scene.engine.over(run)
    assert len(scene.outbox) == 1

    scene.start_worker()
    await scene.eventually(lambda: not scene.outbox)

    assert ended["status"] == "completed_ack"
    assert scene.journal == ["s1"]
    assert await pushed(scene, run) == [("s1", "result")]
    assert not [event for event in await scene.engine.events(run) if event["kind"] == "log"]


async def test_an_engine_that_is_away_for_two_leases_gets_all_results_in_order_and_once(impatient_scene: Scene) -> None:
    scene, labels = impatient_scene, [f"s{number:02}" for number in range(20)]
    run = await scene.engine.run(*(scene.step("once", label, seconds=0.05) for label in labels))
    await scene.eventually(lambda: len(scene.journal) >= 7)
    scene.engine.process.kill()
    await asyncio.sleep(4)

    scene.engine.restart()
    await scene.engine.answers()
    ended = await scene.engine.over(run)

    assert ended["status"] == "completed_ack"
    assert scene.journal == labels
    assert await pushed(scene, run) == [(label, "result") for label in labels]
    assert scene.outbox == []


async def test_a_job_whose_poll_answer_got_lost_comes_back_to_the_worker_that_lives(scene: Scene) -> None:
    scene.proxy.after["/blackboard/job"] = lambda body: bool(json.loads(body))
    run = await scene.engine.run(scene.step("once"))

    ended = await scene.engine.over(run)

    assert ended["status"] == "completed_ack"
    assert scene.journal == ["s1"]
    assert scene.worker.popen.poll() is None


async def test_an_abort_stops_a_job_of_a_worker_that_seldom_pings(scene: Scene) -> None:
    scene.kill()
    scene.start_worker(HEARTBEAT_INTERVAL=60)
    await scene.ready()
    run = await scene.engine.run(scene.step("once", until=str(scene.go)))
    await scene.eventually(lambda: scene.journal)

    async with asyncio.timeout(1):  # the engine's cancel grace: after it, the run would end without the worker
        await scene.engine.call("DELETE", f"/workflow-execution/{run}")
        await scene.eventually(lambda: "stopping a job" in scene.worker.said)

    assert (await scene.engine.over(run))["reasonCode"] == "aborted"
    assert await pushed(scene, run) == [("s1", "result")]
