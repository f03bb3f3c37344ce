from __future__ import annotations

from collections.abc import Callable

import pytest
from nornir.core import Nornir
from nornir.core.inventory import Host, Hosts, Inventory
from nornir.core.plugins.runners import RunnerPlugin


@pytest.fixture
def nornir_with() -> Callable[..., Nornir]:
    """A Nornir object on hosts r1, r2, … with a runner."""

    def make(runner: RunnerPlugin, hosts: int = 3) -> Nornir:
        names = [f"r{number}" for number in range(1, hosts + 1)]
        return Nornir(inventory=Inventory(hosts=Hosts({name: Host(name=name) for name in names})), runner=runner)

    return make
