"""Good devices beside hung ones: what those that accept a connection and then say nothing cost the others."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import Sequence

from neops.concurrency.collecting import collect_rarely
from neops.devices import DeviceRuntime, RunsCommands
from neops.entities import Device
from neops.errors import DeviceError
from neops.settings import DeviceSettings
from tests.benchmarks.fleet import COMMAND, Fleet, Message, Sample
from tests.benchmarks.ours import devices_of, settings_in
from tests.benchmarks.timing import check

DEADLINE_S = 3.0


class HungTimes(Message):
    """Until the last good device answered, alone and beside the hung ones; how long after the deadline all ended."""

    alone: Sample
    beside: Sample
    late_s: float


def measure(good: Fleet, hung: Fleet) -> HungTimes:
    """Every run is a runtime of its own: no session is open, and no credential is known to be good."""
    collect_rarely()
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_in(folder, connect_timeout_s=DEADLINE_S, command_timeout_s=DEADLINE_S)
        asyncio.run(_run(settings, devices_of(good.one_of_each()), []))
        alone, _ = asyncio.run(_run(settings, devices_of(good.others()), []))
        beside, whole_s = asyncio.run(_run(settings, devices_of(good.others()), devices_of(hung, after=1000)))
    return HungTimes(alone=alone, beside=beside, late_s=whole_s - DEADLINE_S)


async def _run(settings: DeviceSettings, good: Sequence[Device], hung: Sequence[Device]) -> tuple[Sample, float]:
    with DeviceRuntime(settings) as runtime:
        gc.collect()
        began, cpu = time.perf_counter(), time.process_time()
        asked = {device.id: asyncio.create_task(_ask(runtime, device)) for device in _mixed(good, hung)}
        outputs = await asyncio.gather(*(asked[device.id] for device in good))
        sample = Sample(wall_s=time.perf_counter() - began, cpu_s=time.process_time() - cpu)
        errors = await asyncio.gather(*(asked[device.id] for device in hung), return_exceptions=True)
        whole_s = time.perf_counter() - began
    check(outputs, len(good))
    if not all(isinstance(error, DeviceError) for error in errors):
        raise RuntimeError("a hung device answered")
    return sample, whole_s


def _mixed(good: Sequence[Device], hung: Sequence[Device]) -> list[Device]:
    """The hung ones spread over the run."""
    apart = len(good) // len(hung) if hung else 1
    mixed = list(good)
    for number, device in enumerate(hung):
        mixed.insert(number * (apart + 1), device)
    return mixed


async def _ask(runtime: DeviceRuntime, device: Device) -> str:
    return (await runtime.connect(device, RunsCommands).send_command(COMMAND)).output
