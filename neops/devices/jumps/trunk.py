"""One connection to a jump host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncssh

CHANNELS: Final = 200
"""Devices over one connection to a jump host, which opens a file for each: sshd's own limit is 1024 of them by default
(RLIMIT_NOFILE of systemd). More devices get one more connection."""

GOODBYE_S: Final = 1.0
"""How long a jump host may take to hear that we leave."""


class Trunk:
    """One connection to a jump host; counts who goes over it and closes it when nobody did for a while."""

    def __init__(
        self, login: asyncio.Task[asyncssh.SSHClientConnection], idle_s: float, leave_idle: Callable[[Trunk], None]
    ) -> None:
        self._login, self._idle_s, self._leave_idle = login, idle_s, leave_idle
        self._channels = 0
        self._timer: asyncio.TimerHandle | None = None
        login.add_done_callback(lambda _: self._rest())

    @property
    def has_room(self) -> bool:
        """Whether it is open, or may be soon, and takes one more channel."""
        connection = connection_of(self._login)
        open_or_opening = not self._login.done() if connection is None else not connection.is_closed()
        return self._channels < CHANNELS and open_or_opening

    async def ready(self) -> asyncssh.SSHClientConnection:
        """The connection, logged in; whoever stops waiting for it leaves it to the others."""
        self._rest()
        return await asyncio.shield(self._login)

    def enter(self) -> None:
        self._channels += 1
        self._rest()

    def leave(self) -> None:
        self._channels -= 1
        self._rest()

    async def close(self) -> None:
        """Say goodbye; when the jump host does not listen, the socket is closed all the same."""
        if self._timer is not None:
            self._timer.cancel()
        self._login.cancel()  # if it is not over
        if (connection := connection_of(self._login)) is not None:
            connection.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await connection.wait_closed()
            connection.abort()

    def _rest(self) -> None:
        """Be left after a while without any channel, at once without a connection; called whenever that may be."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._login.done() and not self._channels:
            wait_s = self._idle_s if connection_of(self._login) is not None else 0.0
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._leave_idle, self)


def connection_of(login: asyncio.Task[asyncssh.SSHClientConnection]) -> asyncssh.SSHClientConnection | None:
    """What a login gave, None when it is not over or failed."""
    if not login.done() or login.cancelled() or login.exception():  # noqa: LOG004  # a task, not a logger
        return None
    return login.result()
