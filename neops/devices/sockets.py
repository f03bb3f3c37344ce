"""A TCP connection that any thread can cut, for libraries that block in theirs."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress


class CuttableSocket(socket.socket):
    """A connected socket to hand to a blocking library.

    `on_end` is called once, in the thread that reads, when the peer is gone or somebody called `cut`: libraries that
    poll instead of reading would otherwise wait for their own time-out.
    """

    on_end: Callable[[], None] | None = None
    _was_cut = False

    @classmethod
    def connected_to(
        cls, host: str, port: int, timeout_s: float, register: Callable[[CuttableSocket], None]
    ) -> CuttableSocket:
        """Connect to the first address of a host that answers.

        `register` gets every socket before it connects, so that `cut` works from the first moment.

        Raises:
            OSError: no address answers, or the name is unknown.
        """
        failure: OSError | None = None
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            one = cls(family, kind, protocol)
            register(one)
            one.settimeout(timeout_s)
            try:
                one.connect(address)
                if one._was_cut:
                    raise ConnectionAbortedError("the connection was cut while it was made")
            except OSError as error:
                one.close()
                failure = error
                if one._was_cut:
                    break
            else:
                return one
        raise failure or OSError(f"no address for {host}")

    def recv(self, *args: int) -> bytes:
        try:
            data = super().recv(*args)
        except TimeoutError:
            raise
        except OSError:
            self._ended()
            raise
        if not data:
            self._ended()
        return data

    def cut(self) -> None:
        """End the connection now, from any thread: who waits on it wakes up. A connection being made fails."""
        self._was_cut = True
        with suppress(OSError):  # it was not connected any more
            self.shutdown(socket.SHUT_RDWR)

    def _ended(self) -> None:
        on_end, self.on_end = self.on_end, None
        if on_end is not None:
            on_end()
