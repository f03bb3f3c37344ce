from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from neops.worker import WorkerRuntime, on_standing_signal

StartWorker = Callable[..., Awaitable[tuple[WorkerRuntime, Any]]]
MakeJob = Callable[..., dict[str, Any]]
DEVICE = {"id": 7, "hostname": "r7", "ip": "192.0.2.7"}


async def waiting(worker: WorkerRuntime, caplog: pytest.LogCaptureFixture, jobs: int) -> list[logging.LogRecord]:
    """What is told once so many jobs wait where they are meant to."""
    async with asyncio.timeout(10):
        while True:
            caplog.clear()
            await asyncio.to_thread(worker.tell_standing)
            told = [record for record in caplog.records if record.name == "neops.worker.standing"]
            said = [record.getMessage() for record in told]
            if [sum(one.endswith(end) for one in said) for end in (" Event.wait", ".select")] == [jobs, jobs]:
                return told
            await asyncio.sleep(0.01)


async def test_a_job_is_told_with_its_step_device_age_and_the_line_where_it_waits(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    context = {"devices": [DEVICE], "deviceGroups": [], "interfaces": []}
    engine.jobs = [[job("j1", block="hang", context=context), job("j2", block="hang")]]
    worker, _ = await start(concurrency=2)
    for _ in range(2):
        await gate.started.get()

    told = await waiting(worker, caplog, 2)

    jobs = {vars(record)["job"]: vars(record) for record in told if record.getMessage() == "a job stands here"}
    assert jobs.keys() == {"j1", "j2"}
    assert (jobs["j1"]["block"], jobs["j1"]["step"]) == ("fb.demo.example/hang:1.0.0", "s1")
    assert (jobs["j1"]["device"], jobs["j2"]["device"]) == ("r7", None)
    assert 0 <= jobs["j1"]["age_s"] < 20
    stacks = [record.getMessage() for record in told if "stack" in record.getMessage()]
    assert any("task block j1" in stack and f"{__file__.rpartition('/')[0]}/conftest.py" in stack for stack in stacks)
    assert any("Hang.run" in stack for stack in stacks)
    assert any("thread neops-job-j2" in stack and "select" in stack for stack in stacks)
    assert gate.ended == []


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="this system has no SIGUSR1")
def test_sigusr1_tells_from_a_thread_of_its_own_and_only_while_it_is_asked_to() -> None:
    told = threading.Event()
    names: list[str] = []

    def tell() -> None:
        names.append(threading.current_thread().name)
        told.set()

    before = signal.getsignal(signal.SIGUSR1)
    with on_standing_signal(tell):
        os.kill(os.getpid(), signal.SIGUSR1)
        assert told.wait(5)

    assert names == ["neops-standing"]
    assert signal.getsignal(signal.SIGUSR1) is before


async def test_a_stack_goes_through_every_await_of_a_task(
    engine: Any, start: StartWorker, job: MakeJob, gate: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """asyncio's Task.get_stack() would end at execute_block's guard."""
    caplog.set_level(logging.INFO)
    engine.jobs = [[job("j1", block="hang")]]
    worker, _ = await start()
    await gate.started.get()

    told = await waiting(worker, caplog, 1)

    (stack,) = [one for record in told if "task block j1" in (one := record.getMessage())]
    calls = [line.rpartition(" ")[2].rpartition(".")[2] for line in stack.splitlines()[1:]]
    assert calls[0] == "guarded"
    assert calls[-2:] == ["run", "wait"]
