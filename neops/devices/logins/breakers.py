"""Circuit breakers: a device that does not answer is left alone for a while, then tried by one login alone.

    closed ──limit failures in a row──► open ──hold-off over, next login──► half-open ──no answer──► open
       ▲                                                                        │
       └────────────────────────────── it answers ──────────────────────────────┘

Pure: the clock is a parameter, and nothing here waits.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import NamedTuple

from neops.concurrency import Clock
from neops.errors import DeviceHeldOff

logger = logging.getLogger(__name__)


class Endpoint(NamedTuple):
    """What logins go to: host and port, as seen from the last jump host.

    Where the inventory gives no port, the plugin stands for it: it has its own default.
    """

    host: str
    port: int | str
    via: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " via ".join([f"{self.host}:{self.port}", *reversed(self.via)])


@dataclass(frozen=True, kw_only=True)
class OpenBreaker:
    """An endpoint that is not logged in to at the moment. `probing`: one login tries it now."""

    endpoint: Endpoint
    failures: int
    reason: str
    open_for_s: float
    tried_again_in_s: float
    probing: bool


@dataclass
class _Silence:
    """Failures in a row at one endpoint; `opened_at` is there from the limit on."""

    failures: int = 0
    reason: str = ""
    opened_at: float | None = None
    held_off_at: float = 0.0
    probe: Login | None = None


class Login:
    """One login under way, as its breaker sees it; tell it how the device answered, and `end` it in any case."""

    __slots__ = ("_breakers", "_endpoint")

    def __init__(self, breakers: Breakers, endpoint: Endpoint) -> None:
        self._breakers, self._endpoint = breakers, endpoint

    def answered(self) -> None:
        """The device answered, be it with a refusal."""
        self._breakers.answered(self._endpoint)

    def unanswered(self, reason: str) -> None:
        """It did not."""
        self._breakers.unanswered(self._endpoint, self, reason)

    def end(self) -> None:
        """It is over; if nothing was learned, the next login may try."""
        self._breakers.end(self._endpoint, self)


class Breakers:
    """The breakers of all endpoints; those that answered last take no memory. `limit` 0 turns them off."""

    def __init__(self, *, limit: int, hold_off_s: float, clock: Clock = time.monotonic) -> None:
        self._limit, self._hold_off_s, self._clock = limit, hold_off_s, clock
        self._silent: dict[Endpoint, _Silence] = {}

    def check(self, endpoint: Endpoint, device: str) -> None:
        """Whether a login would be let through now.

        Raises:
            DeviceHeldOff: not yet, or another one is trying; the message says since when, why, and until when.
        """
        silence = self._silent.get(endpoint)
        if silence is not None and silence.opened_at is not None:
            now = self._clock()
            again_in_s = silence.held_off_at + self._hold_off_s - now
            if again_in_s > 0 or silence.probe is not None:
                raise DeviceHeldOff(
                    device,
                    failures=silence.failures,
                    reason=silence.reason,
                    open_for_s=now - silence.opened_at,
                    again_in_s=None if silence.probe is not None else again_in_s,
                )

    def begin(self, endpoint: Endpoint, device: str, *, urgent: bool = False) -> Login:
        """Let a login through; an urgent one always.

        Raises:
            DeviceHeldOff: as in `check`.
        """
        if not urgent:
            self.check(endpoint, device)
        login = Login(self, endpoint)
        silence = self._silent.get(endpoint)
        if silence is not None and silence.opened_at is not None and silence.probe is None:
            silence.probe = login
        return login

    def answered(self, endpoint: Endpoint) -> None:
        silence = self._silent.pop(endpoint, None)
        if silence is not None and silence.opened_at is not None:
            fields = {"endpoint": str(endpoint), "after_failures": silence.failures}
            logger.info("a device answers again", extra=fields)

    def unanswered(self, endpoint: Endpoint, login: Login, reason: str) -> None:
        if not self._limit:
            return
        silence = self._silent.setdefault(endpoint, _Silence())
        silence.failures += 1
        silence.reason = reason
        now = self._clock()
        if silence.probe is login:
            silence.probe, silence.held_off_at = None, now
        elif silence.opened_at is None and silence.failures >= self._limit:
            silence.opened_at = silence.held_off_at = now
            fields = {"endpoint": str(endpoint), "failures": silence.failures, "hold_off_s": self._hold_off_s}
            logger.warning("a device is not tried for a while", extra=fields | {"error": reason})

    def end(self, endpoint: Endpoint, login: Login) -> None:
        silence = self._silent.get(endpoint)
        if silence is not None and silence.probe is login:
            silence.probe = None

    def open(self) -> tuple[OpenBreaker, ...]:
        """Endpoints that are held off now; from any thread."""
        now, silent = self._clock(), tuple(self._silent.items())
        return tuple(
            OpenBreaker(
                endpoint=endpoint,
                failures=silence.failures,
                reason=silence.reason,
                open_for_s=now - silence.opened_at,
                tried_again_in_s=max(0.0, silence.held_off_at + self._hold_off_s - now),
                probing=silence.probe is not None,
            )
            for endpoint, silence in silent
            if silence.opened_at is not None
        )
