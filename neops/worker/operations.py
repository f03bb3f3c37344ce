"""What operators and their tools ask a running worker: /healthz, /readyz, /metrics."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from neops.devices import LoginStatistics, PoolStatistics
from neops.errors import SettingsInvalid
from neops.worker.meters import Meters, Standing

logger = logging.getLogger(__name__)

LATE_S = 15.0
"""A ping that is this late was not sent because the worker's event loop stands still: a ping is given up after 10 s."""


class Operations:
    """Answers probes and scrapes from the worker's own event loop, so that an answer means that the loop turns."""

    def __init__(self, meters: Meters, standing: Callable[[], Standing]) -> None:
        self._meters, self._standing = meters, standing
        meters.registry.register(self)
        ProcessCollector(registry=meters.registry)

    @asynccontextmanager
    async def serving(self, host: str, port: int) -> AsyncIterator[int]:
        """Listen while inside; gives the port.

        Raises:
            SettingsInvalid: the address cannot be listened on.
        """
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            try:
                await site.start()
            except OSError as error:
                raise SettingsInvalid(
                    f"NEOPS_METRICS_PORT={port}: cannot listen on {host}: {error.strerror}"
                ) from error
            listening = int(runner.addresses[0][1])
            logger.info("probes and metrics are served", extra={"host": host, "port": listening})
            yield listening
        finally:
            await runner.cleanup()

    def collect(self) -> Iterable[Metric]:
        """What is true at the moment of a scrape (a prometheus_client collector)."""
        now = self._standing()
        yield GaugeMetricFamily("neops_worker_ready", "Whether the worker takes jobs.", value=not self._unready())
        yield GaugeMetricFamily("neops_worker_slots", "Jobs that may run at the same time.", value=now.slots)
        yield GaugeMetricFamily("neops_worker_slots_used", "Jobs that run or are being answered.", value=now.jobs)
        yield GaugeMetricFamily(
            "neops_worker_outbox_results", "Results that the engine has not taken yet.", value=now.undelivered
        )
        if (age_s := self._meters.heartbeat_age_s) is not None:
            yield GaugeMetricFamily(
                "neops_worker_heartbeat_age_seconds", "Since the engine answered a ping.", value=age_s
            )
        if now.devices is not None:
            yield from _pool(now.devices)
        if now.logins is not None:
            yield from _logins(now.logins)

    async def _healthz(self, _: web.Request) -> web.Response:
        """An engine that is away is no reason to restart a worker: its jobs and results would go."""
        now = self._standing()
        silent_s = self._meters.silent_s
        overdue = self._meters.registered and silent_s > now.ping_every_s + LATE_S
        return _verdict(f"no ping was tried for {silent_s:.0f} s" if overdue else "")

    async def _readyz(self, _: web.Request) -> web.Response:
        return _verdict(self._unready())

    async def _metrics(self, _: web.Request) -> web.Response:
        body = generate_latest(self._meters.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    def _unready(self) -> str:
        if not self._meters.registered:
            return "not registered with an engine, or about to leave"
        return "" if self._meters.engine_answers else "the engine does not answer"


def _verdict(problem: str) -> web.Response:
    return web.Response(status=503, text=f"{problem}\n") if problem else web.Response(text="ok\n")


def _pool(pool: PoolStatistics) -> Iterable[Metric]:
    sessions = GaugeMetricFamily("neops_device_sessions", "Sessions to devices that are open.", labels=["state"])
    sessions.add_metric(["idle"], pool.idle)
    sessions.add_metric(["in_use"], pool.open - pool.idle)
    yield sessions
    yield GaugeMetricFamily(
        "neops_device_operations_waiting", "Operations that have no session yet.", value=pool.waiting
    )
    ways = {"opened": pool.opened, "reused": pool.reused, "aborted": pool.aborted, "closed": pool.closed}
    counted = CounterMetricFamily("neops_device_session_events", "What happened to sessions.", labels=["event"])
    for event, count in ways.items():
        counted.add_metric([event], count)
    yield counted


def _logins(logins: LoginStatistics) -> Iterable[Metric]:
    ways = {
        "failed": logins.failed,
        "excluded": logins.excluded,
        "held_off": logins.held_off,
        "rate_limited": logins.rate_limited,
    }
    counted = CounterMetricFamily("neops_device_login_events", "What kept logins from going well.", labels=["event"])
    for event, count in ways.items():
        counted.add_metric([event], count)
    yield counted
    yield GaugeMetricFamily(
        "neops_device_logins_waiting", "Logins that wait for a rate limit.", value=logins.rate_waiting
    )
    yield GaugeMetricFamily(
        "neops_device_breakers_open", "Devices that did not answer and are held off.", value=logins.breakers_open
    )
