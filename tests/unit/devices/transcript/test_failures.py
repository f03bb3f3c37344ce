"""Errors as data, and back."""

from __future__ import annotations

import json

import pytest

from neops import errors
from neops.devices.transcript.errors import RecordedFailure
from neops.devices.transcript.failures import error_of, failure_of
from neops.devices.transcript.lines import Failure
from neops.errors import (
    AuthenticationFailed,
    CapabilityMissing,
    ChangeFailed,
    CommandRejected,
    ConfigLocked,
    ConfigRejected,
    Considered,
    NeopsError,
    OperationTimedOut,
    ParseFailed,
    SessionLost,
    Unreachable,
)

RAISED: list[Exception] = [
    Unreachable("r1", "nothing answers"),
    AuthenticationFailed("r1", "permission denied"),
    SessionLost("r1", "the connection broke"),
    OperationTimedOut("r1", "no prompt"),
    CommandRejected("r1", "show x", "% Invalid input"),
    ParseFailed("r1", "show version", "no line matches"),
    ChangeFailed("r1", "cannot be taken back", "unknown"),
    ConfigRejected("r1", " frobnicate 7", "% Invalid input"),
    ConfigLocked("r1", "locked by somebody"),
    CapabilityMissing("r1", "frr", ["ReadsNeighbors"], [Considered(plugin="frr", reason="no lldpd")]),
    NotImplementedError("not on this platform"),
    ValueError("bad"),
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_an_error_comes_back_as_the_same_class_with_the_same_words(error: Exception) -> None:
    again = error_of(Failure.model_validate_json(json.dumps(failure_of(error).model_dump(mode="json"))))

    assert type(again) is type(error)
    assert str(again) == str(error)
    for name in ("device", "message", "command", "output", "line", "answer", "outcome", "capabilities"):
        assert getattr(again, name, None) == getattr(error, name, None)


def test_notes_come_back() -> None:
    error = ValueError("bad")
    error.add_note("in get_facts")

    assert error_of(failure_of(error)).__notes__ == ["in get_facts"]


def test_every_device_error_can_be_recorded() -> None:
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, NeopsError):
            again = error_of(Failure(type=kind.__name__, message="r1: went wrong", attributes={"device": "r1"}))
            assert (type(again), str(again)) == (kind, "r1: went wrong")


def test_an_error_of_a_plugins_own_is_told_by_its_name() -> None:
    class NapalmGrumble(Exception): ...

    again = error_of(failure_of(NapalmGrumble("no")))

    assert isinstance(again, RecordedFailure)
    assert (again.type, str(again)) == ("NapalmGrumble", "NapalmGrumble: no")
    assert failure_of(again) == Failure(type="NapalmGrumble", message="no")


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "print", "Sequence", "GeneratorExit"])
def test_a_file_cannot_make_anything_else_be_raised(name: str) -> None:
    assert isinstance(error_of(Failure(type=name, message="x", attributes={"__class__": "x"})), RecordedFailure)
