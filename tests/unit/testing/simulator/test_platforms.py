"""Every shipped platform: its outputs are in the format that its parsers expect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from ntc_templates.parse import parse_output

from neops.testing.simulator import Facts, PlatformInvalid, load_platform, shipped_platforms

if TYPE_CHECKING:
    from tests.unit.testing.simulator.conftest import MakeDevice, MakeShell

EXPECTED = yaml.safe_load(Path(__file__).with_name("parsed_outputs.yaml").read_text())


@pytest.mark.parametrize(("platform", "command"), [(name, command) for name in EXPECTED for command in EXPECTED[name]])
def test_ntc_templates_reads_the_output(platform: str, command: str, shell: MakeShell) -> None:
    expected = EXPECTED[platform][command]

    rows = parse_output(platform=platform, command=command, data=shell(platform).enter(command).text)

    assert len(rows) == expected["records"]
    assert expected["first"].items() <= rows[0].items()


def test_ntc_templates_reads_junos_interfaces_that_are_enabled(shell: MakeShell) -> None:
    # Its template does not know "Administratively down", so the disabled interface is enabled first.
    session = shell("juniper_junos")
    for line in ("configure", "delete interfaces ge-0/0/2 disable", "commit and-quit"):
        session.enter(line)

    rows = parse_output(platform="juniper_junos", command="show interfaces", data=session.enter("show interfaces").text)

    assert [row["interface"] for row in rows] == ["ge-0/0/0", "ge-0/0/0.0", "ge-0/0/1", "ge-0/0/2"]


@pytest.mark.parametrize("platform", shipped_platforms())
def test_every_command_that_only_prints_answers(platform: str, shell: MakeShell) -> None:
    session, data = shell(platform), load_platform(platform)
    for pattern, command in data.commands.items():
        if command.does or command.to or "<" in pattern:
            continue
        typed = " ".join(word.split("|")[0] or word for word in pattern.split())

        of_shell = data.shell_mode in command.modes
        reply = session.execute(typed) if of_shell else session.enter(typed)

        assert not reply.failed, typed
        assert "$" not in reply.text.replace("$9$", "").replace("$6$", "").replace("$5$", "").replace("$1a$", ""), typed
        if command.data is not None:
            json.loads(reply.text)


@pytest.mark.parametrize("platform", [name for name in shipped_platforms() if load_platform(name).configuration])
def test_a_running_configuration_can_be_started_from(platform: str, device: MakeDevice) -> None:
    router = device(platform)
    assert router.platform.dialect is not None
    text = router.platform.dialect.render(router.datastore.running)

    again = router.platform.dialect.parse(text)

    assert again == router.datastore.running


def test_sr_linux_prints_its_state_as_json(shell: MakeShell) -> None:
    session = shell("nokia_srl")

    interfaces = json.loads(session.enter("info from state interface * | as json").text)["interface"]
    lldp = json.loads(session.enter("info from state system lldp interface * neighbor * | as json").text)

    assert [(entry["name"], entry["oper-state"]) for entry in interfaces] == [
        ("ethernet-1/1", "up"),
        ("ethernet-1/2", "down"),
        ("ethernet-1/3", "down"),
    ]
    assert lldp["system"]["lldp"]["interface"][0]["neighbor"][0]["system-name"] == "leaf-1"


def test_lldpctl_prints_key_values_and_json(shell: MakeShell) -> None:
    session = shell("linux")

    assert "lldp.eth0.chassis.name=leaf-1" in session.enter("lldpctl -f keyvalue").text.splitlines()
    assert json.loads(session.enter("lldpctl -f json").text)["lldp"]["interface"][0]["eth0"]["chassis"]["leaf-1"]


def test_an_unknown_platform_names_the_known_ones() -> None:
    with pytest.raises(PlatformInvalid, match=r"'cisco_oops'.*cisco_ios"):
        load_platform("cisco_oops")


MINE = """
vendor: Acme
netmiko: generic
login: user
modes: {user: {prompt: "$hostname% "}}
errors: {unknown: "what?"}
defaults: {version: "1", model: toaster}
commands: {show version: "Acme $version on $model"}
"""


def test_a_platform_of_your_own_is_a_file(tmp_path: Path, shell: MakeShell) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(MINE)

    platform = load_platform(str(file))

    assert platform.name == "acme"
    assert shell(str(file), facts=Facts()).enter("show version").text == "Acme 1 on toaster"


def test_a_platform_can_extend_a_shipped_one(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("extends: cisco_ios\ncommands:\n  show vlan brief: VLAN Name\n  show inventory: null\n")

    mine = load_platform(str(file))

    assert mine.commands["show vlan brief"].say == "VLAN Name"
    assert "show inventory" not in mine.commands
    assert "show version" in mine.commands


def test_a_mistake_in_a_platform_file_names_file_and_entry(tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(MINE.replace("modes:", "mode:"))

    with pytest.raises(PlatformInvalid, match=r"acme\.yaml: modes: .*mode: "):
        load_platform(str(file))


def test_a_platform_file_cannot_name_modes_that_it_has_not(tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(MINE.replace("login: user", "login: admin"))

    with pytest.raises(PlatformInvalid, match="no such mode: admin"):
        load_platform(str(file))


def test_the_platform_in_the_documentation_works(tmp_path: Path, shell: MakeShell) -> None:
    page = Path(__file__).parents[4] / "docs" / "how-to" / "simulate-devices.md"
    file = tmp_path / "acme.yaml"
    file.write_text(page.read_text().partition("```yaml\n")[2].partition("```")[0])

    session = shell(str(file))

    assert session.enter("show ports port1").text == "port1      up\n           to core"
    assert json.loads(session.enter("show ports as json").text)[2] == {"name": "eth2", "mtu": 1500}
    assert session.enter("frobnicate").text == "what is frobnicate?"


@pytest.mark.parametrize(("platform", "lasting"), [("juniper_junos", True), ("cisco_xr", True), ("nokia_srl", False)])
def test_commits_are_saved_where_the_platform_saves_them(platform: str, lasting: bool) -> None:
    configuration = load_platform(platform).configuration

    assert configuration is not None
    assert configuration.lasting is lasting
