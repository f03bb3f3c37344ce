from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pytest

from neops.devices import ConnectionOptions, ConnectionPlugin, Credentials, HostKeys
from neops.entities import Device, Platform, Secret
from neops_frr import FrrPlugin
from neops_nornir import NornirPlugin
from neops_scrapli import ScrapliPlugin
from tests.lab.netconf import NETCONFD, PACKAGE, NetconfServer, running_netconf
from tests.lab.network import ISOLATED, PASSWORD, Lab, missing, running_lab

Opened = Callable[..., Awaitable[Any]]

PLUGINS: dict[str, Callable[[], ConnectionPlugin]] = {
    "frr": FrrPlugin,
    "nornir": NornirPlugin,
    "scrapli": ScrapliPlugin,
}


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The three routers; without name spaces of our own the tests are skipped."""
    if not os.environ.get(ISOLATED):
        lacks = missing() or ["name spaces of its own: run `make lab`"]
        pytest.skip(f"the lab lacks {', '.join(lacks)}")
    with TemporaryDirectory(prefix="neops-lab-") as folder:
        Path(folder).chmod(0o755)  # sshd and FRR read what is theirs as other users; pytest's own folders are closed
        with running_lab(Path(folder)) as running:
            yield running


def _netconf(target: Literal["candidate", "running"], port: int) -> Iterator[NetconfServer]:
    if not os.environ.get(ISOLATED):
        pytest.skip("the lab lacks name spaces of its own: run `make lab`")
    if not NETCONFD.exists():
        pytest.skip(f"the lab lacks {NETCONFD} (package {PACKAGE})")
    with (
        TemporaryDirectory(prefix="neops-lab-") as folder,
        running_netconf(Path(folder), port, target) as running,
    ):
        yield running


@pytest.fixture(scope="session")
def netconf() -> Iterator[NetconfServer]:
    """A NETCONF server with a candidate."""
    yield from _netconf("candidate", 8830)


@pytest.fixture(scope="session")
def netconf_without_candidate() -> Iterator[NetconfServer]:
    """A NETCONF server whose running configuration is edited."""
    yield from _netconf("running", 8831)


@pytest.fixture
async def connect(lab: Lab, tmp_path: Path) -> AsyncIterator[Opened]:
    """Logs in to a router: `await connect("frr", "r2", "ops")` is an open session, closed when the test ends."""
    async with AsyncExitStack() as opened:

        async def open_session(plugin: str, router: str, user: str, **changes: Any) -> Any:
            found = PLUGINS[plugin]()
            options = ConnectionOptions(
                host=lab[router].address,
                platform=found.platforms["frr"],
                credentials=Credentials(username=user, password=Secret(PASSWORD)),
                host_keys=HostKeys(known_hosts=tmp_path / "known_hosts"),
                connect_timeout_s=15.0,
                command_timeout_s=15.0,
            )
            device = Device(id=lab[router].number, hostname=router, platform=Platform(short_name="frr"))
            session = found.session(device, replace(options, **changes))
            await session.open()
            opened.push_async_callback(session.close)
            return session

        yield open_session
