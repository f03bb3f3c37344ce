"""Makes SSH connections as `asyncssh.connect` does, for less where it can be had.

Importing this module imports asyncssh: only modules that hold a session do.
"""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Hashable, Mapping
from functools import cached_property, lru_cache
from typing import Any, Final, cast

import asyncssh
from asyncssh.connection import SSHConnection
from asyncssh.logging import SSHLogger
from asyncssh.packet import SSHPacketLogger

from neops.concurrency import CorkedProtocol

ITS_OWN = frozenset({"client_factory", "host", "keepalive_interval", "known_hosts", "password", "port", "tunnel"})
"""Arguments of `asyncssh.connect` that differ from device to device."""

SHARED = frozenset(
    {"agent_path", "client_keys", "compression_algs", "config", "encryption_algs", "kex_algs", "login_timeout"}
    | {"mac_algs", "preferred_auth", "server_host_key_algs", "username"}
)
"""Those that devices have in common, and that name no file and no key."""

MSG_IGNORE: Final = 2
"""RFC 4253, 12."""


async def connect(host: str, port: int, arguments: Mapping[str, Any]) -> asyncssh.SSHClientConnection:
    """What `asyncssh.connect` returns and raises.

    asyncssh (2.18 to 2.24) works out the options of each connection in a thread, as they may name files: a third of a
    millisecond where there are none. It also restarts the keepalive timer with each packet, from the first one on.
    Neither is done for arguments that are known to need no file.
    """
    if not _without_files(arguments):
        return await asyncssh.connect(host, port, **arguments)
    loop = asyncio.get_running_loop()
    options = options_for(host, port, arguments)
    options.waiter = loop.create_future()
    way: Any = arguments.get("tunnel") or loop
    connection: _Connection
    try:
        _, connection = await way.create_connection(lambda: _Connection(loop, options, wait="auth"), host, port)
    except asyncio.CancelledError:
        options.waiter.cancel()
        raise
    connection.set_extra_info(host=host, port=port)
    try:
        await options.waiter
    except BaseException:
        connection.abort()
        await connection.wait_closed()
        raise
    connection.keep_alive(arguments.get("keepalive_interval", 0))
    return connection


class _Log(SSHLogger):
    """Puts into words only what somebody reads; asyncssh's own does that first, and then looks."""

    def log(self, level: int, msg: object, *args: Any, **kwargs: Any) -> None:
        if self.isEnabledFor(level):
            super().log(level, msg, *args, **kwargs)


class LeanConnection(CorkedProtocol, SSHConnection):
    """In front of a connection class of asyncssh: few system calls, no packet that says nothing, no unread log line.

    asyncssh sends an empty packet before each one, against guesses at the next initialisation vector of a CBC cipher
    (RFC 4251, 9.3.1). Other ciphers have nothing to guess; two of five packets of a login are saved.
    """

    _cipher = "cbc"

    @cached_property
    def logger(self) -> SSHLogger:
        log = copy.copy(super().logger)
        log.__class__ = _Log
        return log

    def log_sent_packet(self, pkttype: int, pktid: int | None, packet: Any, note: str = "") -> None:
        if self.logger.isEnabledFor(logging.DEBUG):
            super().log_sent_packet(pkttype, pktid, packet, note)

    def log_received_packet(self, pkttype: int, pktid: int | None, packet: Any, note: str = "") -> None:
        if self.logger.isEnabledFor(logging.DEBUG):
            super().log_received_packet(pkttype, pktid, packet, note)

    def set_extra_info(self, **known: Any) -> None:
        super().set_extra_info(**known)
        self._cipher = known.get("send_cipher", self._cipher)

    def send_packet(self, pkttype: int, *args: bytes, handler: SSHPacketLogger | None = None) -> None:
        if pkttype != MSG_IGNORE or "cbc" in self._cipher:
            super().send_packet(pkttype, *args, handler=handler)


class _Connection(LeanConnection, asyncssh.SSHClientConnection):
    """Through a jump host it writes into a channel, which packs by itself."""

    _until_watched: asyncio.TimerHandle | None = None

    def keep_alive(self, interval_s: float) -> None:
        """`set_keepalive`, from when this connection is as old as that: with it, each packet restarts a timer."""
        if interval_s:
            self._until_watched = self._loop.call_later(interval_s, self.set_keepalive, interval_s)

    def connection_lost(self, exc: Exception | None = None) -> None:
        if self._until_watched is not None:
            self._until_watched.cancel()
        super().connection_lost(exc)


def options_for(host: str, port: int, arguments: Mapping[str, Any]) -> asyncssh.SSHClientConnectionOptions:
    """The options for one device, without a keepalive: a copy of what it shares with others, with its own filled in."""
    shared = ((name, _frozen(value)) for name, value in arguments.items() if name in SHARED)
    options = copy.copy(_worked_out(frozenset(shared)))
    its_own = {
        "host": host,
        "orig_host": host,  # since 2.23
        "port": port,
        "tunnel": arguments.get("tunnel"),
        "protocol_factory": arguments.get("client_factory") or asyncssh.SSHClient,
        "password": arguments.get("password"),
        "known_hosts": arguments.get("known_hosts", options.known_hosts),
    }
    vars(options).update((name, value) for name, value in its_own.items() if hasattr(options, name))
    return options


@lru_cache(maxsize=64)
def _worked_out(shared: frozenset[tuple[str, Hashable]]) -> asyncssh.SSHClientConnectionOptions:
    arguments: dict[str, Any] = dict(shared)
    return asyncssh.SSHClientConnectionOptions(**arguments, keepalive_interval=0, tunnel=None)


def _frozen(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else cast("Hashable", value)


def _without_files(arguments: Mapping[str, Any]) -> bool:
    """Whether no argument names a file, a private key, or a jump host in words."""
    return (
        arguments.keys() <= ITS_OWN | SHARED
        and arguments.get("config", ()) is None
        and arguments.get("client_keys", ()) is None
        and not isinstance(arguments.get("tunnel"), str)
    )
