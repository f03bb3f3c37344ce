"""What a breaker learns from how a login ends."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from neops.concurrency import Deadline
from neops.devices.logins.admission import SILENT_S, Admission
from neops.devices.logins.breakers import Breakers, Endpoint
from neops.errors import AuthenticationFailed, ConnectFailed, HostKeyRejected, OperationTimedOut, Unreachable

R1 = Endpoint("192.0.2.1", 22)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def held_off_after(device: Any, error: BaseException, *, took_s: float, deadline_s: float) -> bool:
    """Whether a breaker with a limit of one opens by a login that ends so."""
    clock = Clock()
    admission = Admission(breakers=Breakers(limit=1, hold_off_s=30, clock=clock), clock=clock)
    until = Deadline.after(deadline_s, clock)
    with suppress(type(error)), admission.logging_in(device(), R1) as login, admission.contact(login, until):
        clock.now += took_s
        raise error
    return bool(admission.open_breakers())


@pytest.mark.parametrize(
    ("error", "opens"),
    [
        (Unreachable("r1", "no route to host"), True),
        (AuthenticationFailed("r1", "denied"), False),
        (HostKeyRejected("r1", "another key"), False),
        (ConnectFailed("r1", "the library broke"), False),
    ],
)
def test_only_silence_counts(device: Any, error: Exception, opens: bool) -> None:
    assert held_off_after(device, error, took_s=1, deadline_s=60) is opens


@pytest.mark.parametrize("error", [OperationTimedOut("r1", "too late"), asyncio.CancelledError()])
def test_a_login_that_the_jobs_deadline_cut_off_counts_when_it_had_time(device: Any, error: BaseException) -> None:
    assert held_off_after(device, error, took_s=SILENT_S, deadline_s=SILENT_S)
    assert not held_off_after(device, error, took_s=1, deadline_s=1)
    assert not held_off_after(device, error, took_s=SILENT_S, deadline_s=60)
