from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from neops.testing.simulator.configuration import HISTORY, ConfigurationLocked, Datastore, Section, flatten

if TYPE_CHECKING:
    from tests.unit.testing.simulator.conftest import Clock


@pytest.fixture
def store(clock: Clock) -> Datastore:
    return Datastore(running_now={"hostname r1": {}}, clock=clock)


NEW: Section = {"hostname r2": {}}


def test_flattened_lines_name_their_sections() -> None:
    assert list(flatten({"interface Lo0": {"description x": {}}, "end": {}})) == ["interface Lo0 description x", "end"]


def test_a_commit_can_be_rolled_back(store: Datastore) -> None:
    store.commit(NEW)

    assert store.running == NEW
    assert store.rolled_back(0) == NEW
    assert store.rolled_back(1) == {"hostname r1": {}}
    with pytest.raises(IndexError):
        store.rolled_back(2)


def test_a_commit_does_not_share_its_lines_with_the_candidate(store: Datastore) -> None:
    candidate: Section = {"interface Lo0": {}}
    store.commit(candidate)
    candidate["interface Lo0"]["shutdown"] = {}

    assert store.running == {"interface Lo0": {}}


def test_an_unconfirmed_commit_reverts_when_its_time_is_over(store: Datastore, clock: Clock) -> None:
    store.commit(NEW, confirm_within_s=60)
    clock.turn(59)
    assert store.running == NEW
    assert store.awaits_confirmation

    clock.turn(1)

    assert store.running == {"hostname r1": {}}
    assert not store.awaits_confirmation


@pytest.mark.parametrize("how", ["confirm", "commit"])
def test_a_confirmed_commit_stays(store: Datastore, clock: Clock, how: str) -> None:
    store.commit(NEW, confirm_within_s=60)
    store.confirm() if how == "confirm" else store.commit(store.running)
    clock.turn(3600)

    assert store.running == NEW


def test_saving_makes_running_and_startup_equal(store: Datastore) -> None:
    store.commit(NEW)
    assert store.unsaved

    store.save()

    assert not store.unsaved


def test_a_lock_keeps_everybody_else_out_until_it_is_released(store: Datastore) -> None:
    one, other = object(), object()
    store.lock(one)
    store.refuse_if_locked(one)
    with pytest.raises(ConfigurationLocked):
        store.lock(other)
    store.unlock(other)
    assert store.locked

    store.unlock(one)

    assert not store.locked


def test_old_configurations_are_forgotten(store: Datastore) -> None:
    for number in range(HISTORY + 5):
        store.commit({f"hostname r{number}": {}})

    assert len(store.history) == HISTORY


def test_what_is_committed_for_good_outlives_a_reboot_where_commits_are_lasting(clock: Clock) -> None:
    store = Datastore(running_now={"hostname r1": {}}, lasting=True, clock=clock)
    store.commit(NEW)
    assert not store.unsaved
    store.commit({"hostname r3": {}}, confirm_within_s=60)
    assert store.unsaved

    store.restart()

    assert store.running == store.saved == NEW
    assert not store.awaits_confirmation


def test_what_is_not_saved_is_gone_after_a_reboot_elsewhere(store: Datastore) -> None:
    store.commit(NEW)

    store.restart()

    assert store.running == {"hostname r1": {}}
