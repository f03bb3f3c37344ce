"""Jump hosts are left alone like devices."""

from __future__ import annotations

from typing import Any

import pytest

from neops.devices.logins import Admission, JumpHostGate
from neops.devices.logins.breakers import Breakers
from neops.devices.logins.exclusion import ExclusionList
from neops.errors import AuthenticationFailed, ConnectFailed, DeviceExcluded, DeviceHeldOff, Unreachable


async def log_in(gate: JumpHostGate, bastion: Any, error: ConnectFailed | None = None, **given: Any) -> None:
    async with gate.through(bastion, given.get("via", ()), urgent=given.get("urgent", False)) as contact:
        if given.get("asked", True):
            with contact():
                if error is not None:
                    raise error


def a_gate(limit: int = 1, *excluded: str) -> JumpHostGate:
    breakers = Breakers(limit=limit, hold_off_s=60.0, clock=lambda: 0.0)
    return JumpHostGate(Admission(breakers=breakers, exclusions=ExclusionList.load(excluded, None)))


@pytest.fixture
def bastion(device: Any) -> Any:
    return device("bastion", ip=None, port=2222)


async def test_one_that_does_not_answer_is_held_off_unless_it_is_urgent(bastion: Any) -> None:
    gate = a_gate()
    with pytest.raises(Unreachable):
        await log_in(gate, bastion, Unreachable("bastion", "no answer"))

    with pytest.raises(DeviceHeldOff, match="bastion: not tried"):
        await log_in(gate, bastion)
    await log_in(gate, bastion, via=("ops@another",))
    await log_in(gate, bastion, urgent=True)
    await log_in(gate, bastion)


async def test_one_that_refuses_has_answered(bastion: Any) -> None:
    gate = a_gate(limit=2)
    for error in (
        Unreachable("bastion", "silent"),
        AuthenticationFailed("bastion", "no"),
        Unreachable("bastion", "silent"),
    ):
        with pytest.raises(ConnectFailed):
            await log_in(gate, bastion, error)

    await log_in(gate, bastion)


async def test_of_one_that_was_not_asked_nothing_is_learnt(bastion: Any) -> None:
    gate = a_gate(limit=2)
    with pytest.raises(Unreachable):
        await log_in(gate, bastion, Unreachable("bastion", "silent"))
    await log_in(gate, bastion, asked=False)
    with pytest.raises(Unreachable):
        await log_in(gate, bastion, Unreachable("bastion", "silent"))

    with pytest.raises(DeviceHeldOff):
        await log_in(gate, bastion)


async def test_one_that_is_excluded_is_not_logged_in_to(bastion: Any) -> None:
    with pytest.raises(DeviceExcluded, match="'bast\\*'"):
        await log_in(a_gate(1, "bast*"), bastion)
