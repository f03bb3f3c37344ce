"""SSH with asyncssh, for plugins: cheap algorithms first, and host keys checked before a password leaves.

Importing this module imports asyncssh: only modules that hold a session do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any

import asyncssh

from neops.devices.connecting import connect
from neops.devices.failures import login_refused, not_reached
from neops.devices.host_keys import HostKey, check_host_key, known_hosts
from neops.devices.keys import private_key, ready
from neops.devices.plugin import SSH_PORT, ConnectionOptions
from neops.errors import ConnectFailed, HostKeyRejected, Unreachable

KEX_FIRST = (b"curve25519-sha256", b"curve25519-sha256@libssh.org")
CIPHERS_FIRST = (b"aes128-gcm@openssh.com", b"aes128-ctr")
"""They go before asyncssh's defaults, which stay for devices that have neither.

Half the CPU of a login against OpenSSH 9 or asyncssh goes into post-quantum key exchange otherwise.
"""

HOST_KEYS_FIRST = ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-256", "rsa-sha2-512")
RSA = ("rsa-sha2-256", "rsa-sha2-512", "ssh-rsa")
"""RFC 8332: one key type, three signature algorithms."""


class HostKeyClient(asyncssh.SSHClient):
    """Judges the host key, then asks for leave to send the password; holds the connection from its first moment."""

    def __init__(self, device: str, options: ConnectionOptions) -> None:
        self.device, self._options = device, options
        self.connection: asyncssh.SSHClientConnection | None = None
        self.rejection: HostKeyRejected | None = None
        self.logged_in = False

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self.connection = conn

    def auth_completed(self) -> None:
        self.logged_in = True

    async def password(self) -> str | None:
        """The password, when the device asks for it and no earlier."""
        await self._options.before_login()
        password = self._options.credentials.password
        return password.reveal() if password else None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002
        shown = HostKey.of(key.export_public_key("openssh").decode())
        try:
            check_host_key(self.device, self._options.host, self._options.port, shown, self._options.host_keys)
        except HostKeyRejected as rejection:
            self.rejection = rejection
            return False
        return True


def ssh_options(options: ConnectionOptions, client: HostKeyClient) -> dict[str, Any]:
    """Arguments for `asyncssh.connect`, besides host, port and user name.

    Raises:
        ConnectFailed: the private key cannot be read.
    """
    credentials = options.credentials
    arguments: dict[str, Any] = {
        "client_factory": lambda: client,
        "password": client.password,
        "known_hosts": ([], [], []),  # nothing is trusted unseen: every key comes before validate_host_public_key
        "server_host_key_algs": _host_key_algorithms(options),
        "kex_algs": _first(KEX_FIRST, asyncssh.kex.get_default_kex_algs),
        "encryption_algs": _first(CIPHERS_FIRST, asyncssh.encryption.get_default_encryption_algs),
        "login_timeout": options.connect_timeout_s,
        "keepalive_interval": options.keepalive_s,
        "tunnel": options.tunnel,  # also None: asyncssh would follow the ProxyJump of a file by rules of its own
    }
    if "ssh_config_file" not in options.extras:
        arguments["config"] = None
    if key := private_key(client.device, credentials):
        arguments |= {"client_keys": [_parsed(key)], "agent_path": None}
    elif credentials.password:
        arguments["client_keys"] = None  # else every key of ~/.ssh is read and offered first
        arguments["preferred_auth"] = ("password", "keyboard-interactive")  # one round trip less than the other way
    else:
        arguments["agent_path"] = ()  # no secret at all: the agent in SSH_AUTH_SOCK
    return arguments


async def log_in(name: str, options: ConnectionOptions, **more: Any) -> asyncssh.SSHClientConnection:
    """A connection that is logged in and does nothing else; `name` is who errors are about.

    `more` are arguments of `asyncssh.connect` that win over ours.

    Raises:
        ConnectFailed: there is none; its subclasses say why.
    """
    await ready(name, options.credentials)
    client = HostKeyClient(name, options)
    arguments = ssh_options(options, client)
    if options.credentials.username:
        arguments["username"] = options.credentials.username
    try:
        async with asyncio.timeout(options.connect_timeout_s):
            return await connect(options.host, options.port or SSH_PORT, arguments | more)
    except BaseException as error:
        if client.connection is not None:
            client.connection.abort()
        if isinstance(error, Exception) and not isinstance(error, ConnectFailed):
            raise connect_failure(name, options.place, options, client, error) from error
        raise


def connect_failure(
    device: str, where: str, options: ConnectionOptions, client: HostKeyClient, error: BaseException
) -> ConnectFailed:
    """What to raise for an exception out of a login: who was tried with what, and what to do next.

    `where` is the address and the plugin, as people know them: `192.0.2.1:22 with scrapli`.
    """
    if client.rejection is not None:
        return client.rejection
    match error:
        case ConnectFailed():
            return error  # a jump host's: it says all
        case asyncssh.PermissionDenied():
            return login_refused(device, where, options.credentials.username)
        case asyncssh.HostKeyNotVerifiable():
            return HostKeyRejected(device, f"{where}: {error}")
        case TimeoutError():
            stage = "logged in, but no prompt came" if client.logged_in else "no answer"
            return Unreachable(device, f"{where}: {stage} within {options.connect_timeout_s:g} s")
        case OSError():
            return Unreachable(device, f"{where}: {not_reached(error)}")
        case _:
            return Unreachable(device, f"{where}: {str(error) or type(error).__name__}")


def _host_key_algorithms(options: ConnectionOptions) -> list[str]:
    """The types that are known for this host first, so that a host with several keys shows the one we know."""
    known: tuple[HostKey, ...] = ()
    with suppress(OSError):  # told of when the key is checked
        known = known_hosts(options.host_keys.known_hosts).keys(options.host, options.port)
    return list(_host_key_order(tuple(key.type for key in known)))


@lru_cache(maxsize=32)
def _host_key_order(known: tuple[str, ...]) -> tuple[str, ...]:
    first = [name for kind in known for name in (RSA if kind == "ssh-rsa" else (kind,))]
    return tuple(name for name in dict.fromkeys((*first, *_host_key_defaults())) if name in _usable_host_keys())


@cache
def _first(first: tuple[bytes, ...], defaults: Callable[[], list[bytes]]) -> tuple[str, ...]:
    """Names for asyncssh. Its own `^` pattern would be worked out anew for each login, for a fifth of a millisecond."""
    return tuple(name.decode() for name in dict.fromkeys((*first, *defaults())))


@lru_cache(maxsize=32)
def _parsed(private_key: str) -> asyncssh.SSHKey:
    """asyncssh 2.24 takes 36 ms for an RSA key."""
    return asyncssh.import_private_key(private_key)


@cache
def _host_key_defaults() -> tuple[str, ...]:
    default = (name.decode() for name in asyncssh.public_key.get_default_public_key_algs())
    return tuple(dict.fromkeys((*HOST_KEYS_FIRST, *default)))


@cache
def _usable_host_keys() -> frozenset[str]:
    return frozenset(name.decode() for name in asyncssh.public_key.get_public_key_algs())
