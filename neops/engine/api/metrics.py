"""What Prometheus asks an engine: how much there is to do, and who is there to do it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy import Connection, func, select
from starlette.responses import Response

from neops.engine.api.services import Parts
from neops.engine.store import tables
from neops.protocol import JobStatus, RunStatus, WorkerState

router = APIRouter(tags=["engine"])

Counts = Mapping[str, int]

OPEN = (JobStatus.PENDING, JobStatus.POLLED)


@router.get("/metrics", response_class=Response)
async def metrics(parts: Parts) -> Response:
    """Runs by status, open jobs by state, workers by state, and polls that wait, in Prometheus' text format."""
    runs, jobs = await parts.store.read(_counted)
    workers = Counter(worker.state.value for worker in await parts.store.workers.find())
    registry = CollectorRegistry()
    registry.register(_Scrape(runs, jobs, workers, parts.blackboard.waiting_polls))
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


def _counted(connection: Connection) -> tuple[Counts, Counts]:
    """Runs by status; jobs that are not over by state: those of all times would be read for nothing."""
    runs, jobs = tables.runs.c, tables.jobs.c
    of_runs = connection.execute(select(runs.status, func.count()).group_by(runs.status)).all()
    is_open = jobs.status != JobStatus.PUSHED
    of_jobs = connection.execute(select(jobs.status, func.count()).where(is_open).group_by(jobs.status)).all()
    return {str(status): count for status, count in of_runs}, {str(status): count for status, count in of_jobs}


class _Scrape:
    """One answer, as a prometheus_client collector."""

    def __init__(self, runs: Counts, jobs: Counts, workers: Counts, polls: int) -> None:
        self._runs, self._jobs, self._workers, self._polls = runs, jobs, workers, polls

    def collect(self) -> Iterable[Metric]:
        yield _gauges("neops_engine_runs", "Runs, by status.", "status", RunStatus, self._runs)
        yield _gauges("neops_engine_jobs", "Jobs that are not over, by state.", "state", OPEN, self._jobs)
        yield _gauges("neops_engine_workers", "Registered workers, by state.", "state", WorkerState, self._workers)
        yield GaugeMetricFamily("neops_engine_polls_waiting", "Polls that wait for a job.", value=self._polls)


def _gauges(name: str, meaning: str, label: str, values: Iterable[str], counts: Counts) -> GaugeMetricFamily:
    """A line for every value, also where there is nothing: a series that comes and goes cannot be summed."""
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for value in values:
        family.add_metric([value], counts.get(value, 0))
    return family
