"""The listening socket of a device: it accepts, refuses or stays silent as the device's fault says."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

import asyncssh

from neops.testing.simulator.device import DeviceState
from neops.testing.simulator.spec import FaultKind

log = logging.getLogger(__name__)

BACKLOG = 128  # connections that wait to be accepted: a fleet may log in at once to one device


class Listener:
    """One listening socket of a device: its port stays the same whether it listens or refuses.

    `serve` is given the socket of each client that is let in.
    """

    def __init__(self, device: DeviceState, host: str, serve: Callable[[socket.socket], Awaitable[object]]) -> None:
        self._device, self._host, self._serve = device, host, serve
        self._loop = asyncio.get_running_loop()
        self._socket = _bound(host, 0)
        self.port: int = self._socket.getsockname()[1]
        self._listening = False
        self._silent: list[socket.socket] = []
        self._boot: asyncio.TimerHandle | None = None
        device.when_rebooted.append(self._reboot)
        self._logins: set[asyncio.Task[None]] = set()

    def follow_fault(self) -> None:
        """Listen, or stop listening, as the device's fault says; while it boots nobody does."""
        fault = self._device.fault
        listen = self._boot is None and (fault is None or fault.kind is not FaultKind.REFUSE)
        if listen and not self._listening:
            self._socket.listen(BACKLOG)
            self._loop.add_reader(self._socket, self._accept)
        elif not listen and self._listening:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = _bound(self._host, self.port)
        self._listening = listen

    def _reboot(self) -> None:
        if self._boot is not None:
            self._boot.cancel()
        self._boot = self._loop.call_later(self._device.spec.boot_s, self._booted)
        self.follow_fault()

    def _booted(self) -> None:
        self._boot = None
        self.follow_fault()

    def close(self) -> None:
        if self._boot is not None:
            self._boot.cancel()
        if self._listening:
            self._loop.remove_reader(self._socket)
        for sock in (self._socket, *self._silent):
            sock.close()
        for task in self._logins:
            task.cancel()

    def _accept(self) -> None:
        try:
            sock, _ = self._socket.accept()
        except OSError as error:
            log.warning(
                "simulated device cannot accept", extra={"device": self._device.spec.name, "reason": str(error)}
            )
            return
        self._device.reboot_if_due()
        if self._boot is not None:
            sock.close()
            return
        if self._device.struck_by(FaultKind.HANG):
            self._silent.append(sock)
            return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = self._loop.create_task(self._log_in(sock))
        self._logins.add(task)
        task.add_done_callback(self._logins.discard)

    async def _log_in(self, sock: socket.socket) -> None:
        try:
            await self._serve(sock)
        except (OSError, asyncssh.Error) as error:
            log.debug("simulated login failed", extra={"device": self._device.spec.name, "reason": str(error)})


def _bound(host: str, port: int) -> socket.socket:
    """A socket that holds the port without listening: connections to it are refused."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    sock.setblocking(False)
    return sock
