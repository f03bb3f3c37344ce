"""`neops plugins list`: who reaches devices and who knows credentials, and what is wrong with those that cannot."""

from __future__ import annotations

import json
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from typer.testing import CliRunner

from neops.cli import plugins
from neops.cli.main import app
from neops.devices.credentials.catalogue import ProviderCatalogue

ENVIRONMENT = {"TERMINAL_WIDTH": "200", "COLUMNS": "200", "NEOPS_CREDENTIALS": "file,inventory"}


@pytest.fixture(autouse=True)
def a_broken_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [EntryPoint("vault", "no_such_module:Vault", "neops.credentials")]
    monkeypatch.setattr(plugins, "ProviderCatalogue", lambda: ProviderCatalogue(find=lambda: points))


def listed(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["plugins", "list", *arguments], env=ENVIRONMENT)


def test_credential_providers_are_listed_with_their_turn_and_their_problem() -> None:
    output = listed().output

    rows = {row[0]: row for line in output.splitlines() if len(row := line.split()) > 2}
    assert rows["file"][3:] == ["1", "yes"]
    assert rows["inventory"][3:] == ["2", "yes"]
    assert "vault: failed to load: ModuleNotFoundError: No module named 'no_such_module'" in output


def test_as_json_both_kinds_have_the_same_keys_for_the_same_things() -> None:
    found = {(one["kind"], one["plugin"]): one for one in json.loads(listed("--json").output)}

    assert found["connection", "scrapli"]["usable"] is True
    assert (found["credentials", "file"]["asked"], found["credentials", "environment"]["asked"]) == (1, None)
    assert found["credentials", "vault"]["usable"] is False
    assert "no_such_module" in found["credentials", "vault"]["obstacle"]


def test_no_name_is_broken_in_eighty_columns() -> None:
    words = CliRunner().invoke(app, ["plugins", "list"], env={**ENVIRONMENT, "COLUMNS": "80"}).output.split()

    assert {"SchedulesReboots,", "TransfersFiles,", "huawei_vrp,", "(juniper_junos)"} <= set(words)


def test_plugins_are_listed_best_first_and_what_they_serve_on_request_is_told_apart() -> None:
    output = listed("--verbose").output

    first_words = [line.split()[0] for line in output.splitlines() if line.strip()]
    assert [name for name in first_words if name in ("frr", "scrapli", "netconf")] == ["frr", "scrapli", "netconf"]
    assert "(juniper_junos)" in output
    assert "In parentheses: platforms served only where the plugin is preferred." in output
