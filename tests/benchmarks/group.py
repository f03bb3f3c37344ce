"""A group of devices in one job: `context.nornir()` and `run_parallel` next to Nornir's own threaded runner.

The devices are in this process: each answers after 50 ms, so that nothing but what neops and Nornir add is measured.

python -m tests.benchmarks.group
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from nornir.core.task import Task
from nornir.plugins.runners import ThreadedRunner

from neops import Device, DeviceGroup, EntityReference, Platform, Secret, WorkflowContext, run_parallel
from neops.concurrency.collecting import collect_rarely
from neops.devices import ConnectionOptions, DeviceRuntime, Facts, PluginCatalogue, ReadsFacts, Session
from neops.entities import Inherited, ParentGroup
from neops.testing import create_workflow_context
from neops_cms_inventory import to_inventory
from tests.benchmarks.fleet import Message, Sample
from tests.benchmarks.timing import StopWatch

DEVICES = 1_000
AT_ONCE = 100
ANSWER_S = 0.050
HOSTS = 10_000
GROUPS = 100
TIMEOUT_S = 300


class GroupTimes(Message):
    """One task on 1,000 devices, 100 at a time: Nornir alone, and the ways of neops, logging in first and again."""

    threaded: Sample
    our_runner: Sample
    nornir_cold: Sample
    nornir_warm: Sample
    parallel_cold: Sample
    parallel_warm: Sample


class InventoryCost(Message):
    """A Nornir inventory of 10,000 hosts in 100 groups, of a context that is there already."""

    built: Sample
    rss_mib: float


class _Measured(Message):
    group: GroupTimes
    inventory: InventoryCost


def measure() -> tuple[GroupTimes, InventoryCost]:
    """Both, in a process of their own."""
    command = [sys.executable, "-m", "tests.benchmarks.group"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=True)
    measured = _Measured.model_validate_json(done.stdout.splitlines()[-1])
    return measured.group, measured.inventory


class _FakeSession(Session, ReadsFacts):
    async def open(self) -> None:
        return None

    async def close(self) -> None:
        return None

    def abort(self) -> None:
        return None

    async def alive(self) -> bool:
        return True

    async def get_facts(self) -> Facts:
        await asyncio.sleep(ANSWER_S)
        return Facts(hostname="r", vendor="", model="", serial_number="", os_version="1")


class _FakePlugin:
    name, extra, modules, priority = "bench", "test", (), 1
    platforms = {"cisco_ios": "cisco_ios"}

    def capabilities(self, platform: str) -> frozenset[type]:
        return frozenset({ReadsFacts})

    def session(self, device: Device, options: ConnectionOptions) -> Session:
        return _FakeSession()


def bare(task: Task) -> str:
    """The task without neops: a device that takes as long."""
    del task
    time.sleep(ANSWER_S)
    return "1"


def through_neops(task: Task) -> str:
    """The same with a device of neops."""
    return str(task.host.get_connection("neops", task.nornir.config).get_facts().os_version)


def group_times() -> GroupTimes:
    _with_nornir(8)  # what is imported on first use
    threaded = _threaded()
    our_runner, _ = _twice(lambda context: context.nornir(num_workers=AT_ONCE).run(task=bare))
    nornir_cold, nornir_warm = _with_nornir()
    parallel_cold, parallel_warm = _twice(lambda context: asyncio.run(_parallel(context)))
    return GroupTimes(
        threaded=threaded,
        our_runner=our_runner,
        nornir_cold=nornir_cold,
        nornir_warm=nornir_warm,
        parallel_cold=parallel_cold,
        parallel_warm=parallel_warm,
    )


def _threaded() -> Sample:
    nornir = create_workflow_context(devices=_devices(DEVICES), run_on="global").nornir()
    return _timed(lambda: nornir.with_runner(ThreadedRunner(AT_ONCE)).run(task=bare))


def _with_nornir(devices: int = DEVICES) -> tuple[Sample, Sample]:
    return _twice(lambda context: context.nornir(num_workers=AT_ONCE).run(task=through_neops).raise_on_error(), devices)


async def _parallel(context: WorkflowContext) -> list[str]:
    async def version(pair: tuple[Device, ReadsFacts]) -> str:
        return (await pair[1].get_facts()).os_version

    return await run_parallel(version, context.connect_all(ReadsFacts), limit=AT_ONCE)


def _twice(run: Callable[[WorkflowContext], object], devices: int = DEVICES) -> tuple[Sample, Sample]:
    """As a job with sessions to open, and as the next one."""
    with DeviceRuntime(catalogue=PluginCatalogue.of(_FakePlugin())) as runtime:
        context = create_workflow_context(devices=_devices(devices), run_on="global", connector=runtime)
        return _timed(lambda: run(context)), _timed(lambda: run(context))


def _timed(run: Callable[[], object]) -> Sample:
    gc.collect()
    with StopWatch() as watch:
        run()
    return watch.sample


def _devices(count: int) -> list[Device]:
    options = {"netmiko": {"extras": {"secret": "up"}}, "napalm": {"extras": {"optional_args": {"transport": "ssh"}}}}
    return [
        Device(
            id=number + 1,
            hostname=f"r{number}",
            ip=f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
            username="bench",
            password=Secret("bench"),
            platform=Platform(short_name="cisco_ios"),
            connection_options=Secret(json.dumps(options)),
            facts={"rack": number, "tier": number % GROUPS, "site": "zrh", "ntp": ["192.0.2.1"], "domain": "example"},
            inherited=Inherited(facts=["tier", "site", "ntp", "domain"]),
            groups=[EntityReference(id=number % GROUPS + 1)],
        )
        for number in range(count)
    ]


def inventory_cost() -> InventoryCost:
    above = ParentGroup(name="all", facts={"ntp": ["192.0.2.1"], "site": "zrh"})
    groups = [
        DeviceGroup(id=number + 1, name=f"g{number}", facts={"tier": number}, parents=[above])
        for number in range(GROUPS)
    ]
    devices = _devices(HOSTS)
    to_inventory(devices[:1], groups)
    gc.collect()
    before = _rss_mib()
    with StopWatch() as watch:
        inventory = to_inventory(devices, groups)
    if len(inventory.hosts) != HOSTS or inventory.hosts["r42"]["tier"] != 42:
        raise RuntimeError("the inventory is not what was asked for")
    return InventoryCost(built=watch.sample, rss_mib=_rss_mib() - before)


def _rss_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    collect_rarely()  # as the worker's process does
    measured = _Measured(inventory=inventory_cost(), group=group_times())
    sys.stdout.write(measured.model_dump_json() + "\n")


if __name__ == "__main__":
    main()
