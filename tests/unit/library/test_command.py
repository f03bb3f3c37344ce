from __future__ import annotations

from collections.abc import Callable

import pytest

from neops.library.command import RunCommand
from neops.testing import Case, CaseResult, fb_test_case, run_case

RunBlock = Callable[..., CaseResult]

REJECTED = "          ^\n% Invalid input detected at '^' marker.\n"
BRIEF = """Interface   IP-Address   OK? Method Status   Protocol
Gi0/0       192.0.2.1    YES manual up       up
"""


@fb_test_case(RunCommand, params={"command": "show clock"}, replies={"show clock": "12:00"})
def test_one_command_gives_one_answer(result: CaseResult) -> None:
    assert (result.success, result.message) == (True, "1 answer")
    assert result.data["answers"] == [
        {"command": "show clock", "output": "12:00", "rejected": False, "parsed": None, "template": None}
    ]


@fb_test_case(
    RunCommand,
    params={"command": ["show clock", "show wrong"]},
    replies={"show clock": "12:00", "show wrong": REJECTED},
)
def test_a_rejected_command_is_a_failure_that_keeps_the_other_answers(result: CaseResult) -> None:
    assert (result.success, result.message, result.error) == (False, "rejected: show wrong", None)
    assert [answer["rejected"] for answer in result.data["answers"]] == [False, True]


@fb_test_case(
    RunCommand,
    params={"command": "show ip interface brief", "parse": "textfsm"},
    replies={"show ip interface brief": BRIEF},
)
def test_output_is_parsed_on_request(result: CaseResult) -> None:
    (answer,) = result.data["answers"]
    assert answer["parsed"] == [{"interface": "Gi0/0", "ip_address": "192.0.2.1", "status": "up", "proto": "up"}]


@fb_test_case(RunCommand, params={"command": "show clock", "parse": "json"}, replies={"show clock": "12:00"})
def test_output_that_does_not_parse_is_an_error_and_not_an_empty_answer(result: CaseResult) -> None:
    assert result.error is not None
    assert result.error.type == "ParseFailed"


@pytest.mark.parametrize(
    "command",
    [
        "conf t",
        "configure terminal",
        "reload",
        "RELOAD in 5",
        "clear bgp *",
        "wri mem",
        "show x\nreload",
        "",
        "rm -rf /x",
    ],
)
def test_a_command_that_may_change_the_device_is_refused_before_any_login(command: str, run_block: RunBlock) -> None:
    result = run_block(RunCommand, params={"command": command}, replies={"show clock": "12:00"})

    assert result.error is not None
    assert result.error.type == "ParametersInvalid"
    assert result.calls == []


@pytest.mark.parametrize(
    "command", ["show version", "sh ver", "display version", "info from state", "uname -a", "ping 192.0.2.1", "dir"]
)
def test_a_command_that_reads_is_sent(command: str, run_block: RunBlock) -> None:
    assert run_block(RunCommand, params={"command": command}, replies={command: "fine"}).success


def test_no_command_is_refused() -> None:
    assert run_case(RunCommand, Case(params={"command": []})).error is not None
