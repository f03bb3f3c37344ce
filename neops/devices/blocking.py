"""The login of a session over a library that blocks: in a thread, in time, and ended from any other thread."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from contextlib import suppress

from neops.concurrency import in_thread
from neops.devices.plugin import ConnectionOptions, Session
from neops.devices.sockets import CuttableSocket
from neops.entities import Device
from neops.errors import ConnectFailed, SessionLost, Unreachable


class BlockingSession(Session):
    """A session that says how it logs in and out, in methods that block; `abort` has to end both."""

    device: Device
    _options: ConnectionOptions
    _where: str
    """The address and the plugin, as people know them."""
    _socket: CuttableSocket | None = None
    _aborted = False

    async def open(self) -> None:
        seconds = self._options.connect_timeout_s
        try:
            async with asyncio.timeout(seconds):
                await in_thread(self._log_in, on_cancel=self.abort)
        except ConnectFailed:
            raise
        except TimeoutError as error:
            raise Unreachable(self.device.name, f"{self._where}: no prompt within {seconds:g} s") from error
        except Exception as error:
            if self._aborted:
                raise SessionLost(self.device.name, f"the login on {self._where} was aborted") from error
            raise self._opening_failure(error) from error

    async def close(self) -> None:
        with suppress(Exception):  # nobody can do anything about a connection that does not close
            await in_thread(self._log_out)

    @abstractmethod
    def _log_in(self) -> None:
        """Make the session; what went wrong may be an exception of the library."""

    @abstractmethod
    def _log_out(self) -> None:
        """End the session, if there is one, and free what it holds."""

    @abstractmethod
    def _opening_failure(self, error: Exception) -> ConnectFailed:
        """What to raise for an exception out of `_log_in`."""

    def _connect(self, host: str, port: int) -> CuttableSocket:
        """A connection for the library; the last one that was made is `_socket`, from the moment it is tried."""

        def register(one: CuttableSocket) -> None:
            self._socket = one
            if self._aborted:
                one.cut()

        return self._options.connect(host, port, register)
