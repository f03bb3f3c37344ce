from __future__ import annotations

from typing import Any

import pytest

from neops.devices import ConfirmStrength
from neops.errors import Unreachable
from neops.library.configure import Configure
from neops.testing import Case, CaseResult, FakeConfig, FakePlugin, fb_test_case, run_case

OLD = "hostname r1\n"
NEW = {"config": "ntp server 192.0.2.7"}


def methods(result: CaseResult) -> list[str]:
    return [call.method for call in result.calls if call.method not in ("open", "get_config")]


@fb_test_case(Configure, params=NEW, replies={"change": OLD})
def test_a_change_is_confirmed_over_a_new_login(result: CaseResult) -> None:
    assert (result.success, result.message) == (True, "changed: +1 -0")
    assert result.data["changed"] is True
    assert (result.data["outcome"], result.data["strength"]) == ("changed", "native")
    assert "+ntp server 192.0.2.7" in result.data["diff"]
    assert [call.method for call in result.calls] == [
        *("open", "change", "commit", "get_config"),
        *("open", "confirm", "get_config"),
    ]


@fb_test_case(Configure, params={**NEW, "dry_run": True}, replies={"change": OLD})
def test_a_dry_run_shows_the_difference_and_commits_nothing(result: CaseResult) -> None:
    assert (result.message, result.data["changed"]) == ("would change: +1 -0", False)
    assert methods(result) == ["change", "discard"]


@fb_test_case(Configure, params={"config": "hostname r1"}, replies={"change": OLD})
def test_what_is_configured_already_is_unchanged(result: CaseResult) -> None:
    assert (result.message, result.data["changed"], result.data["diff"]) == ("unchanged", False, "")
    assert methods(result) == ["change", "discard"]


@fb_test_case(Configure, params={"config": "hostname r2", "mode": "replace"}, replies={"change": OLD})
def test_a_replacement_leaves_nothing_of_the_old(result: CaseResult) -> None:
    assert result.message == "changed: +1 -1"


@fb_test_case(Configure, params={**NEW, "confirm_within": None}, replies={"change": OLD})
def test_without_a_time_to_confirm_the_commit_is_final(result: CaseResult) -> None:
    assert result.data["strength"] == "none"
    assert methods(result) == ["change", "commit"]


@fb_test_case(Configure, params={"config": "good\nfrobnicate"}, replies={"change": FakeConfig(refuses="frob")})
def test_a_refused_line_is_an_error_that_quotes_it(result: CaseResult) -> None:
    assert result.error is not None
    assert (result.error.type, "'frobnicate'" in result.error.message) == ("ConfigRejected", True)


@pytest.mark.parametrize("strength", list(ConfirmStrength))
def test_a_device_that_does_not_confirm_has_its_old_configuration_back(strength: ConfirmStrength) -> None:
    plugin = FakePlugin({"change": FakeConfig(running=OLD, strength=strength, on_confirm=Unreachable("r1", "away"))})

    result = run_case(Configure, Case(params=NEW, device={"hostname": "r1"}, plugin=plugin))

    assert result.error is not None
    assert result.error.type == "Unreachable"
    assert plugin.config("r1") == OLD


@pytest.mark.parametrize("params", [{}, {"config": ""}, {**NEW, "confirm_within": 0}, {**NEW, "mode": "overwrite"}])
def test_parameters_that_make_no_change_are_refused(params: dict[str, Any]) -> None:
    result = run_case(Configure, Case(params=params, replies={"change": OLD}))

    assert result.error is not None
    assert result.calls == []
