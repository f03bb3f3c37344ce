"""Which step follows which, on a device that is a few lines of Python."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest

from neops.devices import ChangeOutcome, Configs, ConfirmStrength
from neops.devices.changes.staging import ChangePlan, StagedChange
from neops.devices.changes.transaction import AGAIN_S, Transaction
from neops.errors import (
    AuthenticationFailed,
    ChangeFailed,
    CommandRejected,
    ConfigLocked,
    ConfigRejected,
    DeviceError,
    OperationTimedOut,
    SessionLost,
    Unreachable,
    UsageError,
)

OLD, NEW = "hostname r1\n", "hostname r2\n"
PLAN = ChangePlan(name="neops-1", config=NEW, mode="replace")


@dataclass
class Device:
    """One configuration, at most one candidate, and errors that a test has put in the way of steps."""

    running: str = OLD
    atomic: bool = True
    tied: bool = False
    asked: list[str] = field(default_factory=list)
    commands: list[int] = field(default_factory=list)
    """For each call, how many commands it may take."""
    failures: dict[str, list[BaseException | Callable[[Device], DeviceError]]] = field(default_factory=dict)

    async def call(self, method: str, *args: Any, commands: int = 1) -> Any:
        assert commands > 0
        self.asked.append(method)
        self.commands.append(commands)
        if waiting := self.failures.get(method):
            failure = waiting.pop(0)
            raise failure(self) if callable(failure) else failure
        return getattr(self, method)(*args)

    async def renew(self) -> None:
        await self.call("log_in")

    def log_in(self) -> None:
        return None

    def get_config(self, _retrieve: str) -> Configs:
        return Configs(running=self.running)

    def prepare_change(self, plan: ChangePlan) -> StagedChange:
        diff = "" if plan.config == self.running else f"-{self.running}+{plan.config}"
        return StagedChange(plan=plan, diff=diff, before=self.running, atomic=self.atomic, tied=self.tied)

    def commit_change(self, staged: StagedChange, confirm_within: float | None) -> ConfirmStrength:
        replaces = staged.plan.mode == "replace"
        self.running = staged.plan.config if replaces else self.running + staged.plan.config
        return ConfirmStrength.NONE if confirm_within is None else ConfirmStrength.NATIVE

    def confirm_change(self, staged: StagedChange, strength: ConfirmStrength) -> None:
        return None

    def revert_change(self, staged: StagedChange) -> None:
        self.running = OLD

    def discard_change(self, plan: ChangePlan) -> None:
        return None


@dataclass
class Clock:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def change(device: Device, clock: Clock) -> Transaction:
    return Transaction(device, PLAN, device="r1", clock=clock, sleep=clock.sleep)


def committed_but_cut(device: Device) -> DeviceError:
    device.running = NEW
    return SessionLost("r1", "cut")


def committed_for_the_session(device: Device, staged: StagedChange, confirm_within: float | None) -> ConfirmStrength:
    device.running = staged.plan.config
    return ConfirmStrength.SESSION if confirm_within else ConfirmStrength.NONE


async def test_the_steps_of_a_good_change(change: Transaction, device: Device) -> None:
    await change.begin()
    await change.commit(60)
    await change.confirm()
    await change.leave()

    assert device.asked == [
        *("prepare_change", "commit_change", "get_config"),
        *("log_in", "confirm_change", "get_config"),
    ]
    assert (change.outcome, device.running) == (ChangeOutcome.CHANGED, NEW)


async def test_what_only_its_session_can_confirm_is_confirmed_on_that(change: Transaction, device: Device) -> None:
    device.tied = True
    await change.begin()
    await change.commit(60)
    await change.confirm()

    assert device.asked == ["prepare_change", "commit_change", "get_config", "confirm_change", "get_config"]
    assert change.outcome is ChangeOutcome.CHANGED


async def test_a_commit_without_a_time_to_confirm_is_final(change: Transaction, device: Device) -> None:
    await change.begin()
    await change.commit(None)
    with pytest.raises(UsageError, match="nothing waits"):
        await change.confirm()
    await change.leave()

    assert (change.outcome, change.strength, device.running) == (ChangeOutcome.CHANGED, ConfirmStrength.NONE, NEW)


async def test_a_change_is_committed_once(change: Transaction) -> None:
    await change.begin()
    await change.commit(None)

    with pytest.raises(UsageError, match="once"):
        await change.commit(None)


async def test_a_device_that_keeps_its_configuration_all_the_same_is_unchanged(
    change: Transaction, device: Device
) -> None:
    device.commit_change = lambda staged, confirm_within: ConfirmStrength.NONE  # type: ignore[method-assign]
    await change.begin()
    await change.commit(None)

    assert change.outcome is ChangeOutcome.UNCHANGED


@pytest.mark.parametrize("refusal", [Unreachable("r1", "no"), ConfigLocked("r1", "another user")])
async def test_where_nothing_was_prepared_nothing_is_discarded(
    refusal: DeviceError, change: Transaction, device: Device
) -> None:
    device.failures["prepare_change"] = [refusal]

    with pytest.raises(type(refusal)):
        await change.begin()
    await change.leave()

    assert device.asked == ["prepare_change"]


async def test_a_candidate_that_cannot_be_discarded_is_no_error(
    change: Transaction, device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    device.failures["discard_change"] = [SessionLost("r1", "cut")]
    await change.begin()
    await change.leave()

    assert "the next change clears it" in caplog.text


async def test_a_lost_commit_that_was_made_counts(change: Transaction, device: Device) -> None:
    device.failures["commit_change"] = [committed_but_cut]
    await change.begin()
    await change.commit(60)

    assert (change.outcome, change.strength) == (ChangeOutcome.CHANGED, ConfirmStrength.NATIVE)


@pytest.mark.parametrize(("takes_s", "outcome"), [(50, ChangeOutcome.CHANGED), (70, ChangeOutcome.UNCHANGED)])
async def test_a_slow_commit_gets_as_long_again_as_its_answer_was_awaited(
    takes_s: float, outcome: ChangeOutcome, change: Transaction, device: Device, clock: Clock
) -> None:
    def not_answered(device: Device) -> DeviceError:
        clock.now_s = 30.0
        return OperationTimedOut("r1", "no prompt within 30 s after 'commit'")

    device.failures["commit_change"] = [not_answered]
    device.get_config = lambda _: Configs(running=NEW if clock.now_s >= takes_s else OLD)  # type: ignore[method-assign, assignment]
    await change.begin()
    with suppress(ChangeFailed):
        await change.commit(60)

    assert change.outcome is outcome
    assert clock.now_s <= 60


async def test_a_lost_commit_that_was_not_made_says_so(change: Transaction, device: Device) -> None:
    device.failures["commit_change"] = [SessionLost("r1", "cut")]
    await change.begin()

    with pytest.raises(ChangeFailed, match="nothing was changed") as failed:
        await change.commit(60)
    await change.leave()

    assert (failed.value.outcome, change.outcome, device.running) == ("unchanged", ChangeOutcome.UNCHANGED, OLD)


async def test_a_lost_commit_that_nobody_can_look_at_is_unknown_until_it_is_taken_back(
    change: Transaction, device: Device
) -> None:
    device.failures = {"commit_change": [committed_but_cut], "log_in": [Unreachable("r1", "away")]}
    await change.begin()
    with pytest.raises(ChangeFailed, match="not known") as failed:
        await change.commit(60)
    assert failed.value.outcome == "unknown"

    await change.leave()

    assert (change.outcome, device.running) == (ChangeOutcome.REVERTED, OLD)


async def test_lines_that_took_effect_by_half_are_taken_back(device: Device, clock: Clock) -> None:
    def half(device: Device) -> DeviceError:
        device.running = "half\n"
        return SessionLost("r1", "cut")

    device.atomic, device.failures["commit_change"] = False, [half]
    change = Transaction(device, PLAN, device="r1", clock=clock, sleep=clock.sleep)
    await change.begin()

    with pytest.raises(ChangeFailed, match="taken back"):
        await change.commit(None)

    assert (change.outcome, device.running) == (ChangeOutcome.REVERTED, OLD)


async def test_lines_before_a_refused_one_are_taken_back(device: Device, clock: Clock) -> None:
    def refused_half_way(device: Device) -> DeviceError:
        device.running = "half\n"
        return ConfigRejected("r1", "frob", "% Invalid input")

    device.atomic, device.failures["commit_change"] = False, [refused_half_way]
    change = Transaction(device, PLAN, device="r1", clock=clock, sleep=clock.sleep)
    await change.begin()

    with pytest.raises(ConfigRejected) as refused:
        await change.commit(60)

    assert (refused.value.outcome, device.running) == (ChangeOutcome.REVERTED, OLD)


async def test_what_was_merged_is_restored_by_replacing_all_with_what_was_before(device: Device, clock: Clock) -> None:
    device.revert_change = lambda staged: None  # type: ignore[method-assign]
    device.running = before = OLD + "line\n" * 1000
    change = Transaction(device, replace(PLAN, mode="merge"), device="r1", clock=clock, sleep=clock.sleep)
    await change.begin()
    await change.commit(60)

    await change.leave()

    assert device.running == before
    assert device.commands[-2] > 1000  # a long configuration takes its time


async def test_what_the_device_does_not_take_back_is_restored(change: Transaction, device: Device) -> None:
    device.revert_change = lambda staged: None  # type: ignore[method-assign]
    await change.begin()
    await change.commit(60)
    await change.leave()

    assert device.asked[-4:] == ["get_config", "prepare_change", "commit_change", "get_config"]
    assert (change.outcome, device.running) == (ChangeOutcome.REVERTED, OLD)


async def test_a_leaving_that_was_cut_short_can_be_done_again(change: Transaction, device: Device) -> None:
    await change.begin()
    await change.commit(60)
    device.failures["revert_change"] = [asyncio.CancelledError()]
    with pytest.raises(asyncio.CancelledError):
        await change.leave()
    assert device.running == NEW

    await change.leave()
    await change.leave()

    assert device.asked.count("revert_change") == 2
    assert (change.outcome, device.running) == (ChangeOutcome.REVERTED, OLD)


async def test_a_final_commit_whose_answer_was_lost_is_still_saved(change: Transaction, device: Device) -> None:
    device.failures["commit_change"] = [committed_but_cut]
    await change.begin()
    await change.commit(None)

    assert device.asked[-1] == "confirm_change"
    assert change.outcome is ChangeOutcome.CHANGED


async def test_what_cannot_be_taken_back_is_unknown_and_an_error(change: Transaction, device: Device) -> None:
    await change.begin()
    await change.commit(60)
    device.failures["revert_change"] = [Unreachable("r1", "away")]

    with pytest.raises(ChangeFailed, match="could not be taken back, the device takes it back by itself; away"):
        await change.leave()

    assert change.outcome is ChangeOutcome.UNKNOWN


async def test_a_commit_that_was_made_and_cannot_be_saved_is_taken_back(change: Transaction, device: Device) -> None:
    def unsaved(device: Device) -> DeviceError:
        device.running = NEW
        return ChangeFailed("r1", "the change runs but cannot be saved: no space")

    device.failures["commit_change"] = [unsaved]
    await change.begin()
    with pytest.raises(ChangeFailed, match="cannot be saved") as failed:
        await change.commit(None)
    await change.leave()

    assert (failed.value.outcome, change.outcome, device.running) == ("reverted", ChangeOutcome.REVERTED, OLD)


async def test_what_is_back_is_reverted_although_the_session_broke_over_it(change: Transaction, device: Device) -> None:
    def cut(device: Device) -> DeviceError:
        device.running = OLD
        return SessionLost("r1", "cut")

    device.failures["revert_change"] = [cut]
    await change.begin()
    await change.commit(60)
    await change.leave()

    assert change.outcome is ChangeOutcome.REVERTED


async def test_what_cannot_be_restored_is_an_error_that_says_why(change: Transaction, device: Device) -> None:
    device.revert_change = lambda staged: None  # type: ignore[method-assign]
    await change.begin()
    await change.commit(60)
    device.failures["prepare_change"] = [ConfigLocked("r1", "another user")]

    with pytest.raises(ChangeFailed, match="could not be taken back, look at the device; somebody else holds"):
        await change.leave()

    assert change.outcome is ChangeOutcome.UNKNOWN


async def test_a_refused_commit_drops_the_candidate(change: Transaction, device: Device) -> None:
    device.failures["commit_change"] = [ConfigRejected("r1", "commit", "error: no")]
    await change.begin()

    with pytest.raises(ConfigRejected) as refused:
        await change.commit(60)

    assert device.asked[-1] == "discard_change"
    assert refused.value.outcome == "unchanged"


@pytest.mark.parametrize("refusal", [ConfigLocked("r1", "another user"), CommandRejected("r1", "configure", "% no")])
async def test_a_commit_that_could_not_even_begin_changed_nothing(
    refusal: DeviceError, device: Device, clock: Clock
) -> None:
    device.atomic, device.failures["commit_change"] = False, [refusal]
    change = Transaction(device, PLAN, device="r1", clock=clock, sleep=clock.sleep)
    await change.begin()

    with pytest.raises(type(refusal)):
        await change.commit(60)

    assert (change.outcome, device.running) == (ChangeOutcome.UNCHANGED, OLD)


async def test_logins_to_confirm_are_tried_until_the_time_is_over(
    change: Transaction, device: Device, clock: Clock
) -> None:
    device.failures["log_in"] = [Unreachable("r1", "away")] * 3
    await change.begin()
    await change.commit(60)
    await change.confirm()

    assert (change.outcome, clock.now_s) == (ChangeOutcome.CHANGED, 3 * AGAIN_S)


async def test_after_the_time_to_confirm_no_more_logins_are_tried(
    change: Transaction, device: Device, clock: Clock
) -> None:
    device.failures["log_in"] = [Unreachable("r1", "away")] * 100
    await change.begin()
    await change.commit(10)
    with pytest.raises(Unreachable, match=r"^r1: the change runs and is not confirmed, .* takes? it back.*; away$"):
        await change.confirm()

    assert clock.now_s <= 10


async def test_a_wrong_password_is_not_tried_again(change: Transaction, device: Device) -> None:
    device.failures["log_in"] = [AuthenticationFailed("r1", "no")]
    await change.begin()
    await change.commit(60)

    with pytest.raises(AuthenticationFailed):
        await change.confirm()


async def test_a_refused_confirmation_leaves_the_change_to_be_taken_back(change: Transaction, device: Device) -> None:
    device.failures["confirm_change"] = [CommandRejected("r1", "commit", "% no")]
    await change.begin()
    await change.commit(60)
    with pytest.raises(CommandRejected):
        await change.confirm()
    await change.leave()

    assert (change.outcome, device.running) == (ChangeOutcome.REVERTED, OLD)


async def test_a_device_that_went_back_already_says_too_late(change: Transaction, device: Device) -> None:
    await change.begin()
    await change.commit(60)
    device.running = OLD

    with pytest.raises(ChangeFailed, match="too late"):
        await change.confirm()

    assert change.outcome is ChangeOutcome.REVERTED


async def test_logins_to_confirm_end_also_when_the_time_was_over_before_the_first(
    change: Transaction, device: Device, clock: Clock
) -> None:
    device.failures["log_in"] = [Unreachable("r1", "away")] * 100
    await change.begin()
    await change.commit(10)
    clock.now_s = 11
    await change.expire()

    with pytest.raises(Unreachable):
        await change.confirm()

    assert clock.now_s == 11


async def test_a_change_that_we_took_back_in_time_cannot_be_confirmed_any_more(
    change: Transaction, device: Device
) -> None:
    device.commit_change = partial(committed_for_the_session, device)  # type: ignore[method-assign]
    await change.begin()
    await change.commit(10)
    await change.expire()

    with pytest.raises(ChangeFailed, match="too late: the change was taken back") as late:
        await change.confirm()
    await change.leave()

    assert (late.value.outcome, change.outcome) == ("reverted", ChangeOutcome.REVERTED)


async def test_what_could_not_be_taken_back_in_time_is_taken_back_when_it_is_left(
    change: Transaction, device: Device
) -> None:
    device.commit_change = partial(committed_for_the_session, device)  # type: ignore[method-assign]
    device.failures["revert_change"] = [Unreachable("r1", "away")]
    await change.begin()
    await change.commit(10)
    with pytest.raises(ChangeFailed):
        await change.expire()
    with pytest.raises(ChangeFailed, match="too late: the change could not be taken back"):
        await change.confirm()

    await change.leave()

    assert (change.outcome, device.running) == (ChangeOutcome.REVERTED, OLD)


@pytest.mark.parametrize("within_s", [0, -1, float("inf"), float("nan")])
async def test_nobody_can_confirm_in_no_time(change: Transaction, device: Device, within_s: float) -> None:
    await change.begin()

    with pytest.raises(UsageError, match="nobody can confirm within"):
        await change.commit(within_s)

    assert device.running == OLD


@pytest.mark.parametrize("config", ["", "\n! nothing but a remark\n", "<config/>"])
async def test_nothing_replaces_everything(config: str, device: Device, clock: Clock) -> None:
    plan = ChangePlan(name="neops-1", config=config, mode="replace")
    change = Transaction(device, plan, device="r1", clock=clock, sleep=clock.sleep)

    with pytest.raises(UsageError, match="would wipe the device"):
        await change.begin()
    await change.leave()

    assert device.asked == []


async def test_the_candidate_of_a_commit_that_was_interrupted_is_dropped(change: Transaction, device: Device) -> None:
    device.failures["commit_change"] = [asyncio.CancelledError()]
    await change.begin()
    with pytest.raises(asyncio.CancelledError):
        await change.commit(60)

    await change.leave()

    assert device.asked[-1] == "discard_change"


async def test_the_candidate_of_a_commit_that_never_arrived_is_dropped(change: Transaction, device: Device) -> None:
    device.failures["commit_change"] = [SessionLost("r1", "cut")]
    await change.begin()

    with pytest.raises(ChangeFailed, match="nothing was changed"):
        await change.commit(60)

    assert device.asked[-1] == "discard_change"
