"""What was recorded of a device is told once, in order, and a difference is said with its place."""

from __future__ import annotations

from typing import Any

import pytest

from neops.devices.transcript import CallLine, Failure, LoginLine, TranscriptMismatch
from neops.devices.transcript.script import DeviceScript, Order


def call(method: str, **arguments: Any) -> CallLine:
    return CallLine(device="r1", plugin="fake", at_s=0.0, took_s=0.0, method=method, arguments=arguments)


def login(error: str | None = None) -> LoginLine:
    failure = Failure(type="Unreachable", message=error) if error else None
    return LoginLine(device="r1", plugin="fake", at_s=0.0, took_s=0.0, error=failure)


def show(command: str) -> CallLine:
    return call("send_command", command=command)


def script(*events: CallLine | LoginLine, order: Order = "strict") -> DeviceScript:
    return DeviceScript("r1", events, order)


def mismatch(told: DeviceScript, method: str, **arguments: Any) -> str:
    with pytest.raises(TranscriptMismatch) as refused:
        told.take(method, arguments)
    return str(refused.value)


def test_equal_calls_are_told_in_the_recorded_order() -> None:
    first, second = show("show clock"), show("show clock")
    told = script(first, second)

    assert told.take("send_command", {"command": "show clock"}) is first
    assert told.take("send_command", {"command": "show clock"}) is second


def test_another_order_is_a_mismatch_unless_any_order_will_do() -> None:
    events = show("show clock"), call("get_facts")

    assert script(*events, order="any").take("get_facts", {}) is events[1]
    assert mismatch(script(*events), "get_facts").splitlines() == [
        "r1: call 1 of 2 is not what was recorded",
        "  asked:    get_facts()",
        "  recorded: send_command(command='show clock')",
        "  nearest:  call 2, get_facts()",
    ]


def test_where_the_end_of_a_recording_is_missing_the_mismatch_says_so() -> None:
    told = DeviceScript("r1", [], "strict", complete=False)

    assert "recorded: nothing more; the end of the transcript is missing: whoever" in mismatch(told, "get_facts")


def test_a_typing_error_is_shown_beside_what_it_should_be() -> None:
    told = script(call("get_facts"), show("show ip interface brief"), call("get_config"))
    told.take("get_facts", {})

    said = mismatch(told, "send_command", command="show ip interfaces brief")

    assert "r1: call 2 of 3" in said
    assert "  recorded: send_command(command='show ip interface brief')" in said
    assert "nearest" not in said  # it is the next one


def test_what_was_asked_before_is_said_to_be() -> None:
    told = script(show("show clock"))
    told.take("send_command", {"command": "show clock"})

    said = mismatch(told, "send_command", command="show clock")

    assert "recorded: nothing more" in said
    assert "nearest:  call 1, send_command(command='show clock'), which was asked before" in said


def test_texts_of_many_lines_are_compared_line_by_line() -> None:
    told = script(call("prepare", config="interface Gi1\n shutdown\nntp server 192.0.2.7\n"))

    said = mismatch(told, "prepare", config="interface Gi1\n no shutdown\nntp server 192.0.2.7\n")

    assert "    - shutdown" in said.splitlines()
    assert "    + no shutdown" in said.splitlines()


def test_a_failed_login_is_told_when_it_comes_even_to_a_session_that_is_still_open() -> None:
    lost = login("nothing answers")
    told = script(login(), call("get_facts"), lost, login(), call("get_facts"))

    assert told.login() is not None
    told.take("get_facts", {})
    assert told.take("get_facts", {}) is lost
    assert isinstance(told.take("get_facts", {}), CallLine)


def test_a_login_that_was_not_recorded_goes_well() -> None:
    assert script(call("get_facts")).login() is None


def test_a_device_that_could_not_be_reached_stays_so() -> None:
    lost = login("nothing answers")
    told = script(lost)

    assert told.login() is lost
    assert told.login() is lost


def test_what_is_left_is_told_with_its_place() -> None:
    told = script(login(), call("get_facts"), login("nothing answers"), show("show clock"), login())
    told.take("get_facts", {})

    assert told.unused() == [
        "a login that failed: nothing answers",
        "call 2, send_command(command='show clock')",
    ]
