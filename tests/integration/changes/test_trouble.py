"""What is on the device when something goes wrong in the middle of a change."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

import pytest

from neops.concurrency import Deadline, deadline
from neops.devices import ChangeOutcome, DeviceRuntime, ReadsFacts, WritesConfig
from neops.entities import Device
from neops.errors import ChangeFailed, ConfigLocked, SessionLost, Unreachable
from neops.testing.simulator import Fault, FaultKind, RunningDevice

if TYPE_CHECKING:
    from tests.integration.changes.conftest import Clock, Example, MakeRuntime

LAST_OF_COMMIT = {
    "cisco_ios": "^ntp server 192.0.2.7|^copy .*running-config$",
    "arista_eos": "commit timer",
    "juniper_junos": "^commit(-configuration)? confirmed",
    "nokia_srl": "^commit confirmed",
}


SLOW = {
    "cisco_ios": "^write memory",
    "arista_eos": "commit$",
    "juniper_junos": "^commit(-configuration)?$",
    "nokia_srl": "^commit now",
}
IMPATIENT_S = 2.0


class ReadsAndWrites(ReadsFacts, WritesConfig, Protocol): ...


def nothing_left(router: RunningDevice) -> bool:
    return not (router.configuration_locked or router.candidates or router.awaits_confirmation)


async def becomes_true(claim: Callable[[], bool], within_s: float = 5.0) -> bool:
    end = time.monotonic() + within_s
    while not (true := claim()) and time.monotonic() < end:
        await asyncio.sleep(0.01)
    return true


async def test_a_commit_whose_answer_is_lost_is_read_back_and_can_be_confirmed(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example, clock: Clock
) -> None:
    if example.name == "cisco_ios-napalm":
        pytest.skip("IOS asks for a file name before it copies one, and faults strike commands, not answers")
    async with runtime.connect(device, WritesConfig).change(example.config) as change:
        router.fault = Fault(kind=FaultKind.DROP, command=LAST_OF_COMMIT[example.platform], times=1)
        await change.commit(confirm_within=120)
        assert (change.outcome, change.strength) == ("changed", example.strength)
        await change.confirm()
    clock.turn(3600)

    assert change.outcome is ChangeOutcome.CHANGED
    assert example.sign in router.running_config
    assert nothing_left(router)


async def test_a_session_that_breaks_before_the_commit_leaves_nothing(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before = router.running_config
    router.fault = Fault(kind=FaultKind.DROP, command="diff|compare|running", times=1)

    async def prepare() -> None:
        async with runtime.connect(device, WritesConfig).change(example.config):
            pass

    with pytest.raises(SessionLost):
        await prepare()

    assert router.running_config == before
    assert nothing_left(router)


async def test_a_job_that_is_aborted_leaves_neither_lock_nor_candidate(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before = router.running_config

    async def change_and_wait(commit: bool) -> None:
        async with runtime.connect(device, WritesConfig, job="j1").change(example.config) as change:
            if commit:
                await change.commit(confirm_within=120)
            runtime.abort(job="j1")
            await change.confirm()

    for commit in (False, True):
        with pytest.raises(SessionLost, match="abort"):
            await change_and_wait(commit)
        assert await becomes_true(lambda: nothing_left(router) and router.running_config == before)


async def test_a_cancelled_author_is_gone_at_once_and_his_change_is_taken_back(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before, committed = router.running_config, asyncio.Event()

    async def change_and_wait() -> None:
        async with runtime.connect(device, WritesConfig).change(example.config) as change:
            await change.commit(confirm_within=120)
            committed.set()
            await asyncio.Event().wait()

    author = asyncio.create_task(change_and_wait())
    await committed.wait()
    started = time.monotonic()
    author.cancel()
    with pytest.raises(asyncio.CancelledError):
        await author

    assert time.monotonic() - started < 3  # the command's deadline is 10 s
    assert await becomes_true(lambda: nothing_left(router) and router.running_config == before)


async def test_a_device_that_hangs_in_a_commit_does_not_hold_a_cancelled_author(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before = router.running_config
    router.fault = Fault(kind=FaultKind.HANG_ON_COMMAND, command=LAST_OF_COMMIT[example.platform], times=1)

    async def change() -> None:
        async with runtime.connect(device, WritesConfig).change(example.config) as change:
            await change.commit(confirm_within=120)

    author = asyncio.create_task(change())
    assert await becomes_true(lambda: router.fault is None, within_s=10 * example.takes_s)
    started = time.monotonic()
    author.cancel()
    with pytest.raises(asyncio.CancelledError):
        await author

    assert time.monotonic() - started < 3  # the command's deadline is 10 s
    assert await becomes_true(lambda: nothing_left(router) and router.running_config == before)


@pytest.mark.slow
async def test_a_commit_may_take_longer_than_a_command(
    make_runtime: MakeRuntime, device: Device, router: RunningDevice, example: Example, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    runtime, slow = make_runtime(command_timeout_s=IMPATIENT_S), 1.5 * IMPATIENT_S
    async with runtime.connect(device, WritesConfig).change(example.config) as change:
        router.fault = Fault(kind=FaultKind.SLOW, command=SLOW[example.platform], times=1, takes_s=slow)
        await change.commit()

    assert router.fault is None
    assert (change.outcome, example.sign in router.running_config) == ("changed", True)
    assert "the session broke, but the commit was made" not in caplog.text


async def test_a_change_ends_at_its_jobs_deadline(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    before = router.running_config

    async def change_for_too_long() -> None:
        with deadline(Deadline.after(example.takes_s)):
            async with runtime.connect(device, WritesConfig).change(example.config) as change:
                await change.commit(confirm_within=120)
                await becomes_true(lambda: router.running_config == before, within_s=2 * example.takes_s)
                await change.confirm()

    with pytest.raises(SessionLost):
        await change_for_too_long()

    assert nothing_left(router)
    assert router.running_config == before


async def test_a_confirmation_that_comes_too_late_says_so(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example, clock: Clock
) -> None:
    before = router.running_config

    async with runtime.connect(device, WritesConfig).change(example.config) as change:
        await change.commit(confirm_within=120)
        clock.turn(121)
        with pytest.raises(ChangeFailed, match="too late"):
            await change.confirm()

    assert (change.outcome, router.running_config) == (ChangeOutcome.REVERTED, before)
    assert nothing_left(router)


async def test_a_device_that_is_out_of_reach_takes_the_change_back_itself(
    runtime: DeviceRuntime, device: Device, router: RunningDevice, example: Example, clock: Clock
) -> None:
    before = router.running_config

    async def change_and_lose_it() -> None:
        async with runtime.connect(device, WritesConfig).change(example.config) as change:
            await change.commit(confirm_within=1.5)
            router.fault = Fault(kind=FaultKind.REFUSE)
            await change.confirm()

    with pytest.raises(Unreachable) as lost:
        await change_and_lose_it()
    assert "could not be taken back" in "".join(lost.value.__notes__)
    router.fault = None
    assert example.sign in router.running_config
    clock.turn(61)

    assert router.running_config == before
    assert nothing_left(router)


async def test_the_device_can_be_read_while_it_is_changed_and_changes_take_turns(
    runtime: DeviceRuntime, device: Device, example: Example
) -> None:
    router, order = runtime.connect(device, ReadsAndWrites), []

    async def change(name: str, *, then: Callable[[], Awaitable[object]]) -> None:
        async with router.change(example.config):
            order.append(f"{name} in")
            await then()
            order.append(f"{name} out")

    async def read() -> None:
        order.append((await router.get_facts()).hostname)

    first = asyncio.create_task(change("1", then=read))
    second = asyncio.create_task(change("2", then=read))
    await asyncio.gather(first, second)

    assert order == ["1 in", "r1", "1 out", "2 in", "r1", "2 out"]


async def test_nobody_commits_on_top_of_a_commit_that_waits(
    make_runtime: MakeRuntime, device: Device, router: RunningDevice, example: Example, clock: Clock
) -> None:
    ours, others = make_runtime(), make_runtime()

    async def intrude() -> None:
        async with others.connect(device, WritesConfig).change(example.config):
            pass

    async with ours.connect(device, WritesConfig).change(example.config) as change:
        await change.commit(confirm_within=120)
        with pytest.raises(ConfigLocked, match="waits to be confirmed"):
            await intrude()
        await change.confirm()

    assert change.outcome is ChangeOutcome.CHANGED
    assert nothing_left(router)


async def test_a_stopped_runtime_leaves_devices_as_they_were(
    make_runtime: MakeRuntime, device: Device, router: RunningDevice, example: Example
) -> None:
    runtime, before = make_runtime(), router.running_config

    async def change_and_stop() -> None:
        async with runtime.connect(device, WritesConfig).change(example.config) as change:
            await change.commit(confirm_within=120)
            await asyncio.to_thread(runtime.stop)
            await change.confirm()

    with pytest.raises(SessionLost):
        await change_and_stop()

    assert router.running_config == before
    assert nothing_left(router)
