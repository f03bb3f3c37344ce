"""Devices that do not answer are left alone, then tried by one login alone."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from neops.devices import ReadsFacts, RunsCommands
from neops.devices.calls import Operation
from neops.devices.logins.breakers import Breakers, Endpoint, Login
from neops.errors import DeviceError, DeviceHeldOff, Unreachable

R1 = Endpoint("192.0.2.1", 22)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def fail(breakers: Breakers, times: int = 1, endpoint: Endpoint = R1) -> None:
    for _ in range(times):
        login = breakers.begin(endpoint, "r1")
        login.unanswered("no route to host")
        login.end()


def opened(clock: Clock) -> Breakers:
    breakers = Breakers(limit=3, hold_off_s=30, clock=clock)
    fail(breakers, 3)
    return breakers


def test_a_device_that_did_not_answer_three_times_is_not_tried_and_the_error_says_why_and_until_when() -> None:
    clock = Clock()
    breakers = opened(clock)
    clock.now += 12

    with pytest.raises(DeviceHeldOff) as caught:
        breakers.check(R1, "r1")

    assert str(caught.value) == (
        "r1: not tried, held off for 12 s now: 3 times in a row without an answer (last: no route to host); "
        "tried again in 18 s"
    )
    assert isinstance(caught.value, Unreachable)


def test_an_answer_in_between_starts_the_count_anew() -> None:
    breakers = Breakers(limit=3, hold_off_s=30, clock=Clock())
    fail(breakers, 2)
    breakers.begin(R1, "r1").answered()
    fail(breakers, 2)

    breakers.check(R1, "r1")


@pytest.mark.parametrize("other", [Endpoint("192.0.2.1", 2022), Endpoint("192.0.2.1", 22, ("ops@bastion",))])
def test_another_port_or_another_way_to_the_same_address_is_another_device(other: Endpoint) -> None:
    opened(Clock()).check(other, "r2")


def test_after_the_hold_off_one_login_tries_and_the_others_are_told_so() -> None:
    clock = Clock()
    breakers = opened(clock)
    clock.now += 30
    breakers.begin(R1, "r1")

    with pytest.raises(DeviceHeldOff, match="another login tries it now"):
        breakers.begin(R1, "r1")


def test_a_probe_without_an_answer_holds_off_again_and_an_answer_ends_it() -> None:
    clock = Clock()
    breakers = opened(clock)
    clock.now += 30
    fail(breakers)
    clock.now += 29
    with pytest.raises(DeviceHeldOff, match=r"4 times .* tried again in 1 s"):
        breakers.begin(R1, "r1")

    clock.now += 1
    breakers.begin(R1, "r1").answered()

    breakers.check(R1, "r1")
    assert breakers.open() == ()


def test_a_probe_that_was_cancelled_leaves_its_place_to_the_next() -> None:
    clock = Clock()
    breakers = opened(clock)
    clock.now += 30
    breakers.begin(R1, "r1").end()

    breakers.begin(R1, "r1")


def test_a_login_from_before_does_not_end_the_probe_of_another() -> None:
    clock = Clock()
    breakers = Breakers(limit=3, hold_off_s=30, clock=clock)
    late = breakers.begin(R1, "r1")
    fail(breakers, 3)
    clock.now += 30
    breakers.begin(R1, "r1")

    late.unanswered("timed out")
    late.end()

    assert breakers.open()[0].probing
    with pytest.raises(DeviceHeldOff, match="another login"):
        breakers.check(R1, "r1")


def test_an_urgent_login_is_let_through() -> None:
    opened(Clock()).begin(R1, "r1", urgent=True)


def test_a_limit_of_zero_never_opens() -> None:
    breakers = Breakers(limit=0, hold_off_s=30, clock=Clock())
    fail(breakers, 50)

    breakers.check(R1, "r1")


def test_what_is_held_off_can_be_read(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    breakers = opened(clock)
    clock.now += 10

    (one,) = breakers.open()

    assert (one.endpoint, one.failures, one.reason) == (R1, 3, "no route to host")
    assert (one.open_for_s, one.tried_again_in_s, one.probing) == (10, 20, False)
    assert [record.message for record in caplog.records] == ["a device is not tried for a while"]


class BreakerLife(RuleBasedStateMachine):
    """Logins that begin and end in any order: never two probes, and nothing passes before the hold-off is over."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breakers = Breakers(limit=2, hold_off_s=10, clock=self.clock)
        self.logins: list[Login] = []
        self.begun_while_open: set[Login] = set()

    @rule(seconds=st.sampled_from((0.5, 4.0, 10.0)))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def begin(self) -> None:
        before = self.breakers.open()
        try:
            login = self.breakers.begin(R1, "r1")
        except DeviceHeldOff:
            assert before
            assert before[0].probing or before[0].tried_again_in_s > 0
            return
        self.logins.append(login)
        if before:
            assert not before[0].probing
            assert before[0].tried_again_in_s == 0
            self.begun_while_open.add(login)

    @precondition(lambda self: self.logins)
    @rule(data=st.data(), how=st.sampled_from(("answered", "unanswered", "end")))
    def end(self, data: Any, how: str) -> None:
        login = data.draw(st.sampled_from(self.logins))
        self.logins.remove(login)
        if how == "answered":
            login.answered()
            self.begun_while_open.clear()
        elif how == "unanswered":
            login.unanswered("silence")
        login.end()
        self.begun_while_open.discard(login)

    @invariant()
    def one_probe_at_most(self) -> None:
        assert len(self.begun_while_open) <= 1
        assert all(one.probing == bool(self.begun_while_open) for one in self.breakers.open())


TestBreakerLife = BreakerLife.TestCase


async def test_a_dead_device_is_left_alone_by_all_jobs_until_it_answers_a_probe(
    make_runtime: Any, device: Any, network: Any
) -> None:
    clock = Clock()
    runtime = make_runtime(settings={"breaker_failures": 3, "breaker_hold_off_s": 30}, clock=clock)
    r1 = device("r1")
    network.of("r1").unreachable = True

    outcomes = [await _outcome(runtime.connect(r1, ReadsFacts).get_facts()) for _ in range(5)]
    clock.now += 30
    network.of("r1").unreachable = False
    network.of("r1").latency_s = 0.05
    asked = [runtime.connect(device("r1", password=f"secret-{one}"), ReadsFacts) for one in range(10)]
    probes = await asyncio.gather(*(_outcome(one.get_facts()) for one in asked))

    assert outcomes == [Unreachable, Unreachable, Unreachable, DeviceHeldOff, DeviceHeldOff]
    assert probes.count(DeviceHeldOff) == 9
    assert network.logins["r1"] == 4
    assert runtime.open_breakers() == ()
    assert runtime.login_statistics().held_off == 11


async def test_a_refused_password_is_an_answer(make_runtime: Any, device: Any, network: Any) -> None:
    runtime = make_runtime(settings={"breaker_failures": 1, "credential_failures": 100})
    network.of("r1").refuses = True

    for _ in range(3):
        await _outcome(runtime.connect(device("r1"), ReadsFacts).get_facts())

    assert network.logins["r1"] == 3


async def test_warm_sessions_of_a_device_that_is_held_off_are_used(
    make_runtime: Any, device: Any, network: Any
) -> None:
    runtime, r1 = make_runtime(settings={"breaker_failures": 1}), device("r1")
    await runtime.connect(r1, RunsCommands).send_command("show clock")
    network.of("r1").unreachable = True
    await _outcome(runtime.connect(device("r1", password="another"), ReadsFacts).get_facts())

    assert runtime.open_breakers()
    assert (await runtime.connect(r1, RunsCommands).send_command("show clock")).output


async def test_a_change_that_has_begun_logs_in_again_although_the_device_is_held_off(
    make_runtime: Any, device: Any, network: Any
) -> None:
    runtime = make_runtime(settings={"breaker_failures": 1, "logins_per_second": 0.001, "login_burst": 2})
    route = runtime._bind(device("r1"), RunsCommands, None).methods["send_command"]

    async def change() -> None:
        async with runtime._lanes.hold(Operation(route=route, method="change")) as held:
            await held.call("send_command", "commit")
            network.of("r1").unreachable = True
            await _outcome(runtime.connect(device("r1", password="another"), RunsCommands).send_command("show"))
            network.of("r1").unreachable = False
            assert runtime.open_breakers()
            await held.renew()
            await held.call("send_command", "confirm")

    async with asyncio.timeout(5):
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(change(), runtime._loop))

    assert [command for _, command in network.commands] == ["commit", "confirm"]
    assert runtime.open_breakers() == ()


async def _outcome(work: Any) -> type:
    try:
        return type(await work)
    except DeviceError as error:
        return type(error)
