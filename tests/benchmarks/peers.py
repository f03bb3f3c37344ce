"""The peers: one command on every device of a fleet, the way each library's documentation does it.

Every client first serves one device untimed, so that imports and caches are not part of the measurement.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.benchmarks.fleet import COMMAND, Endpoint, Fleet, FleetTimes
from tests.benchmarks.timing import cold_and_warm, cold_and_warm_async

NORNIR_WORKERS = 100
SCRAPLI_AT_ONCE = 200
SSH2_THREADS = 100
SCRAPLI_PLATFORMS = {
    "arista_eos": "arista_eos",
    "cisco_ios": "cisco_iosxe",
    "juniper_junos": "juniper_junos",
    "nokia_srl": "nokia_srlinux",
}


def nornir_netmiko(fleet: Fleet) -> FleetTimes:
    """Nornir's threaded runner with netmiko_send_command; warm is a second run on the same Nornir object."""
    from nornir_netmiko.tasks import netmiko_send_command

    def run(nornir: Any) -> list[str]:
        results = nornir.run(task=netmiko_send_command, command_string=COMMAND)
        return [str(result[0].result) for result in results.values()]

    with nornir_on(fleet.one_of_each()) as nornir:
        run(nornir)
    measured = fleet.others()
    with nornir_on(measured) as nornir:
        return cold_and_warm(lambda: run(nornir), len(measured.endpoints))


@contextlib.contextmanager
def nornir_on(fleet: Fleet, workers: int = NORNIR_WORKERS) -> Iterator[Any]:
    """Nornir on a fleet; leaving it closes the connections."""
    from nornir.core import Nornir
    from nornir.core.configuration import Config, LoggingConfig
    from nornir.core.inventory import Defaults, Groups, Host, Hosts, Inventory
    from nornir.core.plugins.connections import ConnectionPluginRegister
    from nornir.plugins.runners import ThreadedRunner
    from nornir_netmiko.connections import Netmiko

    ConnectionPluginRegister.register("netmiko", Netmiko)
    login = Defaults(username=fleet.username, password=fleet.password)
    hosts = Hosts(
        {
            end.name: Host(name=end.name, hostname=end.host, port=end.port, platform=end.platform, defaults=login)
            for end in fleet.endpoints
        }
    )
    nornir = Nornir(
        inventory=Inventory(hosts=hosts, groups=Groups(), defaults=login),
        runner=ThreadedRunner(num_workers=workers),
        config=Config(logging=LoggingConfig(enabled=False)),
    )
    try:
        yield nornir
    finally:
        nornir.close_connections(on_good=True, on_failed=True)


def scrapli_asyncssh(fleet: Fleet) -> FleetTimes:
    """AsyncScrapli on the asyncssh transport, 200 devices at a time."""
    from scrapli import AsyncScrapli

    async def run(drivers: Sequence[AsyncScrapli]) -> list[str]:
        at_once = asyncio.Semaphore(SCRAPLI_AT_ONCE)

        async def ask(driver: AsyncScrapli) -> str:
            async with at_once:
                if not driver.isalive():
                    await driver.open()
                return (await driver.send_command(COMMAND)).result

        return await asyncio.gather(*(ask(driver) for driver in drivers))

    async def measure() -> FleetTimes:
        first = [AsyncScrapli(**scrapli_options(end, fleet, "asyncssh")) for end in fleet.one_of_each().endpoints]
        await run(first)
        drivers: list[AsyncScrapli] = []
        measured = fleet.others()

        def run_all() -> Awaitable[list[str]]:
            if not drivers:  # making them is part of the cold run, as it is for the others
                drivers.extend(AsyncScrapli(**scrapli_options(end, fleet, "asyncssh")) for end in measured.endpoints)
            return run(drivers)

        times = await cold_and_warm_async(run_all, len(measured.endpoints))
        await asyncio.gather(*(driver.close() for driver in [*first, *drivers]))
        return times

    return asyncio.run(measure())


def scrapli_ssh2(fleet: Fleet) -> FleetTimes:
    """Scrapli on the ssh2-python transport, 100 threads. ssh2-python is no dependency: measured where installed."""
    from scrapli import Scrapli

    def ask(driver: Scrapli) -> str:
        if not driver.isalive():
            driver.open()
        return driver.send_command(COMMAND).result

    with ThreadPoolExecutor(SSH2_THREADS) as pool:
        first = Scrapli(**scrapli_options(fleet.endpoints[0], fleet, "ssh2"))
        ask(first)
        drivers = [Scrapli(**scrapli_options(end, fleet, "ssh2")) for end in fleet.others().endpoints]
        times = cold_and_warm(lambda: list(pool.map(ask, drivers)), len(drivers))
        list(pool.map(Scrapli.close, [first, *drivers]))
    return times


def scrapli_options(end: Endpoint, fleet: Fleet, transport: str) -> dict[str, Any]:
    return {
        "host": end.host,
        "port": end.port,
        "platform": SCRAPLI_PLATFORMS[end.platform],
        "auth_username": fleet.username,
        "auth_password": fleet.password,
        "auth_strict_key": False,
        "transport": transport,
    }
