from __future__ import annotations

from neops.cli.watching import _STUCK_S, _Stuck


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_run_is_stuck_when_nothing_moved_for_a_while_and_nothing_can_be_kept() -> None:
    clock = Clock()
    stuck = _Stuck(clock)

    first = stuck.for_too_long(moved=False, trouble=True)
    clock.now += _STUCK_S

    assert not first
    assert stuck.for_too_long(moved=False, trouble=True)


def test_a_run_that_moves_or_waits_for_a_slow_device_is_not_stuck() -> None:
    clock = Clock()
    stuck = _Stuck(clock)
    stuck.for_too_long(moved=False, trouble=True)
    clock.now += _STUCK_S

    assert not stuck.for_too_long(moved=True, trouble=True)
    clock.now += _STUCK_S
    assert not stuck.for_too_long(moved=False, trouble=False)
