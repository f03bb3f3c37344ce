"""Stop-watches for the clients. Every output is checked: a fast wrong answer is no result."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from typing import Self

from tests.benchmarks.fleet import FleetTimes, Sample

WARM_ROUNDS = 3

SIGNS = ("version", "junos")
"""What the output of `show version` has on the simulated platforms, in lower case."""


def check(outputs: Sequence[str], expected: int) -> None:
    """Fail unless every device gave the text of a version."""
    bad = [output for output in outputs if not any(sign in output.lower() for sign in SIGNS)]
    if bad or len(outputs) != expected:
        raise RuntimeError(f"{len(outputs) - len(bad)} of {expected} devices answered; others said {bad[:1]}")


class StopWatch:
    """`with StopWatch() as watch: …; watch.sample`"""

    sample: Sample

    def __enter__(self) -> Self:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.sample = Sample(wall_s=time.perf_counter() - self._wall, cpu_s=time.process_time() - self._cpu)


def cold_and_warm(run: Callable[[], Sequence[str]], devices: int) -> FleetTimes:
    async def in_this_thread() -> Sequence[str]:
        return run()

    return asyncio.run(cold_and_warm_async(in_this_thread, devices))


async def cold_and_warm_async(run: Callable[[], Awaitable[Sequence[str]]], devices: int) -> FleetTimes:
    cold = await _timed(run, devices)
    return FleetTimes(cold=cold, warm=median_of([await _timed(run, devices) for _ in range(WARM_ROUNDS)]))


async def _timed(run: Callable[[], Awaitable[Sequence[str]]], devices: int) -> Sample:
    gc.collect()  # what came before is not to be paid for here
    with StopWatch() as watch:
        outputs = await run()
    check(outputs, devices)
    return watch.sample


def median_of(samples: Sequence[Sample]) -> Sample:
    return Sample(wall_s=median(one.wall_s for one in samples), cpu_s=median(one.cpu_s for one in samples))
