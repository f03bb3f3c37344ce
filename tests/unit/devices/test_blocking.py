from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from neops.devices import ConnectionOptions
from neops.devices.blocking import BlockingSession
from neops.entities import Device
from neops.errors import ConnectFailed, HostKeyRejected, SessionLost, Unreachable


class Library(BlockingSession):
    """Logs in as `work` says; `abort` wakes it up."""

    def __init__(self, work: Callable[[Library], None], *, limit_s: float = 5.0) -> None:
        self.device = Device(id=1, hostname="r1", ip="192.0.2.1")
        self.woken = threading.Event()
        self._options = ConnectionOptions(host="192.0.2.1", platform="acme", connect_timeout_s=limit_s)
        self._where = "192.0.2.1:22 with acme"
        self._work = work

    def abort(self) -> None:
        self._aborted = True
        self.woken.set()

    async def alive(self) -> bool:
        return not self._aborted

    def _log_in(self) -> None:
        self._work(self)

    def _log_out(self) -> None:
        raise OSError("gone")

    def _opening_failure(self, error: Exception) -> ConnectFailed:
        return Unreachable(self.device.name, f"{self._where}: {error}")


def breaking(error: Exception) -> Callable[[Library], None]:
    def work(_session: Library) -> None:
        raise error

    return work


def waiting(session: Library) -> None:
    session.woken.wait(10)
    raise OSError("the socket was closed")


async def test_an_exception_of_the_library_is_what_the_session_makes_of_it() -> None:
    with pytest.raises(Unreachable, match=r"192\.0\.2\.1:22 with acme: no route") as raised:
        await Library(breaking(OSError("no route"))).open()

    assert isinstance(raised.value.__cause__, OSError)


async def test_an_error_of_ours_passes_as_it_is() -> None:
    with pytest.raises(HostKeyRejected, match="another machine"):
        await Library(breaking(HostKeyRejected("r1", "another machine"))).open()


async def test_a_login_that_hangs_is_aborted_at_the_connect_time_limit() -> None:
    session = Library(waiting, limit_s=0.05)

    with pytest.raises(Unreachable, match=r"no prompt within 0\.05 s"):
        await session.open()
    assert session.woken.is_set()


async def test_a_login_that_somebody_aborts_is_lost_and_not_unreachable() -> None:
    session = Library(waiting)
    threading.Timer(0.05, session.abort).start()

    with pytest.raises(SessionLost, match="aborted"):
        await session.open()


async def test_closing_raises_nothing() -> None:
    await Library(waiting).close()
