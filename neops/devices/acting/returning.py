"""Waiting for a device that reboots: a login now and then, until it lets us in with a young uptime."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from neops.devices.capabilities import Progress, ReadsFacts
from neops.devices.plugin import Session
from neops.devices.results import Reboot
from neops.errors import AuthenticationFailed, ConnectFailed, DeviceError, HostKeyRejected, NotBack

logger = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 10.0
"""Between two tries to log in: each is twice as long as the one before, up to this."""

REFUSALS: Final = 3
"""Refused passwords after which waiting ends: while it boots a device may not reach its AAA server; accounts lock."""

CLOCK_ERROR_S: Final = 120.0
"""Platforms round uptimes to minutes."""


@dataclass(frozen=True, kw_only=True)
class Departure:
    """A device that was told to reboot: when, how long it had been up (-1: it did not say), whether it hung up then."""

    device: str
    at_s: float
    uptime_s: float
    hung_up: bool

    @property
    def took_s(self) -> float:
        return time.monotonic() - self.at_s

    def before(self, uptime_s: float, *, was_away: bool) -> bool:
        """Whether a device that is up for so long has booted since; while it shuts down it may still let people in."""
        if uptime_s < 0 or self.uptime_s < 0:
            return was_away
        return uptime_s < self.uptime_s or ((was_away or self.hung_up) and uptime_s < self.took_s + CLOCK_ERROR_S)


async def uptime_of(session: Session) -> float:
    """In seconds, -1 when it cannot be read."""
    if isinstance(session, ReadsFacts):
        with suppress(DeviceError):
            return (await session.get_facts()).uptime
    return -1.0


async def await_return(
    departure: Departure,
    again: Callable[[], Session],
    within_s: float,
    progress: Progress | None = None,
    *,
    pause_s: float = FIRST_PAUSE_S,
) -> Reboot:
    """Log in anew until the device is back.

    Raises:
        NotBack: it is not within `within_s` seconds of its departure.
        AuthenticationFailed, HostKeyRejected: another device is back, or one that does not know us any more.
    """
    tell = progress or _tell_nobody
    attempts, refusals, was_away, reason = 0, 0, False, "it never went down"
    while (left_s := within_s - departure.took_s) > 0:
        tell(int(departure.took_s), int(within_s), f"waiting for {departure.device}: {reason}")
        await asyncio.sleep(min(pause_s, left_s))
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        attempts += 1
        try:
            async with asyncio.timeout(within_s - departure.took_s):
                uptime_s = await _look(again())
        except (ConnectFailed, TimeoutError) as error:
            refusals += isinstance(error, AuthenticationFailed)
            if isinstance(error, HostKeyRejected) or refusals == REFUSALS:
                raise
            was_away, reason = True, getattr(error, "message", reason)  # the deadline itself is no news
            continue
        except DeviceError as error:  # it let us in and went down
            reason = error.message
            continue
        if departure.before(uptime_s, was_away=was_away):
            logger.info("a device is back from its reboot", extra={"device": departure.device, "attempts": attempts})
            took_s = departure.took_s
            return Reboot(device=departure.device, back=True, took_s=took_s, attempts=attempts, uptime=uptime_s)
    tried = f"within {within_s:g} s ({attempts} logins tried)"
    raise NotBack(departure.device, f"not back from its reboot {tried}: {reason}")


def _tell_nobody(done: int, total: int, message: str) -> None:
    del done, total, message


async def _look(session: Session) -> float:
    """The uptime of a device that lets us in."""
    try:
        await session.open()
        return await uptime_of(session)
    except asyncio.CancelledError:
        session.abort()
        raise
    finally:
        await session.close()
