"""What a plugin author writes: a ConnectionPlugin that says what it serves, and the Session that it opens.

Register the plugin class under the entry-point group `neops.connections`. The class is loaded to answer questions,
so its module must not import the vendor library: do that in the module that holds the session, when one is made.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from neops.entities import Device, Secret

CONNECTION_GROUP = "neops.connections"
"""Entry-point group in which connection plugins register."""

HostKeyPolicy = Literal["strict", "accept-new", "off"]
"""How an SSH host key is checked: known only; known, or new and then remembered (OpenSSH's accept-new); not at all."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What a device is asked to let us in with; `enable_secret` is for the privileged mode where there is one."""

    username: str | None = None
    password: Secret | None = None
    enable_secret: Secret | None = None
    private_key: Path | None = None


@dataclass(frozen=True, kw_only=True)
class HostKeys:
    """Where known SSH host keys are, in OpenSSH's known_hosts form, and what to do with a new one."""

    policy: HostKeyPolicy = "accept-new"
    known_hosts: Path | None = None


async def _at_once() -> None:
    """Nobody has to wait."""


@dataclass(frozen=True, kw_only=True)
class ConnectionOptions:
    """All that a session needs to know, worked out from the device, its connection_options and the settings.

    `platform` is the library's name for it, from the plugin's own `platforms`. Times are seconds. `extras` is what
    the inventory gives for this plugin and is handed to the library as it is. `before_login` is for sessions with
    `asks_before_login`.
    """

    host: str
    port: int | None = None
    platform: str
    credentials: Credentials = field(default_factory=Credentials)
    host_keys: HostKeys = field(default_factory=HostKeys)
    connect_timeout_s: float = 15.0
    command_timeout_s: float = 60.0
    extras: Mapping[str, Any] = field(default_factory=dict, repr=False)  # may hold secrets
    before_login: Callable[[], Awaitable[None]] = field(default=_at_once, repr=False, compare=False)


class Session(ABC):
    """One login on one device; subclasses add the capabilities they implement.

    The runtime calls one operation at a time, in order. Operations raise the errors of `neops.errors`: a library's
    own exceptions are converted where they are caught, with the device's name in the message.

    `asks_before_login` says that `open` awaits `options.before_login()` right before it sends a password, which may
    wait while the same password is tried elsewhere. Without it that wait comes before `open`, and devices that hang
    before they ask for a password hold back others.
    """

    asks_before_login: ClassVar[bool] = False

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

    async def reset(self) -> None:  # noqa: B027  # most sessions have nothing to undo
        """Put the session back to how `open` left it, after each operation and before the next one.

        Override it only where an operation can leave something behind, and make it cheap when nothing was. A session
        whose reset fails is closed.
        """


@runtime_checkable
class ConnectionPlugin(Protocol):
    """Says which platforms it serves, with which capabilities, and makes sessions.

    Attributes:
        name: unique among installed plugins; also the key of its options in `connection_options`.
        extra: the extra of neops, or the distribution, that brings its library: `pip install 'neops[EXTRA]'`.
        modules: top-level modules the library needs; looked up, never imported, to see whether it is installed.
        priority: higher is preferred. Vendor packages 100, napalm 50, scrapli 40, nornir 30.
        platforms: our platform name (netmiko's device type) → the library's name.
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
