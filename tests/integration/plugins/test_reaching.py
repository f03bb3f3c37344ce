"""How a device is reached is the same over every plugin: keys, ports, limits, signs of life, the agent."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, Self

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from neops.devices import ConnectionOptions, ConnectionPlugin, Credentials, HostKeys, RunsCommands
from neops.devices.options import DeviceOptions
from neops.entities import Device, Platform, Secret
from neops.errors import AuthenticationFailed, ConnectFailed, OperationTimedOut, Unreachable
from neops.settings import DeviceSettings
from neops.testing.simulator import Fault, FaultKind, RunningDevice, SimulatedDevice, SimulatedNetwork
from neops_frr import FrrPlugin
from neops_napalm import NapalmPlugin
from neops_netconf import NetconfPlugin
from neops_nornir import NornirPlugin
from neops_scrapli import ScrapliPlugin

PLUGINS: dict[str, Callable[[], ConnectionPlugin]] = {
    "frr": FrrPlugin,
    "napalm": NapalmPlugin,
    "netconf": NetconfPlugin,
    "nornir": NornirPlugin,
    "scrapli": ScrapliPlugin,
}
PLATFORMS = {"frr": "frr", "netconf": "juniper_junos"}
"""Where it is not cisco_ios."""

every_plugin = pytest.mark.parametrize("plugin", list(PLUGINS))
PASSWORD = "s3cret-of-all"
PASSPHRASE = "open sesame"
PROMPTLY_S = 3.0
"""Longest wait for something that is said to happen at once; a loaded machine is slow."""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `plain` and `encrypted`, which are one key, and `other`; `public` is the public half of the one."""
    folder = tmp_path_factory.mktemp("keys")
    key = Ed25519PrivateKey.generate()
    form = Encoding.PEM, PrivateFormat.OpenSSH
    (folder / "plain").write_bytes(key.private_bytes(*form, NoEncryption()))
    (folder / "encrypted").write_bytes(key.private_bytes(*form, BestAvailableEncryption(PASSPHRASE.encode())))
    (folder / "public").write_bytes(key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH))
    (folder / "other").write_bytes(Ed25519PrivateKey.generate().private_bytes(*form, NoEncryption()))
    (folder / "garbage").write_text("-----BEGIN CERTIFICATE-----\n")
    return folder


@pytest.fixture(scope="module")
def network(keys: Path) -> Iterator[SimulatedNetwork]:
    lets_in: dict[str, Any] = {"password": PASSWORD, "public_keys": ((keys / "public").read_text(),)}
    answers = {"vtysh -c 'show version'": "FRRouting 8.4.4 (r1) on Linux(6.1).", "vtysh -c 'show clock'": "12:00"}
    devices = [
        SimulatedDevice(name="cisco_ios", platform="cisco_ios", **lets_in),
        SimulatedDevice(name="juniper_junos", platform="juniper_junos", **lets_in),
        SimulatedDevice(name="frr", platform="linux", answers=answers, **lets_in),
    ]
    with SimulatedNetwork(devices) as running:
        yield running


@pytest.fixture
def target(network: SimulatedNetwork, request: pytest.FixtureRequest) -> Iterator[RunningDevice]:
    """The device for the plugin that the test is parametrised with."""
    name = PLATFORMS.get(request.getfixturevalue("plugin"), "cisco_ios")
    network[name].forget()
    yield network[name]
    network[name].fault = None


@pytest.fixture
def session(target: RunningDevice, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Any]:
    made = PLUGINS[request.getfixturevalue("plugin")]()

    def make(credentials: Credentials | None = None, **changes: Any) -> Any:
        name = target.spec.name
        options = ConnectionOptions(
            host="127.0.0.1",
            port=target.port,
            platform=made.platforms[name],
            credentials=credentials or Credentials(username="neops", password=Secret(PASSWORD)),
            host_keys=HostKeys(known_hosts=tmp_path / "known_hosts"),
            connect_timeout_s=10.0,
            command_timeout_s=10.0,
        )
        device = Device(id=1, hostname="r1", platform=Platform(short_name=name))
        return made.session(device, replace(options, **changes))

    return make


def with_key(file: Path, passphrase: str | None = None, password: str | None = None) -> Credentials:
    return Credentials(
        username="neops",
        password=Secret(password) if password else None,
        private_key=file,
        passphrase=Secret(passphrase) if passphrase else None,
    )


@asynccontextmanager
async def opened(session: Any) -> AsyncIterator[Any]:
    await session.open()
    try:
        yield session
    finally:
        await session.close()


@every_plugin
@pytest.mark.parametrize(("file", "passphrase"), [("plain", None), ("plain", "not needed"), ("encrypted", PASSPHRASE)])
async def test_a_key_lets_in_without_a_password(
    plugin: str, file: str, passphrase: str | None, target: RunningDevice, session: Any, keys: Path
) -> None:
    async with opened(session(with_key(keys / file, passphrase))) as one:
        assert await ask(one)

    assert (target.logins, target.failed_logins) == (1, 0)


@pytest.mark.parametrize("plugin", ["nornir"])
@pytest.mark.parametrize(("file", "passphrase"), [("plain", None), ("encrypted", PASSPHRASE)])
async def test_a_key_lets_in_through_another_connection_of_nornir(
    plugin: str, file: str, passphrase: str | None, target: RunningDevice, session: Any, keys: Path
) -> None:
    pytest.importorskip("ssh2", reason="ssh2-python is not installed: pip install 'neops[bench]'")
    extras = {"connection": "scrapli", "transport": "ssh2", "auth_strict_key": False}

    async with opened(session(with_key(keys / file, passphrase), extras=extras)) as one:
        assert await ask(one)

    assert (target.logins, target.failed_logins) == (1, 0)


@every_plugin
async def test_a_key_is_tried_before_the_password(plugin: str, target: RunningDevice, session: Any, keys: Path) -> None:
    async with opened(session(with_key(keys / "plain", password="a-wrong-one"))):
        pass

    assert (target.logins, target.failed_logins) == (1, 0)


@every_plugin
async def test_the_password_helps_where_the_key_is_not_known(
    plugin: str, target: RunningDevice, session: Any, keys: Path
) -> None:
    async with opened(session(with_key(keys / "other", password=PASSWORD))):
        pass

    assert target.logins == 1


@every_plugin
async def test_a_key_that_the_device_does_not_know_is_an_authentication_failure(
    plugin: str, target: RunningDevice, session: Any, keys: Path
) -> None:
    where = rf"r1: 127.0.0.1:{target.port} with \S+ refused user neops; check username and password or key"

    with pytest.raises(AuthenticationFailed, match=where):
        await session(with_key(keys / "other")).open()

    assert target.logins == 0


@every_plugin
@pytest.mark.parametrize(
    ("file", "passphrase", "problem"),
    [
        ("encrypted", "sesame, open", "its passphrase is missing or wrong"),
        ("encrypted", None, "its passphrase is missing or wrong"),
        ("nowhere", None, "No such file or directory"),
        ("garbage", None, "it is no private key"),
    ],
)
async def test_a_key_that_cannot_be_used_is_said_to_be_so_before_the_device_is_asked(
    plugin: str, file: str, passphrase: str | None, problem: str, target: RunningDevice, session: Any, keys: Path
) -> None:
    with pytest.raises(ConnectFailed, match=f"^r1: the private key {keys / file} cannot be used: {problem}$"):
        await session(with_key(keys / file, passphrase, password=PASSWORD)).open()

    assert (target.logins, target.failed_logins) == (0, 0)


NO_KEYS = bytes((0, 0, 0, 5, 12, 0, 0, 0, 0))
"""SSH_AGENT_IDENTITIES_ANSWER, with none (draft-miller-ssh-agent)."""


class Agent:
    """Counts who asks for keys, and has none."""

    def __init__(self, path: Path) -> None:
        self.asked = 0
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.asked += 1
            with connection:
                connection.recv(5)
                connection.sendall(NO_KEYS)


@pytest.fixture
def agent(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    folder = tmp_path_factory.mktemp("a")
    monkeypatch.setenv("SSH_AUTH_SOCK", str(folder / "s"))
    monkeypatch.setenv("HOME", str(folder))
    one = Agent(folder / "s")
    yield one
    one.close()


@every_plugin
async def test_the_agent_is_left_alone_where_there_is_a_secret(
    plugin: str, agent: Agent, session: Any, keys: Path
) -> None:
    for credentials in (None, with_key(keys / "plain")):
        async with opened(session(credentials)):
            pass

    assert agent.asked == 0


@every_plugin
async def test_the_agent_is_asked_where_there_is_no_secret(plugin: str, agent: Agent, session: Any) -> None:
    with pytest.raises(ConnectFailed):
        await session(Credentials(username="neops")).open()

    assert agent.asked >= 1


@every_plugin
async def test_the_command_time_limit_of_a_device_holds(plugin: str, target: RunningDevice, session: Any) -> None:
    async with opened(session(command_timeout_s=0.5)) as one:
        target.fault = Fault(kind=FaultKind.HANG_ON_COMMAND)

        with pytest.raises(OperationTimedOut, match=r"r1: no .* within 0.5 s after '.*(show clock|get-config)"):
            await asyncio.wait_for(ask(one), 0.5 + PROMPTLY_S)


class Nowhere:
    """A tunnel that leads nowhere and keeps whereto it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    async def create_connection(self, session_factory: Any, remote_host: str, remote_port: int) -> Any:
        self._refuse(remote_host, remote_port)

    def connect(self, host: str, port: int, timeout_s: float, register: Any) -> NoReturn:
        self._refuse(host, port)

    def forward(self, host: str, port: int) -> NoReturn:
        self._refuse(host, port)

    def _refuse(self, host: str, port: int) -> NoReturn:
        self.asked.append((host, port))
        raise Unreachable("r1", "this leads nowhere")


@every_plugin
@pytest.mark.parametrize(
    ("port", "entries", "expected"),
    [
        (None, {}, 22),
        (2222, {}, 2222),
        (2222, {"neops": {"port": 2223}}, 2223),
        (2222, {"neops": {"port": 2223}, "own": {"port": 2224}}, 2224),
    ],
)
async def test_a_port_comes_from_the_nearest_that_says_one(
    plugin: str, port: int | None, entries: dict[str, Any], expected: int
) -> None:
    made, way = PLUGINS[plugin](), Nowhere()
    text = json.dumps({plugin if name == "own" else name: entry for name, entry in entries.items()})
    platform = Platform(short_name=PLATFORMS.get(plugin, "cisco_ios"))
    if plugin == "netconf" and "own" not in entries:
        expected = 830  # the other ports are those of its command line
    device = Device(
        id=1, hostname="r1", ip="192.0.2.1", port=port, platform=platform, username="a", connection_options=Secret(text)
    )
    told = DeviceOptions.read(device, DeviceSettings(host_keys="off")).for_plugin(made)

    with pytest.raises(Unreachable, match=r"^r1: this leads nowhere$"):
        await made.session(device, replace(told, tunnel=way)).open()

    assert way.asked == [("192.0.2.1", expected)]


class Wire:
    """A TCP connection to a device, on which what the client sends is counted."""

    def __init__(self, port: int) -> None:
        self._port, self.sent = port, 0
        self._ends: list[asyncio.StreamWriter] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for end in self._ends:
            end.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self._ends += [writer, back]
        self._tasks += [
            asyncio.create_task(self._copy(reader, back, 1)),
            asyncio.create_task(self._copy(there, writer, 0)),
        ]

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, counted: int) -> None:
        while data := await source.read(65536):
            self.sent += counted * len(data)
            sink.write(data)
        sink.close()


@every_plugin
@pytest.mark.parametrize("keepalive_s", [0.2, 0.0])
async def test_an_idle_session_gives_signs_of_life_when_it_is_told_to(
    plugin: str, keepalive_s: float, target: RunningDevice, session: Any
) -> None:
    async with Wire(target.port) as wire, opened(session(port=wire.port, keepalive_s=keepalive_s)) as device:
        await ask(device)  # what the login had still to say is said before
        settled = wire.sent
        with_signs = await came(lambda: wire.sent > settled + 100, within_s=PROMPTLY_S if keepalive_s else 0.5)

    assert with_signs == bool(keepalive_s)


async def ask(session: Any) -> str:
    """Any question that the session answers."""
    if isinstance(session, RunsCommands):
        return str((await session.send_command("show clock")).output)
    return str((await session.get_config()).running)


async def came(condition: Callable[[], bool], within_s: float) -> bool:
    """Whether it came to be so in time."""
    try:
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        return False
    return True
