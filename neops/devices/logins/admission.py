"""Whether and when a device is logged in to: exclusions, circuit breakers and rate limits.

It is asked for logins only; an operation on a warm session never comes here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from neops.concurrency import Clock, Deadline
from neops.devices.logins.breakers import Breakers, Endpoint, Login, OpenBreaker
from neops.devices.logins.exclusion import ExclusionList
from neops.devices.logins.rates import LoginRates
from neops.entities import Device
from neops.errors import (
    AuthenticationFailed,
    DeviceExcluded,
    DeviceHeldOff,
    HostKeyRejected,
    OperationTimedOut,
    Unreachable,
)
from neops.settings import DeviceSettings

SILENT_S: Final = 3.0
"""A login that the job's deadline cut off counts as unanswered when it had at least so long. OpenSSH with PAM answers
a wrong password after about 2 s (pam_unix, FAIL_DELAY in login.defs(5))."""


@dataclass(frozen=True, kw_only=True)
class LoginStatistics:
    """`failed`, `excluded`, `held_off` and `rate_limited` count since the start: logins that were tried and failed,
    those that a rule or a breaker kept from being tried, and those that had to wait for a rate limit. `rate_waiting`
    are those that wait for one now, `breakers_open` the devices that are held off now.
    """

    failed: int = 0
    excluded: int = 0
    held_off: int = 0
    rate_limited: int = 0
    rate_waiting: int = 0
    breakers_open: int = 0


class Admission:
    """Lets logins through. Lives in the runtime's loop; statistics and open breakers can be read from any thread.

    An urgent login goes on with a change of configuration that has begun: it waits for nothing.
    """

    def __init__(
        self,
        *,
        exclusions: ExclusionList | None = None,
        breakers: Breakers | None = None,
        rates: LoginRates | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._exclusions = exclusions or ExclusionList()
        self._breakers = breakers or Breakers(limit=0, hold_off_s=0.0, clock=clock)
        self._rates, self._clock = rates or LoginRates(clock=clock), clock
        self._failed = self._excluded = self._held_off = 0

    @classmethod
    def of(cls, settings: DeviceSettings, *, clock: Clock = time.monotonic) -> Admission:
        """What the settings say.

        Raises:
            SettingsInvalid: an exclusion cannot be read.
        """
        return cls(
            exclusions=ExclusionList.load(settings.exclude, settings.exclude_file, clock=clock),
            breakers=Breakers(limit=settings.breaker_failures, hold_off_s=settings.breaker_hold_off_s, clock=clock),
            rates=LoginRates(
                per_second=settings.logins_per_second,
                burst=settings.login_burst,
                device_per_minute=settings.device_logins_per_minute,
                device_burst=settings.sessions_per_device,
                clock=clock,
            ),
            clock=clock,
        )

    def check(self, device: Device, endpoint: Endpoint, *, urgent: bool = False) -> None:
        """Whether a login may be tried. At once, and nothing is sent.

        Raises:
            DeviceExcluded: a rule forbids it.
            DeviceHeldOff: the device did not answer lately.
        """
        with self._counting():
            self._exclusions.check(device, endpoint.host)
            if not urgent:
                self._breakers.check(endpoint, device.name)

    @contextmanager
    def logging_in(self, device: Device, endpoint: Endpoint, *, urgent: bool = False) -> Iterator[Login]:
        """One login from beginning to end; it may be the probe of a device that is held off.

        Raises:
            DeviceHeldOff: the device did not answer lately, or another login tries it now.
        """
        with self._counting():
            login = self._breakers.begin(endpoint, device.name, urgent=urgent)
        try:
            yield login
        finally:
            login.end()

    async def permit(self, device: Device, host: str) -> None:
        """Look for rules about a host, and, where there are some about networks, about the addresses of its name.

        Raises:
            DeviceExcluded: a rule forbids it.
        """
        with self._counting():
            self._exclusions.check(device, host)
            await self._exclusions.check_addresses(device, host)

    async def turn(self, device: Device, endpoint: Endpoint, until: Deadline, *, urgent: bool = False) -> None:
        """Wait until the rate limits allow one more login; take it back with `not_used` if it is not tried.

        Raises:
            OperationTimedOut: the deadline passed meanwhile.
        """
        if urgent:
            self._rates.overdraw(endpoint)
        else:
            await self._rates.turn(device.name, endpoint, until)

    def not_used(self, endpoint: Endpoint) -> None:
        """A login that had its turn was not tried after all."""
        self._rates.give_back(endpoint)

    @contextmanager
    def contact(self, login: Login, until: Deadline) -> Iterator[None]:
        """The part of a login in which the device is asked: its breaker learns from how that ends."""
        began = self._clock()
        try:
            yield
        except Unreachable as error:
            login.unanswered(error.message)
            raise
        except (AuthenticationFailed, HostKeyRejected):
            login.answered()
            raise
        except (OperationTimedOut, asyncio.CancelledError):
            had_s = self._clock() - began
            if until.expired and had_s >= SILENT_S:
                login.unanswered(f"no login within {had_s:.0f} s, when the job's time was up")
            raise
        login.answered()

    def count_failure(self) -> None:
        """A login was tried and failed."""
        self._failed += 1

    def statistics(self) -> LoginStatistics:
        return LoginStatistics(
            failed=self._failed,
            excluded=self._excluded,
            held_off=self._held_off,
            rate_limited=self._rates.limited,
            rate_waiting=self._rates.waiting,
            breakers_open=len(self._breakers.open()),
        )

    def open_breakers(self) -> tuple[OpenBreaker, ...]:
        """The devices that are held off now."""
        return self._breakers.open()

    @contextmanager
    def _counting(self) -> Iterator[None]:
        try:
            yield
        except DeviceHeldOff:
            self._held_off += 1
            raise
        except DeviceExcluded:
            self._excluded += 1
            raise
