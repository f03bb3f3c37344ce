"""How many logins may begin in a time, in which order, and what is said to those who come too late."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neops.concurrency import Deadline, deadline
from neops.devices import ReadsFacts
from neops.devices.logins.breakers import Endpoint
from neops.devices.logins.rates import TIDY_AT, LoginRates, RateLimit, TokenBucket
from neops.errors import OperationTimedOut


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(
    per_s=st.floats(0.01, 1000),
    burst=st.integers(1, 50),
    pauses=st.lists(st.floats(0, 10), max_size=60),
)
def test_in_any_time_no_more_pass_than_the_burst_and_what_the_rate_allows(
    per_s: float, burst: int, pauses: list[float]
) -> None:
    bucket, now = TokenBucket(per_s=per_s, burst=burst, now=0.0), 0.0
    passed: list[float] = []
    for pause in pauses:
        now += pause
        if bucket.take(now) == 0:
            passed.append(now)

    for first, begin in enumerate(passed):
        for last, end in enumerate(passed[first:], start=first):
            assert last - first + 1 <= burst + per_s * (end - begin) + 1e-6


@given(per_s=st.floats(0.01, 1000), burst=st.integers(1, 5), takes=st.integers(1, 30))
def test_who_waits_as_long_as_he_was_told_gets_his_turn(per_s: float, burst: int, takes: int) -> None:
    bucket, now = TokenBucket(per_s=per_s, burst=burst, now=0.0), 0.0

    for _ in range(takes):
        now += bucket.take(now)
        assert bucket.take(now) in (0.0, pytest.approx(1 / per_s, rel=1e-3))


@given(st.lists(st.sampled_from(("take", "back", "overdraw", "wait")), max_size=40))
def test_giving_back_never_makes_more_than_the_burst(steps: list[str]) -> None:
    bucket, now = TokenBucket(per_s=1.0, burst=3, now=0.0), 0.0
    for step in steps:
        match step:
            case "take":
                bucket.take(now)
            case "back":
                bucket.give_back()
            case "overdraw":
                bucket.overdraw(now)
            case "wait":
                now += 0.7

    at_once = 0
    while bucket.take(now) == 0:
        at_once += 1
    assert at_once <= 3


async def test_those_who_wait_come_in_the_order_of_asking() -> None:
    limit, order = RateLimit("x", per_s=200, burst=1), []

    async def one(number: int) -> None:
        await limit.turn(Deadline.never)
        order.append(number)

    started = time.monotonic()
    async with asyncio.timeout(5):
        await asyncio.gather(*(one(number) for number in range(20)))

    assert order == list(range(20))
    assert time.monotonic() - started >= 19 / 200


async def test_who_gives_up_waiting_costs_the_others_nothing() -> None:
    limit = RateLimit("x", per_s=100, burst=1)
    await limit.turn(Deadline.never)
    waiting = [asyncio.create_task(limit.turn(Deadline.never)) for _ in range(500)]
    await asyncio.sleep(0)
    for one in waiting[:-1]:
        one.cancel()

    async with asyncio.timeout(3):  # behind 499 others it would take 5 s
        await waiting[-1]


async def test_a_turn_that_was_not_used_goes_to_the_next_at_once() -> None:
    limit = RateLimit("x", per_s=0.01, burst=1)
    await limit.turn(Deadline.never)
    waiting = asyncio.create_task(limit.turn(Deadline.never))
    await asyncio.sleep(0)
    limit.give_back()

    async with asyncio.timeout(1):
        await waiting


async def test_limits_of_devices_that_are_left_alone_are_forgotten() -> None:
    clock = Clock()
    rates = LoginRates(device_per_minute=60, device_burst=1, clock=clock)
    for number in range(5 * TIDY_AT):
        clock.now += 0.1
        await rates.turn("r", Endpoint(f"h{number}", 22), Deadline.never)

    assert len(rates._devices) <= TIDY_AT


async def test_a_device_that_waits_takes_no_turn_of_the_fleet() -> None:
    rates = LoginRates(per_second=0.001, burst=2, device_per_minute=0.001, device_burst=1)
    r1 = Endpoint("192.0.2.1", 22)
    await rates.turn("r1", r1, Deadline.never)
    waiting = asyncio.create_task(rates.turn("r1", r1, Deadline.never))
    await asyncio.sleep(0)

    async with asyncio.timeout(1):
        await rates.turn("r2", Endpoint("192.0.2.2", 22), Deadline.never)
    assert (rates.waiting, rates.limited) == (1, 1)
    waiting.cancel()


async def test_logins_of_a_fleet_begin_at_the_rate_that_is_set(make_runtime: Any, device: Any, network: Any) -> None:
    runtime = make_runtime(settings={"logins_per_second": 100, "login_burst": 5})
    devices = [device(f"r{number}", ip=f"10.0.0.{number}") for number in range(25)]

    started = time.monotonic()
    await asyncio.gather(*(runtime.connect(one, ReadsFacts).get_facts() for one in devices))

    assert time.monotonic() - started >= 0.2
    assert runtime.login_statistics().rate_limited >= 15
    assert runtime.login_statistics().rate_waiting == 0


async def test_warm_sessions_wait_for_no_rate_limit(make_runtime: Any, device: Any) -> None:
    runtime = make_runtime(settings={"logins_per_second": 0.001, "login_burst": 1, "device_logins_per_minute": 0.001})
    router = runtime.connect(device("r1"), ReadsFacts)

    async with asyncio.timeout(2):
        for _ in range(20):
            await router.get_facts()


async def test_who_waits_until_the_deadline_is_told_that_it_was_the_rate_limit(
    make_runtime: Any, device: Any, network: Any
) -> None:
    runtime = make_runtime(settings={"logins_per_second": 0.5, "login_burst": 1})
    await runtime.connect(device("r1"), ReadsFacts).get_facts()

    with deadline(Deadline.after(0.2)), pytest.raises(OperationTimedOut) as caught:
        await runtime.connect(device("r2", ip="10.0.0.2"), ReadsFacts).get_facts()

    assert str(caught.value) == (
        "r2: waited 0.2 s for the login rate limit (0.5 a second over all devices) until the job's deadline passed; "
        "nothing was sent"
    )
    assert network.logins["r2"] == 0


async def test_a_credential_that_is_not_tried_any_more_uses_up_no_turns(
    make_runtime: Any, device: Any, network: Any
) -> None:
    runtime = make_runtime(settings={"logins_per_second": 10, "login_burst": 1, "credential_failures": 1})
    devices = [device(f"r{number}", ip=f"10.0.0.{number}", password="wrong") for number in range(100)]
    for one in devices:
        network.of(one.hostname).password = "right"

    started = time.monotonic()
    await asyncio.gather(*(runtime.connect(one, ReadsFacts).get_facts() for one in devices), return_exceptions=True)

    assert network.logins.total() == 1
    assert time.monotonic() - started < 3
