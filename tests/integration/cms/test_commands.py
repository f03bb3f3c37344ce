"""`neops cms` as an operator calls it."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from neops.cli.cms_database import open_database
from neops.cli.main import app
from neops.cms import Author, apply_updates
from neops.entities import EntityPatch, EntityType
from neops.errors import UsageError

Command = Callable[..., Result]

NETWORK = """
groups:
  - {name: core, username: ops, facts: {tier: 1}}
devices:
  - {hostname: r1, ip: 192.0.2.1, platform: cisco_ios, password: hunter2, groups: [core], facts: {role: core}}
  - {hostname: sw1, ip: 192.0.2.3, platform: arista_eos, facts: {role: access}}
"""


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'data' / 'neops.db'}"


@pytest.fixture
def cms(database: str) -> Command:
    def call(*arguments: str, expected: int = 0) -> Result:
        result = CliRunner().invoke(app, ["cms", *arguments, "--database", database], env={"COLUMNS": "120"})
        assert result.exit_code == expected, result.output
        return result

    return call


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "network.yaml"
    path.write_text(NETWORK)
    return path


@pytest.fixture
def filled(cms: Command, network: Path) -> Command:
    cms("import", f"yaml:{network}")
    return cms


def test_an_import_counts_and_its_repetition_changes_nothing(cms: Command, network: Path) -> None:
    first, second = cms("import", f"yaml:{network}"), cms("import", f"yaml:{network}")

    assert first.stdout == "3 created, 0 changed, 0 unchanged\n"
    assert second.stdout == "0 created, 0 changed, 3 unchanged\n"


def test_a_dry_run_shows_what_would_change_and_changes_nothing(filled: Command, network: Path) -> None:
    network.write_text(NETWORK.replace("192.0.2.3", "192.0.2.33").replace("role: access", "role: edge"))

    shown = filled("import", f"yaml:{network}", "--dry-run").stdout

    assert shown.splitlines() == [
        "~ device sw1",
        "    ip: 192.0.2.3 → 192.0.2.33",
        "    facts.role: access → edge",
        "nothing was written: 0 created, 1 changed, 2 unchanged",
    ]
    assert json.loads(filled("list", "hostname:sw1", "--json").stdout)[0]["ip"] == "192.0.2.3"


def test_a_list_shows_what_a_query_finds(filled: Command) -> None:
    shown = filled("list", "groups.name:core AND facts.tier:1").stdout

    assert "r1" in shown
    assert "sw1" not in shown
    assert "core" in filled("list", "--kind", "group").stdout


def test_history_and_diff_tell_what_a_run_changed(filled: Command, database: str) -> None:
    patch = EntityPatch(entity=EntityType.DEVICE, id=1, path="software_release", value="17.3")
    with open_database(database) as opened:
        opened.write(lambda connection, now: apply_updates(connection, [patch], now, Author(name="alice", run="run-7")))

    history = filled("history", "device", "r1").stdout.splitlines()
    diff = filled("diff", "--run", "run-7").stdout.splitlines()

    assert history[0].endswith("alice  run run-7  changed")
    assert history[1] == "    software_release: nothing → 17.3"
    assert "import yaml:" in history[2]
    assert diff == ["~ device r1", "    software_release: nothing → 17.3"]


@pytest.mark.parametrize(("form", "target"), [("yaml", "out.yaml"), ("nornir", "out")])
def test_what_was_exported_can_be_imported_without_a_change(
    filled: Command, tmp_path: Path, form: str, target: str
) -> None:
    filled("export", form, str(tmp_path / target), "--credentials")

    assert filled("import", f"{form}:{tmp_path / target}").stdout == "0 created, 0 changed, 3 unchanged\n"


def test_an_export_leaves_credentials_out_and_says_so(filled: Command, tmp_path: Path) -> None:
    result = filled("export", "csv", str(tmp_path / "out.csv"))

    assert "hunter2" not in (tmp_path / "out.csv").read_text()
    assert "--credentials" in result.stderr


@pytest.mark.parametrize(("form", "files"), [("yaml", ["out"]), ("nornir", ["out/hosts.yaml", "out/defaults.yaml"])])
def test_files_with_credentials_are_readable_by_their_owner_only(
    filled: Command, tmp_path: Path, form: str, files: list[str]
) -> None:
    filled("export", form, str(tmp_path / "out"), "--credentials")

    assert {stat.S_IMODE((tmp_path / file).stat().st_mode) & 0o077 for file in files} == {0}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["import", "toaster:x"], "adapters installed: csv:…, netbox:…, nornir:…, yaml:…"),
        (["list", "hostnam:r1"], "did you mean 'hostname'"),
        (["history", "device", "r99"], "nothing is known about a device 'r99'"),
        (["export", "toaster", "x"], "write one of csv, nornir, yaml"),
    ],
)
def test_wrong_usage_is_one_sentence(filled: Command, arguments: list[str], problem: str) -> None:
    error = filled(*arguments, expected=1).exception

    assert isinstance(error, UsageError)
    assert problem in str(error)


def test_a_database_that_is_not_there_is_not_made_by_looking(cms: Command, tmp_path: Path) -> None:
    error = cms("list", expected=1).exception

    assert "neops cms import" in str(error)
    assert not (tmp_path / "data").exists()


def test_a_new_database_is_readable_by_its_owner_only(filled: Command, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "data" / "neops.db").stat().st_mode) & 0o077 == 0


def test_times_are_those_of_the_change(filled: Command) -> None:
    (created,) = json.loads(filled("history", "device", "r1", "--json").stdout)

    assert abs((datetime.fromisoformat(created["at"]) - datetime.now(UTC)).total_seconds()) < 60
