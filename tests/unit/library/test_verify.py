from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from neops.library.verify import Verify
from neops.testing import CaseResult, fb_test_case

RunBlock = Callable[..., CaseResult]

FACTS = {"get_facts": {"os_version": "17.9.4", "uptime": 120.0, "interface_list": ["Gi0/0"]}}
VERSION = {"show version": [{"version": "17.9.4", "hostname": "r1"}]}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"assertion": "os_version", "expected": "17.9.4"}, "os_version holds"),
        ({"assertion": "contains(interface_list, 'Gi0/0')"}, "contains(interface_list, 'Gi0/0') holds"),
        ({"assertion": "uptime > `60`"}, "uptime > `60` holds"),
        ({"assertion": "length(interface_list)", "expected": 1}, "length(interface_list) holds"),
        ({"assertion": "nowhere", "expected": None}, "nowhere holds"),
        ({"assertion": "`0`"}, "`0` holds"),
    ],
)
def test_what_is_as_expected_succeeds(params: dict[str, Any], message: str, run_block: RunBlock) -> None:
    result = run_block(Verify, params=params, replies=FACTS)

    assert (result.success, result.message) == (True, message)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"assertion": "os_version", "expected": "17.12"}, 'os_version: expected "17.12", found "17.9.4"'),
        (
            {"assertion": "uptime > `3600` && os_version == '17.9.4'"},
            "uptime > `3600` && os_version == '17.9.4': expected true, found uptime = 120.0, os_version = \"17.9.4\"",
        ),
        (
            {"assertion": "nowhere"},
            "nowhere: expected true, found null: there is no nowhere, there is fqdn, hostname, ",
        ),
        ({"assertion": "os_version > `17`"}, "os_version > `17` cannot be evaluated: '>' not supported between"),
        ({"assertion": "`1`", "expected": True}, "`1`: expected true, found 1"),
        ({"assertion": "length(os_version, `1`)"}, "length(os_version, `1`) cannot be evaluated"),
    ],
)
def test_what_is_not_is_a_failure_that_says_what_was_expected_and_found(
    params: dict[str, Any], message: str, run_block: RunBlock
) -> None:
    result = run_block(Verify, params=params, replies=FACTS)

    assert (result.success, result.error) == (False, None)
    assert str(result.message).startswith(message)


@fb_test_case(
    Verify, params={"command": "show version", "assertion": "[0].version", "expected": "17.9.4"}, replies=VERSION
)
def test_a_commands_output_can_be_asserted(result: CaseResult) -> None:
    assert (result.success, result.data) == (True, {"found": "17.9.4"})


@fb_test_case(Verify, params={"command": "show version", "assertion": "[0].version", "expected": "1"}, replies=VERSION)
def test_a_commands_output_can_be_wrong(result: CaseResult) -> None:
    assert (result.success, result.message) == (False, '[0].version: expected "1", found "17.9.4"')


@fb_test_case(Verify, params={"assertion": "a ["}, replies=FACTS)
def test_a_typing_error_in_the_assertion_is_found_before_any_login(result: CaseResult) -> None:
    assert result.error is not None
    assert result.error.type == "ParametersInvalid"
    assert "assertion: 'a [' is not JMESPath: Invalid jmespath expression: Incomplete" in result.error.message
    assert "\n" not in result.error.message
    assert result.calls == []


@fb_test_case(
    Verify,
    params={"command": "show version", "assertion": "@"},
    replies={"show version": "% Invalid input detected at '^' marker.\n"},
)
def test_a_rejected_command_is_an_error(result: CaseResult) -> None:
    assert result.error is not None
    assert result.error.type == "CommandRejected"
