"""A change from its preparation to its end: which step is next, and what is to be done when one fails."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from enum import Enum, auto
from functools import partial
from typing import Any, Final, Protocol, cast

from neops.concurrency import Clock, Deadline, in_thread
from neops.devices.changes.deciding import decide, has_substance, same_config
from neops.devices.changes.staging import ChangePlan, StagedChange
from neops.devices.config_change import ChangeOutcome, ConfirmStrength
from neops.devices.plugin import COMMIT_S
from neops.devices.results import Configs
from neops.errors import (
    AuthenticationFailed,
    ChangeFailed,
    CommandRejected,
    ConfigLocked,
    ConfigRejected,
    ConnectFailed,
    DeviceError,
    HostKeyRejected,
    OperationTimedOut,
    SessionLost,
    Unreachable,
    UsageError,
)

logger = logging.getLogger(__name__)

AGAIN_S: Final = 1.0
"""Pause between two logins that shall confirm a change: a link or a protocol that flaps is back in seconds."""

SLOW_S: Final = 5.0
"""Pause between two looks at a device that did not say in time how its commit ended: a chassis may take a minute."""

STEPS: Final = 12
"""Commands of a step besides the lines of the configuration, for its time limit."""

PATIENCE_S: Final = 120.0
"""For how long it is looked at: it has had as long as a commit may take already."""

LONG: Final = 65_536
"""Characters from which configurations are compared outside of the loop: XML of 4 MB takes a second (Python 3.11)."""


class Link(Protocol):
    """The way to a device: one session after the other."""

    async def call(self, method: str, *args: Any, commands: int = 1) -> Any:
        """Call a method of the session; opens one where there is none. `commands` stretches the time limit."""

    async def renew(self) -> None:
        """Leave the session and log in anew."""


class _State(Enum):
    NEW = auto()
    STAGED = auto()
    """Perhaps a candidate is on the device."""
    TORN = auto()
    """A commit was sent, and how it ended is not known."""
    PENDING = auto()
    """Committed, waits to be confirmed."""
    EXPIRED = auto()
    """Nobody confirmed in time, and we have taken it back, or tried to."""
    DONE = auto()


class Transaction:
    """One change over a link. Steps are called one after the other; `leave` is always the last.

    `each_s` is the link's time limit for one command, `commit_s` that for a commit.
    The state is set before the device is asked: a step that is cancelled or broken leaves the worst that may be.
    """

    def __init__(
        self,
        link: Link,
        plan: ChangePlan,
        *,
        device: str,
        each_s: float = 60.0,
        commit_s: float = COMMIT_S,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.outcome, self.strength = ChangeOutcome.UNCHANGED, ConfirmStrength.NONE
        self.pending_until = self._confirm_until = Deadline.never
        self._link, self._plan, self._device = link, plan, device
        self._clock, self._sleep = clock, sleep
        self._state = _State.NEW
        self._staged: StagedChange | None = None
        self._each_s, self._commit_s = each_s, commit_s
        self._commands = self._commands_for(plan.config)

    @property
    def diff(self) -> str:
        return self._staged.diff if self._staged else ""

    async def begin(self) -> None:
        if self._plan.mode == "replace" and not has_substance(self._plan.config):
            raise UsageError(f"{self._device}: to replace everything by an empty configuration would wipe the device")
        self._state = _State.STAGED
        try:
            self._staged = await self._step("prepare_change", self._plan)
        except (ConnectFailed, ConfigLocked):
            self._state = _State.DONE  # nothing of ours is there
            raise

    async def commit(self, confirm_within: float | None) -> None:
        staged = self._prepared()
        if self._state is not _State.STAGED:
            raise UsageError(f"{self._device}: a change is committed once")
        if confirm_within is not None and not 0 < confirm_within < math.inf:
            raise UsageError(f"{self._device}: nobody can confirm within {confirm_within:g} s")
        if not staged.diff.strip():
            return
        self._state, self.outcome = _State.TORN, ChangeOutcome.UNKNOWN
        asked_at = self._clock()
        try:
            self.strength = await self._step("commit_change", staged, confirm_within)
        except (ChangeFailed, CommandRejected) as error:
            made = not isinstance(error, (ConfigRejected, ConfigLocked, CommandRejected))
            await (self._take_back(staged) if made else self._refused(staged))
            if isinstance(error, ChangeFailed):
                error.outcome = self.outcome
            raise
        except (SessionLost, OperationTimedOut, ConnectFailed) as error:
            await self._look(staged, error, patience_s=min(self._clock() - asked_at, PATIENCE_S))
            self.strength = ConfirmStrength.NONE if confirm_within is None else staged.confirms
            if confirm_within is None:
                await self._step("confirm_change", staged, self.strength)  # what would have followed the answer
        else:
            self.outcome = await self._seen(staged)
        if confirm_within is None:
            self._state = _State.DONE
        else:
            self._state, self._confirm_until = _State.PENDING, Deadline.after(confirm_within, self._clock)
            self.pending_until = self._confirm_until

    async def confirm(self) -> None:
        staged = self._prepared()
        if self._state is _State.STAGED and not staged.diff.strip():
            return  # there was nothing to change
        if self._state is _State.EXPIRED:
            raise self._too_late()
        if self._state is not _State.PENDING:
            raise UsageError(f"{self._device}: nothing waits to be confirmed: commit(confirm_within=…) comes first")
        if not staged.tied:
            await self._log_in_again()
        refusal: DeviceError | None = None
        try:
            await self._step("confirm_change", staged, self.strength)
        except CommandRejected as error:
            refusal = error
        if await self._is_back(staged) and self.outcome is not ChangeOutcome.UNCHANGED:
            self._state, self.outcome = _State.DONE, ChangeOutcome.REVERTED
            raise self._too_late()
        if refusal is not None:
            raise refusal
        self._state, self.pending_until = _State.DONE, Deadline.never

    async def expire(self) -> None:
        """The time to confirm is over. Where the device has no timer of its own, this is it."""
        self.pending_until = Deadline.never
        if self._state is _State.PENDING and self.strength is ConfirmStrength.SESSION:
            await self._take_back(self._prepared(), then=_State.EXPIRED)

    async def leave(self) -> None:
        """End the change: drop what was not committed, take back what was not confirmed.

        Raises:
            ChangeFailed: it cannot be said that the old configuration is back.
        """
        if self._state is _State.STAGED:
            await self._discard()
        elif self._state in (_State.TORN, _State.PENDING) or (
            self._state is _State.EXPIRED and self.outcome is ChangeOutcome.UNKNOWN
        ):
            torn = self._state is _State.TORN
            self.outcome = ChangeOutcome.UNKNOWN
            await self._take_back(self._prepared())
            if torn:
                await self._discard()

    def _prepared(self) -> StagedChange:
        if self._staged is None:
            raise UsageError(f"{self._device}: the change was not prepared")
        return self._staged

    def _commands_for(self, config: str) -> int:
        """How many commands a step may take, for its time limit: one of them may take as long as a commit."""
        return len(config.splitlines()) + STEPS + math.ceil(self._commit_s / self._each_s)

    async def _step(self, method: str, *args: Any) -> Any:
        return await self._link.call(method, *args, commands=self._commands)

    async def _running(self) -> str:
        return cast("Configs", await self._link.call("get_config", "running")).running

    async def _is_back(self, staged: StagedChange) -> bool:
        """Whether the configuration is, still or again, the one of before."""
        now, before = await self._running(), staged.before
        return same_config(now, before) if len(now) < LONG else await in_thread(partial(same_config, now, before))

    async def _seen(self, staged: StagedChange) -> ChangeOutcome:
        """The device said that it made the change: see whether that made a difference."""
        try:
            return ChangeOutcome.UNCHANGED if await self._is_back(staged) else ChangeOutcome.CHANGED
        except DeviceError as error:
            logger.warning("a change could not be read back", extra={"device": self._device, "problem": error.message})
            return ChangeOutcome.CHANGED

    async def _refused(self, staged: StagedChange) -> None:
        """The device refused a commit. A candidate is dropped; lines that took effect are taken back."""
        if staged.atomic:
            self.outcome = ChangeOutcome.UNCHANGED
            await self._discard()
            return
        with suppress(DeviceError):  # then it stays unknown whether lines took effect
            self.outcome = await in_thread(partial(_decided, staged, await self._running()))
        await self._take_back(staged)

    async def _look(self, staged: StagedChange, lost: DeviceError, *, patience_s: float) -> None:
        """The answer to a commit was lost: reconnect, read back, decide. Returns when the change is there.

        A device that only took too long may be at it still: it gets as long again.

        Raises:
            ChangeFailed: it is not, or that cannot be said.
        """
        try:
            await self._link.renew()
            if isinstance(lost, OperationTimedOut):
                await self._await_difference(staged, Deadline.after(patience_s, self._clock))
            now: str | None = await self._running()
        except DeviceError as error:
            logger.warning("nobody can say what a commit did", extra={"device": self._device, "problem": error.message})
            now = None
        self.outcome = await in_thread(partial(_decided, staged, now))
        if self.outcome is ChangeOutcome.CHANGED:
            logger.info("the session broke, but the commit was made", extra={"device": self._device})
            return
        if now is not None:
            await self._take_back(staged)
            await self._discard()  # a candidate may wait that no session is about any more
        what = {
            ChangeOutcome.UNCHANGED: "nothing was changed",
            ChangeOutcome.REVERTED: "what was changed is taken back",
        }.get(self.outcome, "whether anything was changed is not known")
        message = f"the session broke during the commit; {what} ({lost.message})"
        raise ChangeFailed(self._device, message, self.outcome) from lost

    async def _await_difference(self, staged: StagedChange, limit: Deadline) -> None:
        while not limit.expired and await self._is_back(staged):
            await self._sleep(min(SLOW_S, limit.remaining()))

    async def _log_in_again(self) -> None:
        while True:
            try:
                await self._link.renew()
            except (AuthenticationFailed, HostKeyRejected) as error:
                raise self._unconfirmed(error) from error
            except ConnectFailed as error:
                if self._confirm_until.remaining() <= AGAIN_S:
                    raise self._unconfirmed(error) from error
                await self._sleep(AGAIN_S)
            else:
                return

    def _too_late(self) -> ChangeFailed:
        taken_back = "was" if self.outcome is ChangeOutcome.REVERTED else "could not be"
        message = f"the confirmation came too late: the change {taken_back} taken back"
        return ChangeFailed(self._device, message, self.outcome)

    def _unconfirmed(self, error: ConnectFailed) -> ConnectFailed:
        """The error of a login, with what became of the change: whoever reads it knows of no commit."""
        kinds = (AuthenticationFailed, HostKeyRejected, Unreachable)
        kind = next((kind for kind in kinds if isinstance(error, kind)), ConnectFailed)
        by_us = self.strength is ConfirmStrength.SESSION
        then = "neops cannot take it back: look at the device" if by_us else "the device takes it back by itself"
        return kind(self._device, f"the change runs and is not confirmed, {then}; {error.message}")

    async def _take_back(self, staged: StagedChange, *, then: _State = _State.DONE) -> None:
        """Bring the old configuration back, by what the device has for it, else by replacing all with it.

        Raises:
            ChangeFailed: it cannot be said that it is back.
        """
        unchanged = self.outcome is ChangeOutcome.UNCHANGED
        try:
            problem = await self._tried(self._step("revert_change", staged))
            if not (back := await self._is_back(staged)):
                problem = await self._tried(self._restore(staged))
                back = await self._is_back(staged)
        except DeviceError as error:
            problem, back = error, False
        self._state = then
        if not back:
            self.outcome = ChangeOutcome.UNKNOWN
            raise ChangeFailed(self._device, self._not_back(problem)) from problem
        self.outcome = ChangeOutcome.UNCHANGED if unchanged else ChangeOutcome.REVERTED

    def _not_back(self, problem: DeviceError | None) -> str:
        if problem is None:
            return "the change was taken back, but the configuration is not what it was"
        timer = self.strength in (ConfirmStrength.NATIVE, ConfirmStrength.DEVICE_TIMER)
        by_itself = timer and isinstance(problem, ConnectFailed)  # else it may have been told to
        then = "the device takes it back by itself" if by_itself else "look at the device"
        return f"the change could not be taken back, {then}; {problem.message}"

    async def _tried(self, undoing: Awaitable[Any]) -> DeviceError | None:
        """What went wrong, if anything did: to take something back may break the session, and to save it may fail.

        Raises:
            ConnectFailed: the device cannot be reached.
        """
        try:
            await undoing
        except ConnectFailed:
            raise
        except DeviceError as error:
            return error
        return None

    async def _restore(self, staged: StagedChange) -> None:
        plan = replace(staged.plan, config=staged.before, mode="replace", undoes=True)
        self._commands = self._commands_for(staged.before)
        undo = cast("StagedChange", await self._step("prepare_change", plan))
        if undo.diff.strip():
            await self._step("commit_change", undo, None)
        else:
            await self._step("discard_change", plan)

    async def _discard(self) -> None:
        try:
            await self._step("discard_change", self._plan)
        except DeviceError as error:
            logger.warning(
                "a candidate may be left on a device; the next change clears it",
                extra={"device": self._device, "candidate": self._plan.name, "problem": error.message},
            )
        self._state = _State.DONE


def _decided(staged: StagedChange, now: str | None) -> ChangeOutcome:
    reached = now is not None and not staged.atomic and staged.reached(now)
    return decide(staged.before, now, atomic=staged.atomic, reached=reached)
