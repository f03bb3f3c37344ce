"""How many logins may begin in a time: token buckets, and lines of those that wait for them."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from neops.concurrency import Clock, Deadline
from neops.devices.logins.breakers import Endpoint
from neops.devices.waiting import WaitingLine
from neops.errors import OperationTimedOut

logger = logging.getLogger(__name__)

NOTICE_S: Final = 0.02
"""A wait ends so long before its deadline, so that the error can still say what was waited for."""

TIDY_AT: Final = 1024
"""Limits of devices that are kept before those that are idle are thrown away."""

ROUNDING: Final = 1e-9
"""Part of a token that additions of fractions may lose."""


class TokenBucket:
    """Lets `burst` through at once and `per_s` each second after that: in any time t at most burst + per_s * t."""

    def __init__(self, *, per_s: float, burst: int, now: float) -> None:
        self._per_s, self._burst = per_s, burst
        self._tokens, self._at = float(burst), now

    def take(self, now: float) -> float:
        """Take a token: 0, or the seconds until there is one."""
        self._fill(now)
        missing = 1.0 - self._tokens
        if missing > ROUNDING:
            return missing / self._per_s
        self._tokens -= 1.0
        return 0.0

    def overdraw(self, now: float) -> None:
        """Take a token that is perhaps not there yet: the next ones wait for it."""
        self._fill(now)
        self._tokens -= 1.0

    def give_back(self) -> None:
        """A token was not used."""
        self._tokens = min(self._tokens + 1.0, float(self._burst))

    def full(self, now: float) -> bool:
        """Whether it was left alone long enough to be like a new one."""
        self._fill(now)
        return self._tokens >= self._burst

    def _fill(self, now: float) -> None:
        self._tokens = min(self._tokens + (now - self._at) * self._per_s, float(self._burst))
        self._at = now


class RateLimit:
    """A bucket and the line before it, first come first served. Lives in one event loop; `name` is for errors."""

    def __init__(self, name: str, *, per_s: float, burst: int, clock: Clock = time.monotonic) -> None:
        self.name, self._clock = name, clock
        self._bucket = TokenBucket(per_s=per_s, burst=burst, now=clock())
        self._line = WaitingLine()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether nobody waits and nothing is remembered."""
        return not self._line and self._bucket.full(self._clock())

    def begin_now(self) -> bool:
        """Have a turn at once, if there is one and nobody waits for it."""
        return not self._line and self._take()

    async def turn(self, until: Deadline) -> None:
        """Wait until one more may begin.

        Raises:
            TimeoutError: that would be too late.
        """
        left_s = until.timeout()
        async with asyncio.timeout(None if left_s is None else left_s - NOTICE_S):
            await self._line.enter(self._take, self.give_back)

    def overdraw(self) -> None:
        """Begin now, ahead of all who wait, who then wait longer."""
        self._bucket.overdraw(self._clock())

    def give_back(self) -> None:
        """What had its turn did not begin after all."""
        self._bucket.give_back()
        self._line.move()

    def _take(self) -> bool:
        wait_s = self._bucket.take(self._clock())
        if wait_s and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._wake)
        return not wait_s

    def _wake(self) -> None:
        self._timer = None
        self._line.move()


class LoginRates:
    """The limits of a runtime: one for each device, and one for the fleet. A rate of 0 is no limit.

    `limited` counts logins that had to wait since the start, `waiting` those that do now.
    """

    def __init__(
        self,
        *,
        per_second: float = 0.0,
        burst: int = 1,
        device_per_minute: float = 0.0,
        device_burst: int = 1,
        clock: Clock = time.monotonic,
    ) -> None:
        self._device_per_minute, self._device_burst, self._clock = device_per_minute, device_burst, clock
        self._fleet = (
            (RateLimit(f"{per_second:g} a second over all devices", per_s=per_second, burst=burst, clock=clock),)
            if per_second
            else ()
        )
        self._devices: dict[Endpoint, RateLimit] = {}
        self._tidy_at = TIDY_AT
        self.limited = self.waiting = 0

    async def turn(self, device: str, endpoint: Endpoint, until: Deadline) -> None:
        """Wait until one more may begin: at the device first, so that nobody waits there with a turn of the fleet.

        Raises:
            OperationTimedOut: the deadline passed meanwhile.
        """
        for limit in self._limits(endpoint):
            if not limit.begin_now():
                await self._wait(limit, device, until)

    def overdraw(self, endpoint: Endpoint) -> None:
        """Begin a login ahead of all who wait."""
        for limit in self._limits(endpoint):
            limit.overdraw()

    def give_back(self, endpoint: Endpoint) -> None:
        """A login that had its turn was not tried after all."""
        for limit in self._limits(endpoint):
            limit.give_back()

    async def _wait(self, limit: RateLimit, device: str, until: Deadline) -> None:
        if not self.waiting:
            logger.info("logins wait for a rate limit", extra={"device": device, "limit": limit.name})
        began = self._clock()
        self.limited += 1
        self.waiting += 1
        try:
            await limit.turn(until)
        except TimeoutError:
            waited = f"waited {self._clock() - began:.1f} s for the login rate limit ({limit.name})"
            raise OperationTimedOut(device, f"{waited} until the job's deadline passed; nothing was sent") from None
        finally:
            self.waiting -= 1

    def _limits(self, endpoint: Endpoint) -> tuple[RateLimit, ...]:
        return (self._of_device(endpoint), *self._fleet) if self._device_per_minute else self._fleet

    def _of_device(self, endpoint: Endpoint) -> RateLimit:
        limit = self._devices.get(endpoint)
        if limit is None:
            self._tidy()
            per_minute = self._device_per_minute
            limit = RateLimit(
                f"{per_minute:g} a minute at one device",
                per_s=per_minute / 60,
                burst=self._device_burst,
                clock=self._clock,
            )
            self._devices[endpoint] = limit
        return limit

    def _tidy(self) -> None:
        if len(self._devices) >= self._tidy_at:
            self._devices = {endpoint: limit for endpoint, limit in self._devices.items() if not limit.idle}
            self._tidy_at = max(TIDY_AT, 2 * len(self._devices))
