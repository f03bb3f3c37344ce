from __future__ import annotations

import asyncio
import threading

import pytest

from neops.devices.aborting import AbortableLogin
from neops.errors import ConnectFailed, SessionLost, Unreachable


class Dropped(list[str]):
    """What was called to drop the connection, by the thread's name."""

    def __call__(self) -> None:
        self.append(threading.current_thread().name)


def failure(error: Exception) -> ConnectFailed:
    return Unreachable("r1", f"192.0.2.1:22 with acme: {error!r}")


async def broken() -> None:
    raise OSError("no route")


async def silent() -> None:
    await asyncio.Event().wait()


@pytest.fixture
def dropped() -> Dropped:
    return Dropped()


@pytest.fixture
def login(dropped: Dropped) -> AbortableLogin:
    return AbortableLogin("r1", "192.0.2.1:22 with acme", dropped)


async def test_a_login_that_fails_leaves_no_connection(login: AbortableLogin, dropped: Dropped) -> None:
    with pytest.raises(Unreachable, match="no route"):
        await login.complete(broken(), 5.0, failure)

    assert len(dropped) == 1


async def test_a_login_ends_at_its_time_limit(login: AbortableLogin, dropped: Dropped) -> None:
    with pytest.raises(Unreachable, match="TimeoutError"):
        await login.complete(silent(), 0.02, failure)

    assert len(dropped) == 1
    assert not login.cancel()


async def test_a_connection_is_dropped_in_the_loop_whoever_aborts(login: AbortableLogin, dropped: Dropped) -> None:
    async def stop() -> None:
        await asyncio.to_thread(login.abort)
        login.cancel()

    with pytest.raises(SessionLost, match="was aborted"):
        await asyncio.gather(login.complete(silent(), 5.0, failure), stop())

    assert set(dropped) == {threading.current_thread().name}


async def test_a_caller_that_is_cancelled_is_not_told_of_an_abort(login: AbortableLogin, dropped: Dropped) -> None:
    waiting = asyncio.create_task(login.complete(silent(), 5.0, failure))
    await asyncio.sleep(0)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(dropped) == 1
