"""Serve a demo network from a process of its own: `python -m neops.testing.simulator --devices 12 --write DIR`.

Prints one line of JSON when the network is ready, and stops at the end of its standard input or on SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from pathlib import Path

from neops.errors import UsageError
from neops.testing.simulator.demo import demo_network


async def serve(devices: int, seed: int, latency_s: float, folder: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with demo_network(devices, seed=seed, latency_s=latency_s) as network:
        config = str(network.write_inventory(folder)) if folder else None
        ready = [
            {"name": d.spec.name, "platform": d.platform.inventory_name, "port": d.port, "ports": d.ports}
            for d in network
        ]
        print(json.dumps({"config": config, "devices": ready}), flush=True)
        ended = threading.Thread(target=_at_end_of_input, args=(loop, stop), daemon=True)
        ended.start()
        await stop.wait()


def _at_end_of_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Not through sys.stdin: a daemon thread in it keeps the interpreter from ending."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    with contextlib.suppress(RuntimeError):  # the loop is closed already
        loop.call_soon_threadsafe(stop.set)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m neops.testing.simulator",
        description="Serve a demo network until Ctrl-C, SIGTERM or the end of standard input. "
        "One line of JSON says that it is ready.",
    )
    parser.add_argument("--devices", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--latency", type=float, default=0.0, metavar="S", help="seconds per command")
    parser.add_argument("--write", type=Path, metavar="DIR", help="write a Nornir inventory there")
    options = parser.parse_args()
    try:
        asyncio.run(serve(options.devices, options.seed, options.latency, options.write))
    except UsageError as problem:
        parser.exit(2, f"neops: {problem}\n")


if __name__ == "__main__":
    main()
