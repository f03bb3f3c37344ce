"""What a worker counts and measures while it works; `operations` shows it to Prometheus and to probes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType, SimpleNamespace

import aiohttp
from prometheus_client import CollectorRegistry, Counter, Histogram

from neops.blocks import BlockOutcome
from neops.concurrency import Clock
from neops.devices import LoginStatistics, PoolStatistics

CALLS: Mapping[str, str] = MappingProxyType(
    {
        "/version/compatibility": "version",
        "/workers/register": "register",
        "/function-blocks/register": "register_block",
        "/blackboard/job": "poll",
        "/blackboard/job/result": "push",
        "/blackboard/job/events": "events",
        "/ping": "ping",
        "/unregister": "unregister",
        "/cancellations": "cancellations",
    }
)
"""How the paths of the engine's contract end, and what their calls are named in the metrics."""

ENDINGS: Mapping[str, str] = MappingProxyType(
    {"JobTimedOut": "timed_out", "JobCancelled": "cancelled", "JobStuck": "stuck"}
)
"""Outcomes that the worker brings about itself, by the type of their error."""

CALL_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
JOB_BUCKETS_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How the worker stands at this moment."""

    slots: int
    jobs: int
    undelivered: int
    ping_every_s: float
    devices: PoolStatistics | None
    logins: LoginStatistics | None = None


class Meters:
    """Belongs to one worker and to its event loop. The registry is its own: several workers fit into one process."""

    def __init__(self, *, clock: Clock = time.monotonic) -> None:
        self.registry = CollectorRegistry()
        self._clock = clock
        self._jobs = Counter(
            "neops_worker_jobs", "Jobs that ended, by outcome.", ["block", "outcome"], registry=self.registry
        )
        self._job_s = Histogram(
            "neops_worker_job_duration_seconds",
            "How long the block of a job ran.",
            ["block"],
            buckets=JOB_BUCKETS_S,
            registry=self.registry,
        )
        self._call_s = Histogram(
            "neops_worker_engine_call_duration_seconds",
            "How long the engine took to answer; it holds a poll while there is no work.",
            ["call", "outcome"],
            buckets=CALL_BUCKETS_S,
            registry=self.registry,
        )
        self._pinging_since: float | None = None
        self._ping_answered_at: float | None = None
        self.registered = False
        """From the registration until the worker is asked to leave, or forgotten."""
        self.engine_answers = False
        """Whether the last call that ended was answered, be it with a refusal."""

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The worker is registered, pings and polls."""
        self.registered = True
        try:
            yield
        finally:
            self.registered = False

    def job_ended(self, block: str, outcome: BlockOutcome) -> None:
        """Count a job whose result is about to be delivered."""
        self._jobs.labels(block, outcome_of(outcome)).inc()
        self._job_s.labels(block).observe(outcome.duration_s)

    @property
    def heartbeat_age_s(self) -> float | None:
        """Since the engine answered a ping; None before the first."""
        return None if self._ping_answered_at is None else self._clock() - self._ping_answered_at

    @property
    def silent_s(self) -> float:
        """Since the worker last tried to ping, answered or not; 0 before the first try."""
        return 0.0 if self._pinging_since is None else self._clock() - self._pinging_since

    def tracing(self) -> aiohttp.TraceConfig:
        """For the client's session: observes each call to the engine."""
        config = aiohttp.TraceConfig()
        config.on_request_start.append(self._call_starts)
        config.on_request_end.append(self._call_answered)
        config.on_request_exception.append(self._call_failed)
        return config

    async def _call_starts(
        self, _: aiohttp.ClientSession, call: SimpleNamespace, started: aiohttp.TraceRequestStartParams
    ) -> None:
        call.at, call.name = self._clock(), _name(started.url.path)
        if call.name == "ping":
            self._pinging_since = call.at

    async def _call_answered(
        self, _: aiohttp.ClientSession, call: SimpleNamespace, ended: aiohttp.TraceRequestEndParams
    ) -> None:
        status = ended.response.status
        outcome = "ok" if status < 300 else "refused" if status < 500 else "unavailable"
        self._observe(call, outcome)
        if call.name == "ping" and outcome == "ok":
            self._ping_answered_at = self._clock()

    async def _call_failed(
        self, _: aiohttp.ClientSession, call: SimpleNamespace, failed: aiohttp.TraceRequestExceptionParams
    ) -> None:
        if not isinstance(failed.exception, asyncio.CancelledError):  # we hung up ourselves
            self._observe(call, "unavailable")

    def _observe(self, call: SimpleNamespace, outcome: str) -> None:
        self.engine_answers = outcome != "unavailable"
        self._call_s.labels(call.name, outcome).observe(self._clock() - call.at)


def outcome_of(outcome: BlockOutcome) -> str:
    """success · failed (the block says so) · errored · timed_out · cancelled · stuck."""
    if outcome.success:
        return "success"
    if outcome.error is None:
        return "failed"
    return ENDINGS.get(outcome.error.type, "errored")


def _name(path: str) -> str:
    return next((name for ending, name in CALLS.items() if path.endswith(ending)), "other")
