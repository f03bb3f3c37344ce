"""What a session brings so that the runtime can make a transaction of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from neops.devices.capabilities import ReadsConfig, WritesConfig
from neops.devices.config_change import ChangeMode, ConfigChange, ConfirmStrength
from neops.devices.plugin import Session

CANDIDATE_PREFIX = "neops-"
"""How our candidates are called on a device. A new change clears those that are left, and only those."""


@dataclass(frozen=True, kw_only=True)
class ChangePlan:
    """What is to be configured. `name` is for the candidate, where the platform names them.

    `undoes`: the plan brings back what one of ours has changed; a commit that waits to be confirmed is that one.
    """

    name: str
    config: str
    mode: ChangeMode = "merge"
    undoes: bool = False


@dataclass(frozen=True, kw_only=True)
class StagedChange:
    """A change that is prepared and not made.

    `before` is the running configuration, `lines` what a commit has to send on a platform without a candidate.
    `atomic` says that the device takes a commit as a whole; where it does not, `reached` says whether a running
    configuration is what the change should come to. `confirms` is who takes back a commit of which the answer was lost.
    `tied`: only the session that committed can confirm.
    """

    plan: ChangePlan
    diff: str
    before: str
    lines: tuple[str, ...] = ()
    atomic: bool = True
    reached: Callable[[str], bool] = lambda _running: False
    confirms: ConfirmStrength = ConfirmStrength.NATIVE
    tied: bool = False


class ConfigSession(Session, ReadsConfig, WritesConfig):
    """A session that can change the configuration, in steps that the runtime calls.

    Steps do not follow each other on the same session: when one breaks, the rest goes to a new one. Each must do with
    what the device knows, and find nothing to do where there is nothing.
    """

    @abstractmethod
    def prepare_change(self, plan: ChangePlan) -> Awaitable[StagedChange]:
        """Clear what an earlier change of ours left, put the new configuration into a candidate, work out the diff.

        Raises:
            ConfigRejected: the device refused a line.
            ConfigLocked: somebody else is changing the configuration.
        """
        ...

    @abstractmethod
    def commit_change(self, staged: StagedChange, confirm_within: float | None) -> Awaitable[ConfirmStrength]:
        """Make the change, and let the device take it back after `confirm_within` seconds unless it is confirmed.

        Returns who takes it back: SESSION asks the runtime to. Without `confirm_within` the change is also kept over a
        reboot. Where the session is afterwards, operational commands work.

        Raises:
            ConfigRejected: the device refused; with a candidate nothing happened, without one lines may have.
        """
        ...

    @abstractmethod
    def confirm_change(self, staged: StagedChange, strength: ConfirmStrength) -> Awaitable[None]:
        """Keep a change that waits for it, also over a reboot. The runtime reads back whether it is there.

        `strength` is what its commit returned; with SESSION and NONE the device waits for nothing, and only keeping it
        over a reboot is left to do.

        Raises:
            CommandRejected: the device does not know of it.
        """
        ...

    @abstractmethod
    def revert_change(self, staged: StagedChange) -> Awaitable[None]:
        """Take a commit back that waits to be confirmed. The runtime reads back whether that worked."""
        ...

    @abstractmethod
    def discard_change(self, plan: ChangePlan) -> Awaitable[None]:
        """Drop the candidate and the lock of this plan, if there are any."""
        ...

    def change(self, config: str, *, mode: ChangeMode = "merge") -> AbstractAsyncContextManager[ConfigChange]:
        """The transaction around the steps needs a second login and a lane of its own, which one session has not."""
        del config, mode
        raise RuntimeError("a session alone makes no transaction: take the device from connect()")
