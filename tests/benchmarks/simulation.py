"""Simulated devices in a process of their own, so that they and the measured client share no interpreter.

The process serves until its stdin closes: it cannot outlive whoever started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import subprocess
import sys
from collections.abc import Iterator

from neops.concurrency.collecting import collect_rarely
from neops.testing.simulator import Fault, FaultKind, SimulatedDevice, SimulatedNetwork
from tests.benchmarks.fleet import Endpoint, Fleet

PLATFORMS = ("cisco_ios", "arista_eos", "juniper_junos", "nokia_srl")
LOGIN = "bench"
STOP_TIMEOUT_S = 30


@contextlib.contextmanager
def simulated(*, devices: int, latency_s: float, hung: bool = False) -> Iterator[Fleet]:
    """A fleet, its platforms in turn; every device thinks `latency_s` about each command.

    Hung ones accept a connection and say nothing.
    """
    command = [sys.executable, "-m", "tests.benchmarks.simulation", str(devices), str(latency_s), str(int(hung))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            ready = process.stdout.readline()
            if not ready:
                raise RuntimeError("the simulator did not start; its error is above")
            yield Fleet.model_validate_json(ready)
        finally:
            process.stdin.close()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()


async def _serve(devices: int, latency_s: float, *, hung: bool) -> None:
    specs = [
        SimulatedDevice(
            name=f"r{number}",
            platform=PLATFORMS[number % len(PLATFORMS)],
            username=LOGIN,
            password=LOGIN,
            latency_s=latency_s,
            fault=Fault(kind=FaultKind.HANG) if hung else None,
        )
        for number in range(devices)
    ]
    async with SimulatedNetwork(specs) as network:
        ends = tuple(
            Endpoint(name=spec.name, host="127.0.0.1", port=network[spec.name].port, platform=spec.platform)
            for spec in specs
        )
        _settle()
        print(Fleet(username=LOGIN, password=LOGIN, endpoints=ends).model_dump_json(), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def _settle() -> None:
    """What there is now stays: looking through it for garbage would stop all devices for a seventh of a second."""
    collect_rarely()
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2]), hung=sys.argv[3] == "1"))
