"""`neops plugins matrix`: as a table, as a list where it is narrow, as JSON, with filters."""

from __future__ import annotations

import json
from itertools import takewhile

import pytest
from typer.testing import CliRunner, Result

from neops.cli.main import app
from neops.errors import UsageError


def shown(*arguments: str, columns: int = 240, **environment: str) -> Result:
    return CliRunner().invoke(
        app, ["plugins", "matrix", *arguments], env={"COLUMNS": str(columns), "NO_COLOR": "1", **environment}
    )


def test_the_table_names_the_plugin_that_answers_and_explains_itself() -> None:
    output = shown().output

    heading = next(line.split() for line in output.splitlines() if line.startswith("platform "))
    assert heading[:3] == ["platform", "Commands", "Interacts"]
    row = next(line.split() for line in output.splitlines() if line.startswith("frr "))
    assert row[:2] == ["frr", "frr"]
    assert "A cell names the plugin that answers" in output
    assert "more platforms can be sent commands, no more" in output
    assert "Why nobody answers:" in output
    assert "\x1b" not in output


def test_a_narrow_terminal_gets_a_list_in_which_nothing_is_cut_off() -> None:
    lines = shown("--platform", "cisco_ios", columns=60).output.splitlines()

    assert lines[0].split() == ["platform", "answered", "by", "capabilities"]
    assert all(len(line) <= 60 for line in takewhile(lambda line: not line.startswith("Why"), lines))


def test_platforms_and_capabilities_can_be_chosen() -> None:
    output = shown("--platform", "cisco_wlc", "--capability", "WritesConfig").output

    assert output.splitlines()[1].split() == ["platform", "Config"]
    assert "cisco_wlc: WritesConfig: not among what nornir can do there" in output
    assert "more platforms" not in output


def test_a_plugin_that_serves_on_request_stands_in_parentheses_until_it_is_preferred() -> None:
    asked = ("--platform", "nokia_srl", "--capability", "SpeaksNetconf")

    assert shown(*asked).output.splitlines()[2].split() == ["nokia_srl", "(netconf)"]
    assert shown(*asked, NEOPS_PLUGINS="netconf").output.splitlines()[2].split() == ["nokia_srl", "netconf"]


def test_all_shows_every_platform() -> None:
    assert "\nzte_zxros " in shown("--all").output
    assert "\nzte_zxros " not in shown().output


def test_json_says_for_each_cell_who_answers_or_why_nobody_does() -> None:
    rows = json.loads(shown("--json", "--platform", "linux", "--platform", "cisco_wlc", NEOPS_PLUGINS="nornir").output)

    served, empty = rows["linux"]["RunsCommands"], rows["cisco_wlc"]["WritesConfig"]
    assert served == {"plugin": "nornir", "plugins": ["nornir", "scrapli"], "on_request": [], "why": "", "install": []}
    assert empty["why"].startswith("not among what nornir can do there")
    assert (empty["plugin"], empty["plugins"], empty["install"]) == (None, [], [])


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [(("--platform", "cisco_isos"), "cisco_ios"), (("--capability", "ReadsFact"), "ReadsFacts")],
)
def test_what_does_not_exist_is_wrong_usage_with_a_suggestion(arguments: tuple[str, ...], hint: str) -> None:
    result = shown(*arguments)

    assert isinstance(result.exception, UsageError)
    assert hint in str(result.exception)
