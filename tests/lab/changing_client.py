"""A program that changes a configuration and never confirms, for tests to kill: `… PORT KEY KNOWN_HOSTS STEP SECONDS`.

It says `ready` when it has prepared the change (STEP `prepare`) or committed it (`commit`), and then sleeps.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from neops.devices import DeviceRuntime, PluginCatalogue, WritesConfig
from neops.settings import DeviceSettings
from neops_netconf import NetconfPlugin
from tests.lab.netconf import device_at, hostname


async def main(port: str, key: str, known_hosts: str, step: str, seconds: str) -> None:
    settings = DeviceSettings(known_hosts=Path(known_hosts))
    with DeviceRuntime(settings, catalogue=PluginCatalogue.of(NetconfPlugin())) as runtime:
        device = device_at(int(port), Path(key))
        async with runtime.connect(device, WritesConfig).change(hostname("killed")) as change:
            if step == "commit":
                await change.commit(confirm_within=float(seconds))
            print("ready", flush=True)
            await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
