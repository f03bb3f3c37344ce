"""Stop-watches for the clients. Every output is checked: a fast wrong answer is no result."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from tests.benchmarks.fleet import FleetTimes


def check(outputs: Sequence[str], expected: int) -> None:
    """Fail unless every device gave the text of a version."""
    good = sum("version" in output.lower() for output in outputs)
    if good != expected:
        bad = next(output for output in outputs if "version" not in output.lower())
        raise RuntimeError(f"{good} of {expected} devices answered; one of the others said {bad[-200:]!r}")


def cold_and_warm(run: Callable[[], Sequence[str]], devices: int) -> FleetTimes:
    cold, cold_cpu = _timed(run, devices)
    warm, warm_cpu = _timed(run, devices)
    return FleetTimes(cold_s=cold, cold_cpu_s=cold_cpu, warm_s=warm, warm_cpu_s=warm_cpu)


async def cold_and_warm_async(run: Callable[[], Awaitable[Sequence[str]]], devices: int) -> FleetTimes:
    cold, cold_cpu = await _timed_async(run, devices)
    warm, warm_cpu = await _timed_async(run, devices)
    return FleetTimes(cold_s=cold, cold_cpu_s=cold_cpu, warm_s=warm, warm_cpu_s=warm_cpu)


def _timed(run: Callable[[], Sequence[str]], devices: int) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    outputs = run()
    elapsed = time.perf_counter() - wall, time.process_time() - cpu
    check(outputs, devices)
    return elapsed


async def _timed_async(run: Callable[[], Awaitable[Sequence[str]]], devices: int) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    outputs = await run()
    elapsed = time.perf_counter() - wall, time.process_time() - cpu
    check(outputs, devices)
    return elapsed
