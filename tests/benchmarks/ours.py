"""neops: the device runtime, called the way a block calls it, from an event loop of its own."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from neops.concurrency.collecting import collect_rarely
from neops.devices import DeviceRuntime, RunsCommands
from neops.entities import Device, Platform, Secret
from neops.settings import DeviceSettings
from tests.benchmarks.fleet import COMMAND, CallTimes, Fleet, FleetTimes, Sample
from tests.benchmarks.peers import SCRAPLI_AT_ONCE, scrapli_options
from tests.benchmarks.timing import StopWatch, cold_and_warm_async, median_of

CALLS = 50


def whole_fleet(fleet: Fleet) -> FleetTimes:
    collect_rarely()
    devices = devices_of(fleet.others())
    with tempfile.TemporaryDirectory() as folder, DeviceRuntime(settings_in(folder)) as runtime:
        asyncio.run(_ask_all(runtime, devices_of(fleet.one_of_each())))  # the credential is known to be good after it
        return asyncio.run(cold_and_warm_async(lambda: _ask_all(runtime, devices), len(devices)))


async def _ask_all(runtime: DeviceRuntime, devices: Sequence[Device]) -> list[str]:
    routers = [runtime.connect(device, RunsCommands) for device in devices]
    return [answer.output for answer in await asyncio.gather(*(router.send_command(COMMAND) for router in routers))]


def one_call(fleet: Fleet) -> CallTimes:
    """The same command on the same device: on a proxy's warm session and on the library's own, in turn."""
    with tempfile.TemporaryDirectory() as folder, DeviceRuntime(settings_in(folder)) as runtime:
        return asyncio.run(_calls(runtime, fleet))


async def _calls(runtime: DeviceRuntime, fleet: Fleet) -> CallTimes:
    from scrapli import AsyncScrapli

    (device,) = devices_of(fleet)
    proxy = runtime.connect(device, RunsCommands)
    proxied: list[Sample] = []
    direct: list[Sample] = []
    async with AsyncScrapli(**scrapli_options(fleet.endpoints[0], fleet, "asyncssh")) as bare:
        await proxy.send_command(COMMAND)
        for _ in range(CALLS):
            proxied.append(await _timed(lambda: proxy.send_command(COMMAND)))
            direct.append(await _timed(lambda: bare.send_command(COMMAND)))
    return CallTimes(proxy=median_of(proxied), bare=median_of(direct))


async def _timed(call: Callable[[], Awaitable[object]]) -> Sample:
    with StopWatch() as watch:
        await call()
    return watch.sample


def settings_in(folder: str, *, logins: int = SCRAPLI_AT_ONCE, **others: Any) -> DeviceSettings:
    """As it comes, but as the peers are run: through scrapli, many logins at once, host keys not looked at."""
    return DeviceSettings(
        plugins=("scrapli",),
        concurrent_logins=logins,
        host_keys="off",
        known_hosts=Path(folder) / "known_hosts",
        **others,
    )


def devices_of(fleet: Fleet, after: int = 0) -> list[Device]:
    return [
        Device(
            id=number,
            hostname=end.name,
            ip=end.host,
            port=end.port,
            username=fleet.username,
            password=Secret(fleet.password),
            platform=Platform(short_name=end.platform),
        )
        for number, end in enumerate(fleet.endpoints, start=after + 1)
    ]
