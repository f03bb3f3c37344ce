"""Warm sessions: how long they live, how many there are, and who has to make room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neops.devices import ConnectionOptions, Credentials, Session
from neops.devices.pool import PooledSession, PoolLimits, SessionKey, SessionPool
from neops.entities import Secret
from neops.errors import Unreachable


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Plain(Session):
    def __init__(self, log: list[str], name: str) -> None:
        self.log, self.name = log, name
        self.logout_s = 0.0

    async def open(self) -> None:
        self.log.append(f"open {self.name}")

    async def close(self) -> None:
        await asyncio.sleep(self.logout_s)
        self.log.append(f"close {self.name}")

    def abort(self) -> None:
        self.log.append(f"abort {self.name}")

    async def alive(self) -> bool:
        return True


class Bench:
    """A pool, its clock and everything its sessions did."""

    def __init__(self, **limits: Any) -> None:
        self.clock, self.log = Clock(), list[str]()
        self.pool = SessionPool(PoolLimits(**limits), clock=self.clock)

    async def check_out(self, host: str, plugin: str = "fake") -> PooledSession:
        key = SessionKey.of(plugin, ConnectionOptions(host=host, platform="ios"))
        session = Plain(self.log, f"{host}/{plugin}")

        async def login() -> Session:
            await session.open()
            return session

        return await self.pool.check_out(key, login)


async def test_a_session_handed_back_is_used_again() -> None:
    bench = Bench()
    first = await bench.check_out("r1")
    bench.pool.give_back(first)

    assert await bench.check_out("r1") is first
    assert bench.log == ["open r1/fake"]


@pytest.mark.parametrize(("limits", "at"), [({"idle_ttl_s": 10}, 10.0), ({"max_age_s": 5}, 5.0)])
async def test_a_session_idle_for_too_long_or_too_old_is_closed(limits: dict[str, float], at: float) -> None:
    bench = Bench(**limits)
    bench.pool.give_back(await bench.check_out("r1"))

    bench.clock.now = at - 0.1
    bench.pool.sweep()
    kept = bench.pool.statistics()
    bench.clock.now = at
    bench.pool.sweep()
    await bench.pool.close()

    assert (kept.idle, bench.pool.statistics().idle) == (1, 0)
    assert bench.log == ["open r1/fake", "close r1/fake"]


async def test_an_expired_session_is_not_used_although_nobody_swept() -> None:
    bench = Bench(idle_ttl_s=10)
    bench.pool.give_back(await bench.check_out("r1"))
    bench.clock.now = 11

    await bench.check_out("r1")

    assert bench.log == ["open r1/fake", "close r1/fake", "open r1/fake"]


async def test_a_time_to_live_of_nothing_keeps_no_session() -> None:
    bench = Bench(idle_ttl_s=0)
    bench.pool.give_back(await bench.check_out("r1"))

    assert bench.pool.statistics().open == 0


async def test_the_session_idle_for_longest_makes_room() -> None:
    bench = Bench(sessions=2)
    for host in ("r1", "r2"):
        bench.pool.give_back(await bench.check_out(host))

    await bench.check_out("r3")
    await bench.pool.close()

    assert bench.log == ["open r1/fake", "open r2/fake", "open r3/fake", "close r1/fake", "close r2/fake"]


async def test_without_an_idle_session_callers_wait_for_room_in_order() -> None:
    bench = Bench(sessions=1)
    busy = await bench.check_out("r1")
    waiting = [asyncio.create_task(bench.check_out(host)) for host in ("r2", "r3")]
    await asyncio.sleep(0)

    bench.pool.discard(busy, aborted=True)
    second = await waiting[0]
    assert not waiting[1].done()
    bench.pool.give_back(second)
    await waiting[1]

    assert bench.log[:3] == ["open r1/fake", "open r2/fake", "open r3/fake"]


async def test_a_device_has_no_more_sessions_than_it_may_have() -> None:
    bench = Bench(sessions_per_device=1)
    first = await bench.check_out("r1", "scrapli")
    second = asyncio.create_task(bench.check_out("r1", "napalm"))
    other = await bench.check_out("r2", "napalm")
    await asyncio.sleep(0)
    waited = not second.done()

    bench.pool.give_back(first)
    await second

    assert waited
    assert other.key.host == "r2"
    assert bench.pool.statistics().open == 2


async def test_a_device_is_given_time_to_end_a_session_before_it_gets_another() -> None:
    bench = Bench(sessions_per_device=1)
    first = await bench.check_out("r1", "scrapli")
    assert isinstance(first.session, Plain)
    first.session.logout_s = 0.01
    bench.pool.give_back(first)

    await bench.check_out("r1", "napalm")

    assert bench.log == ["open r1/scrapli", "close r1/scrapli", "open r1/napalm"]


async def test_a_login_that_fails_takes_no_room() -> None:
    bench = Bench(sessions=1, sessions_per_device=1)

    async def login() -> Session:
        raise Unreachable("r1", "nothing answers")

    for _ in range(3):
        with pytest.raises(Unreachable):
            await bench.pool.check_out(SessionKey.of("fake", ConnectionOptions(host="r1", platform="ios")), login)

    assert bench.pool.statistics().open == 0


async def test_who_is_cancelled_while_waiting_takes_no_room() -> None:
    bench = Bench(sessions=1, sessions_per_device=1)
    busy = await bench.check_out("r1")
    waiting = asyncio.create_task(bench.check_out("r2"))
    await asyncio.sleep(0)
    waiting.cancel()
    bench.pool.discard(busy, aborted=True)
    await asyncio.sleep(0)

    assert bench.pool.statistics().open == 0
    async with asyncio.timeout(1):
        await bench.check_out("r2")


async def test_many_callers_never_exceed_the_limits() -> None:
    bench = Bench(sessions=5, sessions_per_device=2)
    most = 0

    async def use(number: int) -> None:
        nonlocal most
        pooled = await bench.check_out(f"r{number % 7}", f"plugin{number}")
        most = max(most, bench.pool.statistics().open)
        await asyncio.sleep(0)
        if number % 3:
            bench.pool.give_back(pooled)
        else:
            bench.pool.discard(pooled, aborted=bool(number % 2))

    async with asyncio.timeout(5):
        await asyncio.gather(*(use(number) for number in range(200)))
        await bench.pool.close()

    assert most == 5
    assert bench.pool.statistics().open == 0
    assert not bench.pool._per_device


OPTIONS = ConnectionOptions(
    host="r1", platform="ios", credentials=Credentials(username="a", password=Secret("one")), extras={"x": [1]}
)
CHANGES: list[Callable[[ConnectionOptions], ConnectionOptions]] = [
    lambda told: replace(told, port=2222),
    lambda told: replace(told, platform="xe"),
    lambda told: replace(told, extras={"x": [2]}),
    lambda told: replace(told, host_keys=replace(told.host_keys, known_hosts=Path("/k"))),
    lambda told: replace(told, credentials=replace(told.credentials, username="b")),
    lambda told: replace(told, credentials=replace(told.credentials, password=Secret("two"))),
    lambda told: replace(told, credentials=replace(told.credentials, enable_secret=Secret("three"))),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_session_is_shared_only_by_who_would_be_told_the_same(
    change: Callable[[ConnectionOptions], ConnectionOptions],
) -> None:
    assert SessionKey.of("fake", OPTIONS) == SessionKey.of("fake", replace(OPTIONS))
    assert SessionKey.of("fake", OPTIONS) != SessionKey.of("other", OPTIONS)
    assert SessionKey.of("fake", OPTIONS) != SessionKey.of("fake", change(OPTIONS))
