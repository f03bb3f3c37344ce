"""`context.nornir()`: a Nornir object on the devices of a job. Importing this module imports Nornir."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import wait
from typing import Final

from nornir.core import Nornir
from nornir.core.configuration import Config, LoggingConfig
from nornir.core.inventory import Host

from neops.concurrency import BlockingExecutor
from neops.devices.fleet import Fleet
from neops_cms_inventory.inventory import to_inventory
from neops_cms_inventory.runner import NeopsRunner

CLOSE_S: Final = 2.0
"""How long the connections that other plugins opened may take to close when the job ends."""


def open_nornir(fleet: Fleet, *, num_workers: int) -> Nornir:
    """A Nornir object on the devices, tied to their job: its runner and the connections end with the job."""
    inventory = to_inventory(fleet.devices, fleet.device_groups, connector=fleet.connector, job=fleet.job)
    runner = NeopsRunner(num_workers, until=fleet.deadline, progress=fleet.progress)

    def end() -> None:
        runner.stop()
        _close(inventory.hosts.values(), num_workers)

    fleet.at_end(end)
    return Nornir(inventory=inventory, runner=runner, config=Config(logging=LoggingConfig(enabled=False)))


def _close(hosts: Iterable[Host], num_workers: int) -> None:
    connected = [host for host in hosts if host.connections]
    if connected:
        executor = BlockingExecutor(min(num_workers, len(connected)), name="nornir-close")
        wait([executor.submit(host.close_connections) for host in connected], CLOSE_S)
        executor.shutdown()
