"""A plugin with memory and no network: sessions do what the device's name is scripted to do."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from neops.concurrency import run_in_thread
from neops.devices import (
    CommandOutput,
    ConnectionOptions,
    DeviceRuntime,
    Facts,
    Parse,
    PluginCatalogue,
    ReadsFacts,
    RunsCommands,
    Session,
    capabilities_of,
)
from neops.entities import Device, Platform, Secret
from neops.errors import AuthenticationFailed, Unreachable
from neops.settings import DeviceSettings

Hang = Literal["async", "thread", "deaf"]
"""How a session hangs: awaiting, in a blocking call that an abort wakes, in one that nothing wakes."""


@dataclass
class Behaviour:
    """What a fake device does."""

    latency_s: float = 0.0
    open_hangs: Hang | None = None
    command_hangs: Hang | None = None
    refuses: bool = False
    unreachable: bool = False
    password: str | None = None
    error: Exception | None = None


@dataclass
class Network:
    """All fake devices: how they behave and what they have seen."""

    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    sessions: list[FakeSession] = field(default_factory=list)
    commands: list[tuple[str, str]] = field(default_factory=list)
    logins: Counter[str] = field(default_factory=Counter)
    at_work: Counter[str] = field(default_factory=Counter)
    most_at_work: Counter[str] = field(default_factory=Counter)
    logging_in: int = 0
    most_logging_in: int = 0

    def of(self, device: str) -> Behaviour:
        return self.behaviours.setdefault(device, Behaviour())

    @property
    def open_sessions(self) -> int:
        return sum(session.is_open for session in self.sessions)


class FakeSession(Session, RunsCommands, ReadsFacts):
    """One login on a fake device."""

    def __init__(self, network: Network, device: str, options: ConnectionOptions) -> None:
        self.network, self.device, self.options = network, device, options
        self.behaviour = network.of(device)
        self.is_open = False
        self.dead = False
        self.aborted = threading.Event()
        self.let_go = threading.Event()
        network.sessions.append(self)

    async def open(self) -> None:
        network = self.network
        network.logins[self.device] += 1
        network.logging_in += 1
        network.most_logging_in = max(network.most_logging_in, network.logging_in)
        try:
            await asyncio.sleep(self.behaviour.latency_s)
            await self._hang(self.behaviour.open_hangs)
        finally:
            network.logging_in -= 1
        if self.behaviour.unreachable:
            raise Unreachable(self.device, "nothing answers")
        password = self.options.credentials.password
        if self.behaviour.refuses or self.behaviour.password not in (None, password):
            raise AuthenticationFailed(self.device, "permission denied")
        self.is_open = True

    async def close(self) -> None:
        self.is_open = False

    def abort(self) -> None:
        self.is_open = False
        self.aborted.set()

    async def alive(self) -> bool:
        return self.is_open and not self.dead

    async def send_command(self, command: str, *, parse: Parse | None = None) -> CommandOutput:
        network, device = self.network, self.device
        network.commands.append((device, command))
        network.at_work[device] += 1
        network.most_at_work[device] = max(network.most_at_work[device], network.at_work[device])
        try:
            await asyncio.sleep(self.behaviour.latency_s)
            await self._hang(self.behaviour.command_hangs)
            if self.behaviour.error is not None:
                raise self.behaviour.error
        finally:
            network.at_work[device] -= 1
        return CommandOutput(device=device, command=command, output=f"{command} on {device}", elapsed_s=0.0)

    async def send_commands(self, commands: Sequence[str], *, parse: Parse | None = None) -> tuple[CommandOutput, ...]:
        return tuple([await self.send_command(command) for command in commands])

    async def get_facts(self) -> Facts:
        await asyncio.sleep(self.behaviour.latency_s)
        return Facts(hostname=self.device, vendor="Acme", model="A1", serial_number="1", os_version="1.0")

    async def _hang(self, how: Hang | None) -> None:
        if how == "async":
            await asyncio.Event().wait()
        elif how == "thread":
            await self._block(self.aborted)
        elif how == "deaf":
            await self._block(self.let_go)

    @run_in_thread
    def _block(self, until: threading.Event) -> None:
        until.wait(30)
        raise ConnectionResetError("socket closed")


class FakePlugin:
    """Serves `cisco_ios` with FakeSession."""

    extra = "fake"
    modules: tuple[str, ...] = ()
    platforms: Mapping[str, str] = {"cisco_ios": "ios"}

    def __init__(
        self,
        network: Network,
        *,
        name: str = "fake",
        priority: int = 50,
        session: type[FakeSession] = FakeSession,
        capabilities: frozenset[type] | None = None,
    ) -> None:
        self.network, self.name, self.priority = network, name, priority
        self._session = session
        self._capabilities = capabilities_of(session) if capabilities is None else capabilities

    def capabilities(self, platform: str) -> frozenset[type]:
        return self._capabilities if platform in self.platforms else frozenset()

    def session(self, device: Device, options: ConnectionOptions) -> Session:
        return self._session(self.network, device.name, options)


@pytest.fixture
def network() -> Iterator[Network]:
    network = Network()
    yield network
    for session in network.sessions:
        session.let_go.set()
        session.aborted.set()


MakeDevice = Callable[..., Device]


@pytest.fixture
def device() -> MakeDevice:
    ids = iter(range(1, 100_000))

    def make(name: str = "r1", *, options: Any = None, **fields: Any) -> Device:
        given: dict[str, Any] = {
            "ip": "192.0.2.1",
            "username": "admin",
            "password": Secret("secret-1"),
            "platform": Platform(short_name="cisco_ios"),
        }
        text = json.dumps(options) if isinstance(options, dict) else options
        return Device(
            id=next(ids), hostname=name, connection_options=Secret(text) if text else None, **(given | fields)
        )

    return make


@pytest.fixture
def make_runtime(network: Network) -> Iterator[Callable[..., DeviceRuntime]]:
    started: list[DeviceRuntime] = []

    def make(*plugins: FakePlugin, settings: Mapping[str, Any] | None = None, **options: Any) -> DeviceRuntime:
        catalogue = PluginCatalogue.of(*(plugins or (FakePlugin(network),)))
        runtime = DeviceRuntime(DeviceSettings(**(settings or {})), catalogue=catalogue, **options)
        runtime.start()
        started.append(runtime)
        return runtime

    yield make
    for runtime in started:
        runtime.stop()


@pytest.fixture
def fake_plugin(network: Network) -> Callable[..., FakePlugin]:
    def make(**options: Any) -> FakePlugin:
        return FakePlugin(network, **options)

    return make
