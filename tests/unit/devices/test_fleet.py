"""Two hundred devices, fifty of which hang: the good ones are as fast as ever and nothing is left behind."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from neops.devices import RunsCommands
from neops.errors import DeviceError, OperationTimedOut, Unreachable

HUNG, GOOD, DEADLINE_S = 50, 150, 3.0


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0


async def run_all(runtime: Any, devices: list[Any]) -> dict[str, float | DeviceError]:
    """Seconds until each device answered, or its error."""
    started = time.monotonic()

    async def one(device: Any) -> float | DeviceError:
        try:
            await runtime.connect(device, RunsCommands).send_command("show version")
        except DeviceError as error:
            return error
        return time.monotonic() - started

    return dict(zip([each.hostname for each in devices], await asyncio.gather(*map(one, devices)), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(("hang", "where"), [("async", "open"), ("thread", "command"), ("deaf", "command")])
async def test_hung_devices_do_not_slow_the_good_ones_and_leave_nothing_behind(
    hang: str, where: str, make_runtime: Any, device: Any, network: Any
) -> None:
    threads, files = threading.active_count(), open_files()
    settings = {"command_timeout_s": DEADLINE_S, "connect_timeout_s": DEADLINE_S, "concurrent_logins": 100}
    hung = [device(f"hung{number}", ip=f"10.0.0.{number}") for number in range(HUNG)]
    good = [device(f"good{number}", ip=f"10.0.1.{number}") for number in range(GOOD)]
    for one in (*hung, *good):
        network.of(one.hostname).latency_s = 0.01
    for one in hung:
        setattr(network.of(one.hostname), f"{where}_hangs", hang)

    runtime = make_runtime(settings=settings)
    await runtime.connect(device("first"), RunsCommands).send_command("proves the credential")
    started = time.monotonic()
    outcomes = await run_all(runtime, [*hung, *good])
    took_s = time.monotonic() - started

    expected = Unreachable if where == "open" else OperationTimedOut
    assert {type(outcomes[one.hostname]) for one in hung} == {expected}
    seconds = [took for took in outcomes.values() if isinstance(took, float)]
    assert len(seconds) == GOOD
    assert max(seconds) < DEADLINE_S - 0.5  # who waits for a hung one waits until its deadline
    assert took_s < DEADLINE_S * 1.8  # who waits for a second one, twice as long
    assert network.open_sessions == GOOD + 1
    if hang == "deaf":
        for session in network.sessions:
            session.let_go.set()
    await asyncio.to_thread(runtime.stop)
    assert network.open_sessions == 0
    async with asyncio.timeout(3):
        while threading.active_count() > threads + 1 or runtime.hung_threads:  # asyncio.to_thread keeps one
            await asyncio.sleep(0.01)
    assert open_files() <= files + 1
