from collections.abc import Callable
from pathlib import Path

import pytest

from neops.devices.parsing import Answers, read_json, read_rows, template_for
from neops.errors import ParseFailed


def test_a_command_is_read_by_its_template_into_rows_with_lower_case_keys(answers: Callable[..., Answers]) -> None:
    [row] = answers("cisco_ios", "show version").rows("show version")

    assert row["version"] == "12.2(54)SG1"
    assert row["hardware"] == ["WS-C4948E"]


def test_an_abbreviated_command_has_the_same_template() -> None:
    assert template_for("cisco_ios", "sh ver") == template_for("cisco_ios", "show version")


def test_ios_xe_uses_the_templates_of_ios() -> None:
    assert template_for("cisco_xe", "show version") == "cisco_ios_show_version.textfsm"


def test_a_command_without_a_template_cannot_be_parsed() -> None:
    with pytest.raises(ParseFailed, match=r"r1: .*'show magic'.*no template for it on cisco_ios"):
        read_rows("r1", "cisco_ios", "show magic", "rabbit")


def test_a_line_that_the_template_calls_an_error_cannot_be_parsed() -> None:
    with pytest.raises(ParseFailed, match="does not match"):
        read_rows("r1", "cisco_ios", "show lldp neighbors", "lorem ipsum\n")


def test_a_text_of_which_a_lenient_template_knows_no_line_cannot_be_parsed() -> None:
    with pytest.raises(ParseFailed, match="recognises no line of it"):
        read_rows("r1", "cisco_ios", "show version", "lorem ipsum\n")


def test_a_known_text_without_records_is_an_empty_list() -> None:
    header = "Device ID           Local Intf     Hold-time  Capability      Port ID\n\nTotal entries displayed: 0\n"

    assert read_rows("r1", "cisco_ios", "show lldp neighbors", header) == []


def test_no_output_is_an_empty_list() -> None:
    assert read_rows("r1", "cisco_ios", "show ip interface brief", "\n") == []


def test_a_users_own_templates_are_used_where_ntc_templates_looks_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index").write_text("Template, Hostname, Platform, Command\nown.textfsm, .*, acme, show mo[[od]]\n")
    (tmp_path / "own.textfsm").write_text("Value MOOD (\\w+)\n\nStart\n  ^Mood: ${MOOD} -> Record\n  ^. -> Error\n")
    monkeypatch.setenv("NTC_TEMPLATES_DIR", str(tmp_path))

    assert read_rows("r1", "acme", "show mood", "Mood: sunny\n") == [{"mood": "sunny"}]


@pytest.mark.parametrize("text", ['{"a": [1]}', 'Mon Mar 20 17:31:48 EDT\n{\n  "a": [1]\n}\n\n{master:0}\n'])
def test_json_is_found_between_what_a_platform_prints_around_it(text: str) -> None:
    assert read_json("r1", "show | json", text) == {"a": [1]}


def test_text_is_not_json() -> None:
    with pytest.raises(ParseFailed, match="not JSON"):
        read_json("r1", "show | json", "hello {world}")
