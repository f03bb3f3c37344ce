from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from neops.errors import SettingsInvalid
from neops.settings import (
    PARTS,
    DeviceSettings,
    EngineSettings,
    Settings,
    WorkerSettings,
    read_env_file,
    read_environment,
    settings_table,
    without_userinfo,
)

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def test_the_published_names_and_defaults_of_a_worker_stay() -> None:
    settings = WorkerSettings.load(
        {"URL_BLACKBOARD": "http://engine:3030/w/", "DIR_FUNCTION_BLOCKS": os.pathsep.join(["a", "b"])}
    )

    assert settings.engine_url == "http://engine:3030/w"
    assert settings.blocks == (Path("a"), Path("b"))
    assert (settings.heartbeat_interval_s, settings.poll_interval_s, settings.shutdown_timeout_s) == (20, 10, 60)
    assert (settings.request_timeout_s, settings.push_timeout_s, settings.startup_timeout_s) == (30, 300, 120)
    assert (settings.blocking_threshold_s, settings.concurrency) == (0.5, 1)


def test_flags_win_over_variables_and_variables_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("NEOPS_PORT=1\nNEOPS_HOST=file\nNEOPS_LEASE=7\n")
    environment = read_environment({"NEOPS_PORT": "2", "NEOPS_HOST": "variable"}, file)

    settings = EngineSettings.load(environment, {"port": 3, "host": None})

    assert (settings.port, settings.host, settings.lease_s) == (3, "variable", 7)


def test_an_empty_variable_counts_as_not_set() -> None:
    assert WorkerSettings.load({"WORKER_CONCURRENCY": ""}).concurrency == 1


@pytest.mark.parametrize(
    ("part", "variable", "value", "line"),
    [
        (WorkerSettings, "WORKER_CONCURRENCY", "many", "WORKER_CONCURRENCY=many: expected a valid integer"),
        (WorkerSettings, "HEARTBEAT_INTERVAL", "0", "HEARTBEAT_INTERVAL=0: expected greater than 0"),
        (
            WorkerSettings,
            "URL_BLACKBOARD",
            "ftp://ops:hunter22@engine",
            "URL_BLACKBOARD=ftp://engine: expected an http:// or https:// URL",
        ),
        (DeviceSettings, "NEOPS_HOST_KEYS", "no", "NEOPS_HOST_KEYS=no: expected 'strict', 'accept-new' or 'off'"),
        (EngineSettings, "NEOPS_PORT", "70000", "NEOPS_PORT=70000: expected less than or equal to 65535"),
        (
            DeviceSettings,
            "NEOPS_JUMP_HOSTS",
            "ops@a,b c",
            "NEOPS_JUMP_HOSTS=b c: expected [user@]host[:port] of each jump host, separated by commas",
        ),
        (EngineSettings, "NEOPS_AUTH", "maybe", "NEOPS_AUTH=maybe: expected a valid boolean"),
    ],
)
def test_a_bad_value_is_one_line_that_says_what_was_expected(
    part: type[Settings], variable: str, value: str, line: str
) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        part.load({variable: value})

    assert str(refused.value) == line


def test_all_bad_values_are_named_at_once() -> None:
    with pytest.raises(SettingsInvalid) as refused:
        WorkerSettings.load({"WORKER_CONCURRENCY": "0", "POLL_INTERVAL": "-1"})

    assert [line.split("=")[0] for line in str(refused.value).splitlines()] == ["POLL_INTERVAL", "WORKER_CONCURRENCY"]


def test_settings_cannot_change_after_they_were_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        WorkerSettings().concurrency = 2  # type: ignore[misc]  # what the test is about


def test_no_two_settings_read_the_same_variable() -> None:
    variables = [variable for part in PARTS for variable in part.variables().values()]

    assert len(variables) == len(set(variables))
    assert all(variables)


def test_an_env_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# lab\n\nexport WORKER_NAME = 'edge 1' # here\nURL_BLACKBOARD=http://e:3030/#x # main\n"
        'A="quoted # not a comment"\nB=\nC=a=b\nD=$HOME\n'
    )

    assert read_env_file(file) == {
        "WORKER_NAME": "edge 1",
        "URL_BLACKBOARD": "http://e:3030/#x",
        "A": "quoted # not a comment",
        "B": "",
        "C": "a=b",
        "D": "$HOME",
    }
    assert read_env_file(tmp_path / "missing") == {}


def test_a_bad_line_of_an_env_file_is_named_by_its_number(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nexport\n")

    with pytest.raises(SettingsInvalid, match=r"\.env:2: expected NAME=value"):
        read_env_file(file)


def test_a_url_is_shown_without_its_password() -> None:
    assert without_userinfo("http://ops:hunter22@engine:3030/w") == "http://engine:3030/w"
    assert without_userinfo("http://ops:hunt@er22@engine:3030/w") == "http://engine:3030/w"
    assert without_userinfo("http://engine:3030/a@b") == "http://engine:3030/a@b"
    assert without_userinfo("postgresql://ops:hunt/er22@db/neops") == "postgresql://db/neops"
    assert without_userinfo("sqlite//ops:hunter22@x") == "sqlite//x"


def test_a_jump_host_takes_no_password_here_and_shows_none() -> None:
    with pytest.raises(SettingsInvalid) as caught:
        DeviceSettings.load({"NEOPS_JUMP_HOSTS": "hop,ops:hunter22@bastion"})

    assert str(caught.value) == "NEOPS_JUMP_HOSTS=bastion: a password does not belong here, NEOPS_JUMP_PASSWORD has it"


def test_the_reference_page_shows_the_settings_as_they_are() -> None:
    assert settings_table() in PAGE.read_text("utf-8")
