"""Results on their way, with an engine that is a few lines of Python."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import cast

from neops.protocol import JobExecutionResult, JobResult, JobResultStatus
from neops.worker.backoff import Backoff
from neops.worker.client import EngineClient
from neops.worker.delivery import Delivery
from neops.worker.outbox import Kept, Outbox


class Engine:
    """Takes every result at once; `meanwhile` is called by the loop as soon as it has taken the first."""

    def __init__(self) -> None:
        self.taken: list[JobResult] = []
        self.meanwhile: Callable[[], object] | None = None

    async def push(self, body: bytes) -> None:
        self.taken.append(JobResult.model_validate_json(body))
        if self.meanwhile is not None:
            asyncio.get_running_loop().call_soon(self.meanwhile)
            self.meanwhile = None


def result(job: str) -> JobResult:
    done = JobExecutionResult(success=True, message="done")
    return JobResult(job_execution_id=job, status=JobResultStatus.SUCCESS, result=done)


async def nothing() -> None:
    return None


def delivery_of(engine: Engine, outbox: Outbox) -> Delivery:
    return Delivery(
        cast("EngineClient", engine),
        outbox,
        places=1,
        push_timeout_s=5,
        backoff=Backoff(first_s=0.01, most_s=0.02),
        before_push=nothing,
    )


async def test_a_result_that_comes_in_the_moment_in_which_the_last_one_is_taken_is_brought_too(tmp_path: Path) -> None:
    engine, outbox = Engine(), Outbox(tmp_path)
    delivery = delivery_of(engine, outbox)
    second = outbox.keep(result("j2"))
    engine.meanwhile = lambda: delivery._send(delivery._parcel(second, 1))

    await delivery.deliver(result("j1"))

    assert await delivery.settle(5.0)
    assert [one.job_execution_id for one in engine.taken] == ["j1", "j2"]


async def test_results_travel_in_the_order_in_which_their_jobs_ended_whichever_is_first_on_disk(tmp_path: Path) -> None:
    class Disk(Outbox):
        later = threading.Event()

        def keep(self, result: JobResult, *, substitute: bool = False) -> Kept:
            if result.job_execution_id == "j1":
                assert self.later.wait(5)
            kept = super().keep(result, substitute=substitute)
            self.later.set()
            return kept

    engine = Engine()
    delivery = delivery_of(engine, Disk(tmp_path))

    await asyncio.gather(delivery.deliver(result("j1")), delivery.deliver(result("j2")))

    assert await delivery.settle(5.0)
    assert [one.job_execution_id for one in engine.taken] == ["j1", "j2"]
