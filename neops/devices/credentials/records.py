"""What happened to a credential so far, and whether it is tried once more. Lives in the runtime's loop."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from neops.concurrency import Clock
from neops.devices.waiting import Places
from neops.errors import AuthenticationFailed

logger = logging.getLogger(__name__)

PATIENCE_S: Final = 3.0
"""How long one unanswered login may hold back others with the same unproven credential. OpenSSH with PAM answers a
wrong password after about 2 s (pam_unix, FAIL_DELAY in login.defs(5))."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How many refusals in a row are borne, and for how long nothing is tried after the last of them."""

    limit: int
    hold_off_s: float
    clock: Clock
    lots: Random


@dataclass
class _Refusals:
    """Of one device, in a row."""

    times: int = 0
    last_at: float = -math.inf


class CredentialRecord:
    """One credential, over all devices; `about` names it in the log.

    It is not tried any more where one device refused it as often as is borne, and nowhere when devices did so with no
    success between. Until one login made it `proven`, `logins` has room for as many as may still be refused.
    """

    def __init__(self, about: Mapping[str, object], patience: Patience) -> None:
        self._about, self._patience = about, patience
        self.proven = False
        self._refused_by: list[str] = []
        self._stopped_at = -math.inf
        self._refusals: dict[str, _Refusals] = {}
        self.logins = Places(self._room, patience_s=PATIENCE_S, lots=patience.lots)

    def renew(self, device: str) -> None:
        """Let one more login try, where a hold-off is over; it stays stopped if that is refused."""
        if self._stopped and self._left_s(self._stopped_at) <= 0:
            self._refused_by.pop()
        there = self._refusals.get(device)
        if there is not None and there.times >= self._patience.limit and self._left_s(there.last_at) <= 0:
            there.times -= 1

    def check(self, device: str) -> None:
        """Whether the device may get to see it.

        Raises:
            AuthenticationFailed: no; the message says who refused it, and until when.
        """
        if self._stopped:
            raise self._not_tried(device, ", ".join(dict.fromkeys(self._refused_by)), self._stopped_at)
        there = self._refusals.get(device)
        if there is not None and there.times >= self._patience.limit:
            raise self._not_tried(device, f"{device} {there.times} times", there.last_at)

    def taken(self, device: str) -> None:
        """A device let us in."""
        self.proven = True
        self._refused_by.clear()
        self._refusals.pop(device, None)
        self.logins.move()

    def refused(self, device: str) -> None:
        """A device did not. Of one that was taken elsewhere, a single device that refuses it proves nothing."""
        there = self._refusals.setdefault(device, _Refusals())
        there.times, there.last_at = there.times + 1, self._patience.clock()
        if not self.proven or device not in self._refused_by:
            self._refused_by.append(device)
        self.proven = self.proven and not self._stopped
        told = {**self._about, "hold_off_s": self._patience.hold_off_s}
        if self._stopped:
            self._stopped_at = there.last_at
            fields = told | {"refused_by": list(dict.fromkeys(self._refused_by))}
            logger.error("a credential was refused too often and is not tried any more", extra=fields)
        elif there.times >= self._patience.limit:
            logger.warning("a credential is not tried at a device any more", extra=told | {"device": device})
        self.logins.move()

    @property
    def held_off(self) -> bool:
        """Whether a device refused it so lately that it may not be tried."""
        return any(self._left_s(one.last_at) > 0 for one in self._refusals.values())

    @property
    def _stopped(self) -> bool:
        return len(self._refused_by) >= self._patience.limit

    def _room(self) -> float:
        """Logins that may be under way; who waits for a stopped credential is let through to be told so."""
        return math.inf if self.proven or self._stopped else self._patience.limit - len(self._refused_by)

    def _left_s(self, since: float) -> float:
        return since + self._patience.hold_off_s - self._patience.clock()

    def _not_tried(self, device: str, refused_by: str, since: float) -> AuthenticationFailed:
        wait = f"correct it or wait {self._left_s(since):.0f} s"
        return AuthenticationFailed(device, f"not tried, refused by {refused_by} before: {wait}")
