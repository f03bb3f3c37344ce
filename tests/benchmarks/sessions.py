"""Many devices at once, each from the login to the logout: neops, its peers, and asyncssh with nothing around it.

Every client first serves a device of each platform untimed; then all others are connected to, asked two commands, and
left again.
"""

from __future__ import annotations

import asyncio
import gc
import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from neops.concurrency.collecting import collect_rarely
from neops.devices import CommandOutput, DeviceRuntime, RunsCommands
from neops.entities import Device
from neops.settings import DeviceSettings
from tests.benchmarks.fleet import COMMAND, Endpoint, Fleet, Message, Sample
from tests.benchmarks.ours import devices_of, settings_in
from tests.benchmarks.peers import SCRAPLI_AT_ONCE, SSH2_THREADS, nornir_on, scrapli_options
from tests.benchmarks.timing import StopWatch, check

COMMANDS = (COMMAND, COMMAND)
ALL_AT_ONCE = 500
NETMIKO_THREADS = 100
ASYNCSSH_AT_ONCE = 200

TUNED: Mapping[str, Any] = {
    "kex_algs": ["curve25519-sha256"],
    "encryption_algs": ["aes128-gcm@openssh.com"],
    "server_host_key_algs": ["ssh-ed25519"],
    "compression_algs": ["none"],
    "preferred_auth": ["password"],
    "client_keys": None,
    "agent_path": None,
    "config": None,
    "known_hosts": None,
}
"""The cheapest that asyncssh can do with a device: the floor for whoever builds on it."""


class Visits(Message):
    """Login, two commands and logout on all devices."""

    whole: Sample


class KeptOpen(Message):
    """neops' sessions while they are open: the client's memory, and the logins that the next command takes."""

    rss_mib: float
    logins: int


async def _timed(visit_all: Callable[[], Awaitable[list[str]]], devices: int) -> Sample:
    gc.collect()
    with StopWatch() as watch:
        outputs = await visit_all()
    check(outputs, devices * len(COMMANDS))
    return watch.sample


def neops(fleet: Fleet, logins: int = ALL_AT_ONCE) -> Visits:
    collect_rarely()
    with tempfile.TemporaryDirectory() as folder:
        return Visits(whole=asyncio.run(_visits_of_neops(settings_in(folder, logins=logins), fleet)))


def kept_open(fleet: Fleet) -> KeptOpen:
    collect_rarely()
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_kept_open(folder, fleet.others()))


async def _visits_of_neops(settings: DeviceSettings, fleet: Fleet) -> Sample:
    measured = fleet.others()
    with DeviceRuntime(settings) as runtime:
        await _ask_all(runtime, fleet.one_of_each())  # the credential is known to be good after it

        async def visit_all() -> list[str]:
            outputs = await _ask_all(runtime, measured)
            runtime.stop()
            return outputs

        return await _timed(visit_all, len(measured.endpoints))


async def _ask_all(runtime: DeviceRuntime, fleet: Fleet) -> list[str]:
    async def ask(device: Device) -> tuple[CommandOutput, ...]:
        return tuple(await runtime.connect(device, RunsCommands).send_commands(COMMANDS))

    answers = await asyncio.gather(*(ask(device) for device in devices_of(fleet)))
    return [one.output for answer in answers for one in answer]


async def _kept_open(folder: str, fleet: Fleet) -> KeptOpen:
    with DeviceRuntime(settings_in(folder)) as runtime:
        check(await _ask_all(runtime, fleet), len(fleet.endpoints) * len(COMMANDS))
        opened = runtime.statistics().opened
        gc.collect()
        rss_mib = _rss_mib()
        check(await _ask_all(runtime, fleet), len(fleet.endpoints) * len(COMMANDS))
        return KeptOpen(rss_mib=rss_mib, logins=runtime.statistics().opened - opened)


def _rss_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def nornir_netmiko(fleet: Fleet) -> Visits:
    """Nornir's threaded runner, 100 threads; netmiko_send_command twice."""
    from nornir.core.task import Task
    from nornir_netmiko.tasks import netmiko_send_command

    def visit(task: Task) -> list[str]:
        outputs = [str(task.run(netmiko_send_command, command_string=command).result) for command in COMMANDS]
        task.host.close_connections()
        return outputs

    def run(of: Fleet) -> list[str]:
        with nornir_on(of, NETMIKO_THREADS) as nornir:
            return [output for result in nornir.run(task=visit).values() for output in result[0].result]

    run(fleet.one_of_each())
    return _in_threads(lambda: run(fleet.others()), fleet)


def scrapli_ssh2(fleet: Fleet) -> Visits:
    """Scrapli on ssh2-python, 100 threads."""
    from scrapli import Scrapli

    def visit(end: Endpoint) -> list[str]:
        with Scrapli(**scrapli_options(end, fleet, "ssh2")) as driver:
            return [driver.send_command(command).result for command in COMMANDS]

    def run(of: Fleet) -> list[str]:
        with ThreadPoolExecutor(SSH2_THREADS) as pool:
            return [output for outputs in pool.map(visit, of.endpoints) for output in outputs]

    run(fleet.one_of_each())
    return _in_threads(lambda: run(fleet.others()), fleet)


def _in_threads(run: Callable[[], list[str]], fleet: Fleet) -> Visits:
    async def visit_all() -> list[str]:
        return run()

    return Visits(whole=asyncio.run(_timed(visit_all, len(fleet.others().endpoints))))


def scrapli_asyncssh(fleet: Fleet, at_once: int = SCRAPLI_AT_ONCE) -> Visits:
    """AsyncScrapli, some devices at a time."""
    from scrapli import AsyncScrapli

    async def visit(end: Endpoint) -> list[str]:
        async with AsyncScrapli(**scrapli_options(end, fleet, "asyncssh")) as driver:
            return [(await driver.send_command(command)).result for command in COMMANDS]

    return asyncio.run(_at_once(visit, at_once, fleet))


def raw_asyncssh(fleet: Fleet) -> Visits:
    """asyncssh by itself, 200 devices at a time: an exec channel for each command, no prompt, no set-up."""
    import asyncssh

    async def visit(end: Endpoint) -> list[str]:
        login = {"username": fleet.username, "password": fleet.password}
        async with asyncssh.connect(end.host, end.port, **login, **TUNED) as connection:
            return [str((await connection.run(command)).stdout) for command in COMMANDS]

    return asyncio.run(_at_once(visit, ASYNCSSH_AT_ONCE, fleet))


async def _at_once(visit: Callable[[Endpoint], Awaitable[list[str]]], limit: int, fleet: Fleet) -> Visits:
    places = asyncio.Semaphore(limit)

    async def bounded(end: Endpoint) -> list[str]:
        async with places:
            return await visit(end)

    async def run(of: Fleet) -> list[str]:
        found = await asyncio.gather(*(bounded(end) for end in of.endpoints))
        return [output for outputs in found for output in outputs]

    await run(fleet.one_of_each())
    measured = fleet.others()
    return Visits(whole=await _timed(lambda: run(measured), len(measured.endpoints)))
