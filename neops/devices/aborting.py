"""A login in an event loop: it ends in time, and any thread can abort it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from neops.errors import ConnectFailed, SessionLost


class AbortableLogin:
    """What a session over an async library logs in with. `where` is the address and the plugin, for messages.

    `drop` closes the connection without a word; it is called in the loop of the login only.
    """

    def __init__(self, device: str, where: str, drop: Callable[[], None]) -> None:
        self._device, self._where, self._drop = device, where, drop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self.aborted = False

    async def complete(
        self, login: Coroutine[Any, Any, None], limit_s: float, failure: Callable[[Exception], ConnectFailed]
    ) -> None:
        """Log in within a time limit, or drop what there is of it.

        Raises:
            ConnectFailed: what `failure` makes of an exception.
            SessionLost: it was aborted.
        """
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(login)
        try:
            async with asyncio.timeout(limit_s):
                await self._task
        except asyncio.CancelledError:
            self._drop()
            if not self.aborted:
                raise
            raise self._lost() from None
        except Exception as error:
            self._drop()
            if self.aborted:
                raise self._lost() from error
            if isinstance(error, ConnectFailed):
                raise
            raise failure(error) from error

    def abort(self) -> None:
        """Drop the connection now, from any thread, also after the login."""
        self.aborted = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed, and with it the socket
                self._loop.call_soon_threadsafe(self._drop)

    def cancel(self) -> bool:
        """End a login that has no connection to drop yet; False when none is under way."""
        return self._task is not None and self._task.cancel()

    def _lost(self) -> SessionLost:
        return SessionLost(self._device, f"the login on {self._where} was aborted")
