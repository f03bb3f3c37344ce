"""What a plugin author writes: a ConnectionPlugin that says what it serves, and the Session that it opens.

Register the plugin class under the entry-point group `neops.connections`. The class is loaded to answer questions,
so its module must not import the vendor library: do that in the module that holds the session, when one is made.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Protocol, runtime_checkable

from neops.devices.sockets import CuttableSocket
from neops.entities import Device, Secret

SSH_PORT: Final = 22

CONNECTION_GROUP = "neops.connections"
"""Entry-point group in which connection plugins register."""

HostKeyPolicy = Literal["strict", "accept-new", "off"]
"""How an SSH host key is checked: known only; known, or new and then remembered (OpenSSH's accept-new); not at all."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What a device is asked to let us in with; `enable_secret` is for the privileged mode where there is one.

    `passphrase` opens an encrypted `private_key`.
    """

    username: str | None = None
    password: Secret | None = None
    enable_secret: Secret | None = None
    private_key: Path | None = None
    passphrase: Secret | None = None


@dataclass(frozen=True, kw_only=True)
class HostKeys:
    """Where known SSH host keys are, in OpenSSH's known_hosts form, and what to do with a new one."""

    policy: HostKeyPolicy = "accept-new"
    known_hosts: Path | None = None


async def _at_once() -> None:
    """Nobody has to wait."""


@dataclass(frozen=True, kw_only=True)
class JumpHost:
    """An SSH server on the way to a device, with credentials of its own."""

    host: str
    port: int | None = None
    credentials: Credentials = field(default_factory=Credentials)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{self.credentials.username}@" if self.credentials.username else ""
        return f"{user}{host}" if self.port is None else f"{user}{host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class Forward:
    """A port on loopback that leads to one device; `close` may be called from any thread."""

    host: str
    port: int
    close: Callable[[], None] = field(repr=False)


class Tunnel(Protocol):
    """The way through the jump hosts; the runtime makes it, sessions go through it.

    A session with asyncssh hands it over as it is (`tunnel=`), see `neops.devices.ssh`. `connect` is for libraries that
    take a socket, `forward` for those that only take host and port; both are called in a thread of `in_thread`.
    """

    async def create_connection(self, session_factory: Any, remote_host: str, remote_port: int) -> Any:
        """A channel to host and port, as `asyncssh.SSHClientConnection` opens it."""
        ...

    def connect(
        self, host: str, port: int, timeout_s: float, register: Callable[[CuttableSocket], None]
    ) -> CuttableSocket:
        """A socket that is connected to host and port: `CuttableSocket.connected_to`, through the jump hosts."""
        ...

    def forward(self, host: str, port: int) -> Forward:
        """A port on 127.0.0.1 that leads to host and port until it is closed. Every user of this machine can use it."""
        ...


COMMIT_S: Final = 360.0
"""What Juniper gives large commits (Junos PyEZ Developer Guide, "Troubleshoot Timeout Errors"); netmiko waits 120 s."""


@dataclass(frozen=True, kw_only=True)
class ConnectionOptions:
    """All that a session needs to know, worked out from the device, its connection_options and the settings.

    `platform` is the library's name for it, from the plugin's own `platforms`. Times are seconds. `extras` is what
    the inventory gives for this plugin and is handed to the library as it is. `before_login` is for sessions with
    `asks_before_login`. `jump_hosts` are on the way, the first one nearest to us; with them, or where `ssh_config_file`
    names some, the runtime sets `tunnel`, and sessions connect through it. `keepalive_s` is how often a silent
    connection is asked for a sign of life, 0 never. `commit_timeout_s` holds, where it is longer than that of commands,
    for what makes, keeps or takes back a change of configuration.
    """

    host: str
    port: int | None = None
    platform: str
    credentials: Credentials = field(default_factory=Credentials)
    host_keys: HostKeys = field(default_factory=HostKeys)
    connect_timeout_s: float = 15.0
    command_timeout_s: float = 60.0
    commit_timeout_s: float = COMMIT_S
    keepalive_s: float = 0.0
    jump_hosts: tuple[JumpHost, ...] = ()
    ssh_config_file: Path | None = None
    tunnel: Tunnel | None = field(default=None, repr=False, compare=False)
    extras: Mapping[str, Any] = field(default_factory=dict, repr=False)  # may hold secrets
    before_login: Callable[[], Awaitable[None]] = field(default=_at_once, repr=False, compare=False)

    @property
    def place(self) -> str:
        """Address, port and jump hosts, for errors: `192.0.2.1:22 via ops@bastion`."""
        return f"{self.host}:{self.port or SSH_PORT}{self.via}"

    @property
    def via(self) -> str:
        """The jump hosts in words, empty when there are none."""
        return f" via {', '.join(map(str, self.jump_hosts))}" if self.jump_hosts else ""

    def connect(self, host: str, port: int, register: Callable[[CuttableSocket], None]) -> CuttableSocket:
        """A socket of `CuttableSocket.connected_to`, through the jump hosts if there are any. Call it in a thread.

        Raises:
            Unreachable: the jump hosts do not lead there.
            OSError: nobody answers.
        """
        connect = self.tunnel.connect if self.tunnel else CuttableSocket.connected_to
        return connect(host, port, self.connect_timeout_s, register)


class Session(ABC):
    """One login on one device; subclasses add the capabilities they implement.

    The runtime calls one operation at a time, in order. Operations raise the errors of `neops.errors`: a library's
    own exceptions are converted where they are caught, with the device's name in the message.

    `asks_before_login` says that `open` awaits `options.before_login()` right before it sends a password, which may
    wait while the same password is tried elsewhere. Without it that wait comes before `open`, and devices that hang
    before they ask for a password hold back others. `knows_jump_hosts` says that it connects through
    `options.tunnel` when there is one; a device behind jump hosts is not given to a session that does not.
    """

    asks_before_login: ClassVar[bool] = False
    knows_jump_hosts: ClassVar[bool] = False

    @abstractmethod
    async def open(self) -> None:
        """Log in and make the session ready for commands.

        Raises:
            Unreachable: nothing answered.
            AuthenticationFailed: the device refused the credentials.
            HostKeyRejected: the device's host key is not the known one.
        """

    @abstractmethod
    async def close(self) -> None:
        """Log out and free the socket. Never raises; closing twice is harmless."""

    @abstractmethod
    def abort(self) -> None:
        """Close the socket now, from any thread, so that whoever waits on it wakes up. Never blocks, never raises."""

    @abstractmethod
    async def alive(self) -> bool:
        """Whether the session looks usable, without sending anything to the device."""

    @property
    def clean(self) -> bool:
        """Whether the session is as `open` left it, so that there is nothing to reset. Answers at once."""
        return type(self).reset is Session.reset

    async def reset(self) -> None:  # noqa: B027  # most sessions have nothing to undo
        """Put the session back to how `open` left it, after each operation and before the next one.

        Override it only where an operation can leave something behind; with `clean`, it is called only when one did.
        A session whose reset fails is closed.
        """


@runtime_checkable
class ConnectionPlugin(Protocol):
    """Says which platforms it serves, with which capabilities, and makes sessions.

    Attributes:
        name: unique among installed plugins; also the key of its options in `connection_options`.
        extra: the extra of neops, or the distribution, that brings its library: `pip install 'neops[EXTRA]'`.
        modules: top-level modules the library needs; looked up, never imported, to see whether it is installed.
        priority: higher is preferred. Vendor packages 100, scrapli 40, napalm 35, nornir 30.
        platforms: our platform name (netmiko's device type) → the library's name.

    A plugin may have two more attributes. `on_request` is a collection of those of its platforms that it serves only
    when the device or the settings prefer it, because most devices lack what it needs (an API that is switched on).
    `ports` maps platforms that it does not reach by their command line to the usual port: the device's own `port` is
    not meant for it then, only the one of the plugin's entry in `connection_options`.
    """

    @property
    def name(self) -> str: ...
    @property
    def extra(self) -> str: ...
    @property
    def modules(self) -> tuple[str, ...]: ...
    @property
    def priority(self) -> int: ...
    @property
    def platforms(self) -> Mapping[str, str]: ...

    def capabilities(self, platform: str) -> frozenset[type]:
        """The single capabilities that a session on this platform has; `platform` is our name.

        Answer without importing the library: `capabilities_of(SessionClass)` needs a session module that does.
        """
        ...

    def session(self, device: Device, options: ConnectionOptions) -> Session:
        """A session that is not open yet. This is the place to import the library."""
        ...
