"""A change of configuration as its author sees it: a difference first, then a commit, then a confirmation."""

from __future__ import annotations

from collections.abc import Awaitable
from enum import StrEnum
from typing import Literal, Protocol

ChangeMode = Literal["merge", "replace"]
"""Add lines to what is configured, or make the whole configuration this one."""


class ChangeOutcome(StrEnum):
    """What a change left on the device."""

    UNCHANGED = "unchanged"
    """The configuration is what it was: nothing was committed, or there was nothing to change."""
    CHANGED = "changed"
    """The new configuration runs, and nothing will take it back."""
    REVERTED = "reverted"
    """The new configuration ran and the old one is back, read from the device."""
    UNKNOWN = "unknown"
    """Nobody could look, or what runs is neither the old nor the new configuration: a person has to."""


class ConfirmStrength(StrEnum):
    """Who takes a commit back that is not confirmed in time."""

    NATIVE = "native"
    """The platform's commit-confirmed: the device, whatever becomes of us, and all of it at once."""
    DEVICE_TIMER = "device-timer"
    """A timer on the device restores the configuration, but lines took effect one by one."""
    SESSION = "session"
    """We do, over the network: nobody does when our process or the way to the device is gone."""
    NONE = "none"
    """Nobody: no confirmation was asked for."""


class ConfigChange(Protocol):
    """A change in the making. Leaving its block without a commit discards it; so does an error.

    A commit that waits to be confirmed when the block is left is taken back at once, and for good measure by the
    device's own timer where it has one. A commit without `confirm_within` is final.
    """

    @property
    def diff(self) -> str:
        """What a commit changes, as the device shows it, or computed where it cannot; empty: nothing."""
        ...

    @property
    def outcome(self) -> ChangeOutcome:
        """What the change has left on the device so far; final when the block is left."""
        ...

    @property
    def strength(self) -> ConfirmStrength:
        """Who takes the commit back if it is not confirmed; NONE until a commit asked for it."""
        ...

    def commit(self, confirm_within: float | None = None) -> Awaitable[None]:
        """Make the change. With `confirm_within` (seconds) it is taken back unless `confirm` is called in time.

        Platforms that count minutes get the next whole one. With nothing to change, nothing is sent.

        Raises:
            ConfigRejected: the device refused a line or the whole; what was done is undone.
            SessionLost: the connection broke and the old configuration is still, or again, there.
            ChangeFailed: it cannot be said what runs; `outcome` is UNKNOWN.
        """
        ...

    def confirm(self) -> Awaitable[None]:
        """Keep the change: log in anew, which shows that the device can still be reached, confirm, and read it back.

        Logins are tried until the time to confirm is over.

        Raises:
            ConnectFailed: the device cannot be reached any more; it takes the change back by itself where it can.
            ChangeFailed: it was too late, the old configuration is back.
        """
        ...
