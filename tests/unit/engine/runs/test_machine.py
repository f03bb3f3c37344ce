from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from neops.engine.runs.machine import (
    Command,
    Done,
    Event,
    Failed,
    Failure,
    NotYet,
    Prepared,
    Progress,
    StepEnded,
    advance,
    command_for,
)
from neops.engine.runs.states import ACKNOWLEDGED, MOVES
from neops.protocol import ReasonCode, RunStatus, UnsafeCause

FAILURE = Failure(code=ReasonCode.STEP_FAILED, reason="r1 is down")

events = st.one_of(
    st.just(Done()),
    st.builds(Prepared, steps=st.integers(1, 4)),
    st.just(NotYet(note="run 7 holds device 1")),
    st.builds(StepEnded, changed=st.booleans()),
    st.builds(Failed, failure=st.just(FAILURE), changed=st.booleans()),
)


def _walk(*happened: Event) -> list[Progress]:
    states = [Progress()]
    for event in happened:
        states.append(advance(states[-1], event)[0])
    return states


def _running(steps: int = 2) -> Progress:
    return _walk(Prepared(steps=steps), *[Done()] * 7)[-1]


def test_a_run_without_trouble_passes_every_status_once() -> None:
    states = _walk(Prepared(steps=2), *[Done()] * 7, StepEnded(changed=False), StepEnded(changed=False), Done())

    passed = [state.status for state in states]
    assert passed == [
        RunStatus.NEW,
        RunStatus.VALID,
        RunStatus.READY,
        RunStatus.RESOURCE_DISCOVERY,
        RunStatus.RESOURCES_DISCOVERED,
        RunStatus.SCHEDULED,
        RunStatus.LOCKING,
        RunStatus.LOCKED,
        RunStatus.RUNNING,
        RunStatus.RUNNING,
        RunStatus.COMPLETED,
        RunStatus.COMPLETED_ACK,
    ]


def test_a_failure_before_the_first_step_is_safe() -> None:
    state = _walk(Prepared(steps=1), Done(), Failed(failure=FAILURE))[-1]

    assert (state.status, state.failure) == (RunStatus.FAILED_SAFE, FAILURE)


def test_a_failure_after_a_change_is_unsafe() -> None:
    failed, _ = advance(_running(), Failed(failure=FAILURE, changed=True))

    classified, command = advance(failed, Done())

    assert failed.status is RunStatus.ERROR
    assert (classified.status, classified.unsafe_cause) == (RunStatus.FAILED_UNSAFE, UnsafeCause.ROLLBACK_BLOCKED)
    assert command is Command.SETTLE


def test_a_failure_is_unsafe_however_long_ago_the_change_was() -> None:
    after = advance(_running(steps=3), StepEnded(changed=True))[0]
    for event in (StepEnded(changed=False), Failed(failure=FAILURE, changed=False), Done()):
        after = advance(after, event)[0]

    assert after.status is RunStatus.FAILED_UNSAFE


def test_a_failure_of_a_run_that_only_read_is_safe() -> None:
    failed, _ = advance(_running(), Failed(failure=FAILURE))

    assert advance(failed, Done())[0].status is RunStatus.FAILED_SAFE


def test_the_first_failure_is_the_one_that_is_kept() -> None:
    first, _ = advance(_running(), Failed(failure=FAILURE))

    again, _ = advance(first, Failed(failure=Failure(code=ReasonCode.ABORTED, reason="operator")))

    assert again.failure == FAILURE


def test_refused_locks_put_the_run_back_in_line_with_a_note() -> None:
    state = _walk(Prepared(steps=1), *[Done()] * 5, NotYet(note="run 7 holds device 1"))[-1]

    assert (state.status, state.note) == (RunStatus.SCHEDULED, "run 7 holds device 1")


@given(st.lists(events, max_size=40))
def test_only_allowed_moves_are_made_whatever_happens(happened: list[Event]) -> None:
    states = _walk(*happened)

    for before, after in pairwise(states):
        assert after.status is before.status or after.status in MOVES[before.status]
        assert after.cursor in (before.cursor, before.cursor + 1)
        assert after.changed >= before.changed
        assert after.failure is not None or after.status not in (RunStatus.ERROR, RunStatus.FAILED_SAFE)


@given(st.lists(events, max_size=40))
def test_a_run_that_is_carried_on_always_ends(happened: list[Event]) -> None:
    state = _walk(*happened)[-1]

    for _ in range(20 + state.steps):
        command = command_for(state)
        if command is Command.REST:
            break
        event: Event = Done()
        if command is Command.PREPARE:
            event = Prepared(steps=2)
        elif command is Command.RUN_STEP:
            event = StepEnded(changed=False)
        state, _ = advance(state, event)

    assert state.status in ACKNOWLEDGED.values()
