"""When a device has really rebooted, and how long is waited for it."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from neops.devices import Facts, ReadsFacts, Session
from neops.devices.acting.returning import Departure, await_return
from neops.errors import AuthenticationFailed, HostKeyRejected, NotBack, Unreachable


class Booting(Session, ReadsFacts):
    """A session whose login goes as the script says: an error, or the uptime it shows."""

    def __init__(self, outcome: Exception | float) -> None:
        self._outcome = outcome

    async def open(self) -> None:
        if isinstance(self._outcome, Exception):
            raise self._outcome

    async def close(self) -> None: ...

    def abort(self) -> None: ...

    async def alive(self) -> bool:
        return True

    async def get_facts(self) -> Facts:
        assert isinstance(self._outcome, float)
        return Facts(hostname="r1", vendor="", model="", serial_number="", os_version="", uptime=self._outcome)


def departure(uptime_s: float, *, hung_up: bool = True) -> Departure:
    return Departure(device="r1", at_s=time.monotonic(), uptime_s=uptime_s, hung_up=hung_up)


def logins(outcomes: Sequence[Exception | float]) -> list[Session]:
    return [Booting(outcome) for outcome in outcomes]


GONE = Unreachable("r1", "refused")


async def test_a_device_that_still_lets_us_in_while_it_shuts_down_is_not_back() -> None:
    sessions = logins([86_400.0, 86_401.0, GONE, GONE, 30.0])

    back = await await_return(departure(86_399.0), lambda: sessions.pop(0), 30, pause_s=0.001)

    assert (back.back, back.attempts, back.uptime) == (True, 5, 30.0)


@pytest.mark.parametrize(
    ("before_s", "now_s", "hung_up", "was_away", "rebooted"),
    [
        (86_400.0, 20.0, False, False, True),
        (86_400.0, 86_410.0, True, False, False),
        (86_400.0, 86_410.0, True, True, False),  # away, but up for longer: the way to it was broken
        (60.0, 60.0, True, True, True),  # rounded to minutes
        (60.0, 60.0, False, False, False),
        (-1.0, 20.0, True, False, False),  # nobody knows how long it had been up
        (-1.0, 20.0, False, True, True),
    ],
)
def test_an_uptime_tells_a_reboot(before_s: float, now_s: float, hung_up: bool, was_away: bool, rebooted: bool) -> None:
    assert departure(before_s, hung_up=hung_up).before(now_s, was_away=was_away) is rebooted


async def test_three_refused_passwords_end_the_wait() -> None:
    refused = AuthenticationFailed("r1", "refused")
    sessions = logins([GONE, *[refused] * 5])

    with pytest.raises(AuthenticationFailed):
        await await_return(departure(100.0), lambda: sessions.pop(0), 30, pause_s=0.001)
    assert len(sessions) == 2


async def test_another_host_key_ends_the_wait() -> None:
    with pytest.raises(HostKeyRejected):
        await await_return(departure(100.0), lambda: Booting(HostKeyRejected("r1", "another")), 30, pause_s=0.001)


async def test_a_device_that_stays_away_is_waited_for_until_the_deadline_with_news() -> None:
    told: list[str] = []

    with pytest.raises(NotBack, match=r"not back from its reboot within 0.1 s \(\d+ logins tried\): refused"):
        await await_return(
            departure(100.0), lambda: Booting(GONE), 0.1, lambda *news: told.append(news[2]), pause_s=0.001
        )
    assert told[0] == "waiting for r1: it never went down"
    assert told[-1] == "waiting for r1: refused"
