"""A network of simulated devices: one event loop, one listening socket per device, on loopback."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from neops.errors import UsageError
from neops.testing.simulator.device import DeviceState, PlatformRuntime, utc_now
from neops.testing.simulator.inventory import known_hosts_text, write_inventory
from neops.testing.simulator.platform import Platform
from neops.testing.simulator.platform_files import load_platform
from neops.testing.simulator.spec import Face, Fault, SimulatedDevice

if TYPE_CHECKING:
    import asyncssh
    from aiohttp import web

    from neops.testing.simulator.listener import Listener

T = TypeVar("T")

HOST = "127.0.0.1"
STOP_S = 5.0  # longest wait for connections to close and for the background thread to end


class RunningDevice:
    """One device of a running network: where it is, what clients did to it, and its fault.

    May be used from any thread.
    """

    def __init__(self, network: SimulatedNetwork, state: DeviceState) -> None:
        self._network, self._state = network, state
        self.spec = state.spec

    @property
    def platform(self) -> Platform:
        return self._state.platform.data

    @property
    def port(self) -> int:
        """TCP port on 127.0.0.1; the same until the network stops."""
        return self.ports["ssh"]

    @property
    def ports(self) -> Mapping[Face, int]:
        """TCP ports on 127.0.0.1 by protocol; NETCONF is on SSH's."""
        return self._network.ports_of(self.spec.name)

    @property
    def logins(self) -> int:
        return self._state.evidence.logins

    @property
    def failed_logins(self) -> int:
        return self._state.evidence.failed_logins

    @property
    def sessions(self) -> int:
        """SSH connections that are logged in now."""
        return self._state.evidence.sessions

    @property
    def forwarded(self) -> int:
        """Connections that a jump host has made for clients."""
        return self._state.evidence.forwarded

    @property
    def commands(self) -> tuple[str, ...]:
        """Every line that was entered, in order, without passwords: the last 10,000."""
        return self._network.ask(lambda: tuple(self._state.evidence.commands))

    @property
    def running_config(self) -> str:
        """The running configuration as the platform prints it; empty for a platform without one."""
        return self._network.ask(lambda: str(self._state.scope().get("running_config", "")))

    @property
    def startup_config(self) -> str:
        return self._network.ask(lambda: str(self._state.scope().get("startup_config", "")))

    @property
    def files(self) -> Mapping[str, bytes]:
        """What is in the device's files now, by path: `/flash/new.bin`."""

        def look() -> Mapping[str, bytes]:
            storage = self._state.storage
            return {path: bytes(storage[path].content) for path in storage} if storage is not None else {}

        return self._network.ask(look)

    @property
    def configuration_locked(self) -> bool:
        """A session holds the configuration exclusively."""
        return self._state.datastore.locked

    @property
    def candidates(self) -> tuple[str, ...]:
        """Names of the candidates that wait on the device, whoever left them; NETCONF's is called `candidate`."""

        def look() -> tuple[str, ...]:
            store = self._state.datastore
            shared = ("candidate",) if store.shared_changed else ()
            return (*(name for name in store.candidates if name), *shared)

        return self._network.ask(look)

    @property
    def awaits_confirmation(self) -> bool:
        """A commit will be undone unless it is confirmed in time."""
        return self._network.ask(lambda: self._state.datastore.awaits_confirmation)

    @property
    def latency_s(self) -> float:
        return self._state.latency_s

    @latency_s.setter
    def latency_s(self, value: float) -> None:
        self._state.latency_s = value

    @property
    def fault(self) -> Fault | None:
        return self._state.fault

    @fault.setter
    def fault(self, fault: Fault | None) -> None:
        def change() -> None:
            self._state.fault = fault
            self._network.follow_fault(self.spec.name)

        self._network.ask(change)

    def hang_up(self) -> None:
        """Cut all connections to it; with the fault REFUSE before, it is gone."""

        def cut() -> None:
            for one in tuple(self._state.hang_up):
                one()

        self._network.ask(cut)

    def forget(self) -> None:
        """Empty the evidence: the counters of logins and the list of commands."""

        def empty() -> None:
            evidence = self._state.evidence
            evidence.logins = evidence.failed_logins = evidence.forwarded = 0
            evidence.commands.clear()

        self._network.ask(empty)


class SimulatedNetwork:
    """Simulated devices that answer over SSH while the `with` or `async with` block lasts.

    `with` serves from a background thread, `async with` from the caller's event loop.

        with SimulatedNetwork([SimulatedDevice(name="r1", platform="cisco_ios")]) as network:
            connect("127.0.0.1", network["r1"].port, username="neops", password="neops")

    `clock` (seconds, monotonic) and `now` (aware) can be replaced to have time under control.

    Raises:
        UsageError: two devices have the same name.
        PlatformInvalid: a device's platform does not exist, or its file is wrong.
    """

    def __init__(
        self,
        devices: Iterable[SimulatedDevice],
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        platforms: dict[str, PlatformRuntime] = {}
        self._devices: dict[str, RunningDevice] = {}
        self._states: dict[str, DeviceState] = {}
        for spec in devices:
            if spec.name in self._states:
                raise UsageError(f"two simulated devices are called {spec.name}; names must differ")
            if spec.platform not in platforms:
                platforms[spec.platform] = PlatformRuntime(load_platform(spec.platform))
            state = DeviceState(spec, platforms[spec.platform], clock=clock, now=now)
            self._states[spec.name] = state
            self._devices[spec.name] = RunningDevice(self, state)
        self._listeners: dict[str, dict[Face, Listener]] = {}
        self._http: web.Server | None = None
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], None] = lambda: None
        self.public_key = ""
        """The host key of all devices, fresh for each start: `ssh-ed25519 AAAA…`."""

    def __getitem__(self, name: str) -> RunningDevice:
        return self._devices[name]

    def __iter__(self) -> Iterator[RunningDevice]:
        return iter(self._devices.values())

    def __len__(self) -> int:
        return len(self._devices)

    # life

    async def __aenter__(self) -> Self:
        await self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    def __enter__(self) -> Self:
        started: Future[None] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(started)), name="neops-simulator", daemon=True
        )
        self._thread.start()
        started.result()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        if self._thread:
            self._thread.join(2 * STOP_S)
            self._thread = None

    async def _serve(self, started: Future[None]) -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()

        def stop() -> None:
            loop.call_soon_threadsafe(ended.set)

        self._stop = stop
        try:
            await self._start()
        except BaseException as error:  # noqa: BLE001 - the starting thread raises it
            started.set_exception(error)
            return
        started.set_result(None)
        await ended.wait()
        await self._end()

    async def _start(self) -> None:
        try:
            import asyncssh
        except ModuleNotFoundError as error:
            raise UsageError("the simulator needs asyncssh: pip install 'neops[simulator]'") from error
        from neops.testing.simulator import server
        from neops.testing.simulator.listener import Listener

        self._loop = asyncio.get_running_loop()
        key = asyncssh.generate_private_key("ssh-ed25519")
        self.public_key = key.export_public_key().decode().strip()
        by_port: dict[int, DeviceState] = {}
        options = await server.server_options(by_port.__getitem__, key, self._connections, self._port_or_none)
        serve: dict[Face, Callable[[socket.socket], Awaitable[object]]] = {
            "ssh": lambda sock: server.serve(sock, options)
        }
        if any("eapi" in state.faces for state in self._states.values()):
            serve["eapi"] = self._serve_http(by_port)
        try:
            for name, state in self._states.items():
                here = self._listeners[name] = {}
                for face in state.faces & serve.keys():
                    here[face] = Listener(state, HOST, serve[face])
                    by_port[here[face].port] = state
                    here[face].follow_fault()
        except OSError as error:
            await self._end()
            raise _with_advice(error, len(self)) from error

    def _serve_http(self, by_port: Mapping[int, DeviceState]) -> Callable[[socket.socket], Awaitable[object]]:
        """aiohttp is imported for networks that have a device with eAPI: it takes as long as all the rest."""
        from neops.testing.simulator.eapi import http_server

        server = self._http = http_server(by_port.__getitem__)
        loop = asyncio.get_running_loop()
        return lambda sock: loop.connect_accepted_socket(server, sock)

    async def _end(self) -> None:
        for listener in (one for here in self._listeners.values() for one in here.values()):
            listener.close()
        if self._http is not None:
            await self._http.shutdown(STOP_S)
            self._http = None
        connections = list(self._connections)
        for connection in connections:
            connection.abort()
        if connections:
            closing = [asyncio.ensure_future(connection.wait_closed()) for connection in connections]
            await asyncio.wait(closing, timeout=STOP_S)
        self._listeners.clear()
        self._loop = None

    # for RunningDevice

    def ports_of(self, name: str) -> Mapping[Face, int]:
        if name not in self._listeners:
            raise UsageError("the simulated network is not running: use it in a `with` block")
        ports: dict[Face, int] = {face: listener.port for face, listener in self._listeners[name].items()}
        return {**ports, "netconf": ports["ssh"]} if "netconf" in self._states[name].faces else ports

    def _port_or_none(self, name: str) -> int | None:
        return self.ports_of(name)["ssh"] if name in self._states else None

    def follow_fault(self, name: str) -> None:
        for listener in self._listeners.get(name, {}).values():
            listener.follow_fault()

    def ask(self, question: Callable[[], T]) -> T:
        """Run this where the devices live: in the loop's thread, or here if it is this one or there is no loop."""
        try:
            here: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if self._loop is None or here is self._loop:
            return question()
        answer: Future[T] = Future()
        self._loop.call_soon_threadsafe(_answer, question, answer)
        return answer.result(STOP_S)

    # files

    def write_inventory(self, folder: Path | str) -> Path:
        """Write an ordinary Nornir SimpleInventory of the running network; returns the path of its config.yaml.

        The folder gets hosts.yaml, groups.yaml, defaults.yaml, config.yaml and known_hosts.
        """
        return write_inventory(Path(folder), list(self), self.public_key)

    def write_known_hosts(self, path: Path | str) -> Path:
        """Write the host key of every device in OpenSSH's format."""
        path = Path(path).resolve()
        path.write_text(known_hosts_text(list(self), self.public_key), encoding="utf-8")
        return path


def _answer(question: Callable[[], T], answer: Future[T]) -> None:
    try:
        answer.set_result(question())
    except BaseException as error:  # noqa: BLE001 - the asking thread raises it
        answer.set_exception(error)


def _with_advice(error: OSError, devices: int) -> Exception:
    if error.errno != errno.EMFILE:
        return error
    return UsageError(
        f"too few file descriptors for {devices} simulated devices: each takes one, and one more per open session;"
        " raise the limit with `ulimit -n`"
    )
