"""One SSH connection of a session: made in time, used in time, and ended from any thread whatever it waits for.

Importing this module imports asyncssh: only modules that hold a session do.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import asyncssh

from neops.devices.aborting import AbortableLogin
from neops.devices.connecting import connect
from neops.devices.keys import ready
from neops.devices.plugin import SSH_PORT, ConnectionOptions
from neops.devices.ssh import HostKeyClient, connect_failure, ssh_options
from neops.errors import ConnectFailed, DeviceError, OperationTimedOut, SessionLost, Unreachable

GOODBYE_S: Final = 1.0
"""How long a device may take to hear that we leave."""


class SshLogin:
    """What a session over asyncssh is built on. Except `abort`, everything is for the loop that opened it.

    `arguments` are for `asyncssh.connect` and win over ours; `plugin` is for messages.
    """

    def __init__(self, device: str, options: ConnectionOptions, *, plugin: str, arguments: Mapping[str, Any]) -> None:
        self._device, self._options, self._arguments = device, options, arguments
        self.where = f"{options.place} with {plugin}"
        self._client = HostKeyClient(device, options)
        self._connection: asyncssh.SSHClientConnection | None = None
        self._login = AbortableLogin(device, self.where, self.drop)

    async def open(self, prepare: Callable[[asyncssh.SSHClientConnection], Awaitable[None]]) -> None:
        """Log in, and prepare the session, within the connect time limit.

        Raises:
            ConnectFailed: in one of its forms.
            SessionLost: it was aborted.
        """
        await self._login.complete(self._log_in(prepare), self._options.connect_timeout_s, self._failure)

    async def close(self) -> None:
        """Say goodbye and free the socket; never raises."""
        connection, self._connection = self._client.connection, None
        if connection is not None:
            with suppress(Exception):  # nobody can do anything about a connection that does not close
                connection.close()
                async with asyncio.timeout(GOODBYE_S):
                    await connection.wait_closed()
            connection.abort()

    def abort(self) -> None:
        """Close the socket now, from any thread."""
        self._login.abort()

    @property
    def alive(self) -> bool:
        return self._connection is not None and not self._connection.is_closed()

    def drop(self) -> None:
        """Close the connection without a word."""
        self._connection = None
        if self._client.connection is not None:
            self._client.connection.abort()
        else:
            self._login.cancel()

    def lost(self, what: str, reason: str = "") -> SessionLost:
        """The error for an operation that the connection did not survive."""
        why = "aborted" if self._login.aborted else reason or "the connection broke"
        return SessionLost(self._device, f"{what} on {self.where}: {why}")

    @asynccontextmanager
    async def bounded(
        self, what: str, answer: str, *, within_s: float = 0.0
    ) -> AsyncIterator[asyncssh.SSHClientConnection]:
        """The connection, for one operation of at most the command time limit; what breaks or takes longer ends it.

        It may take `within_s` where that is longer.

        Raises:
            SessionLost: it is not open, or broke.
            OperationTimedOut: no `answer` came in time.
        """
        if self._connection is None:
            raise SessionLost(self._device, f"the session on {self.where} is not open")
        seconds = max(within_s, self._options.command_timeout_s)
        try:
            async with asyncio.timeout(seconds):
                yield self._connection
        except TimeoutError as error:
            self.drop()
            message = f"no {answer} within {seconds:g} s after {what!r} on {self.where}"
            raise OperationTimedOut(self._device, message) from error
        except (asyncssh.Error, OSError, EOFError) as error:
            self.drop()
            raise self.lost(repr(what), str(error)) from error

    async def _log_in(self, prepare: Callable[[asyncssh.SSHClientConnection], Awaitable[None]]) -> None:
        await ready(self._device, self._options.credentials)
        username = self._options.credentials.username or ""
        arguments = {"username": username, **ssh_options(self._options, self._client), **self._arguments}
        self._connection = await connect(self._options.host, self._options.port or SSH_PORT, arguments)
        await prepare(self._connection)

    def _failure(self, error: Exception) -> ConnectFailed:
        if isinstance(error, DeviceError):
            return Unreachable(self._device, error.message)
        return connect_failure(self._device, self.where, self._options, self._client, error)
