import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neops.devices import CommandOutput, Parse, Ttp
from neops.devices.parsing import Answers, CommandSession
from neops.devices.parsing.outputs import read_output
from neops.entities import Device
from neops.errors import ParseFailed

INTERFACES = """
interface {{ interface }}
 description {{ description | ORPHRASE }}
"""
HEADED = """
<group name="ports*">
Port Name {{ _headers_ | ignore }}
{{ port }} {{ name | exclude("Name") }}
</group>
"""
CONFIG = "interface Gi0/1\n description to spine1\n!\ninterface Gi0/2\n!\n"


def read(output: str, parse: Parse, command: str = "show x", platform: str = "cisco_ios") -> tuple[Any, str | None]:
    return read_output(platform, CommandOutput(device="r1", command=command, output=output, elapsed_s=0.1), parse)


def test_a_ttp_template_of_the_callers_own_gives_the_results_of_its_groups() -> None:
    assert read(CONFIG, Ttp(INTERFACES)) == (
        [{"interface": "Gi0/1", "description": "to spine1"}, {"interface": "Gi0/2"}],
        "Ttp",
    )


def test_a_ttp_template_in_a_file_is_named_after_it(tmp_path: Path) -> None:
    file = tmp_path / "interfaces.ttp"
    file.write_text(INTERFACES)

    found, template = read(CONFIG, Ttp(file))

    assert (len(found), template) == (2, "interfaces.ttp")


def test_ttp_alone_takes_the_template_that_ttp_templates_has(answers: Callable[..., Answers]) -> None:
    output = answers("cisco_ios", "show ip arp").text("show ip arp")

    found, template = read(output, "ttp", "show ip arp")

    assert [one["ip"] for one in found] == ["192.0.2.1", "192.0.2.7", "192.0.2.9"]
    assert template == "cisco_ios_show_ip_arp.txt"


def test_a_command_of_which_ttp_templates_knows_nothing_says_how_to_give_a_template() -> None:
    with pytest.raises(ParseFailed, match=r"ttp-templates has no template for it on cisco_ios; give one: Ttp"):
        read("rabbit", "ttp", "show magic")


@pytest.mark.parametrize("command", ["../../../etc/passwd", "show /etc/passwd"])
def test_the_name_of_a_template_leads_to_no_other_file(command: str) -> None:
    with pytest.raises(ParseFailed, match="no template"):
        read("rabbit", "ttp", command)


@pytest.mark.parametrize("output", ["", "\n"])
def test_nothing_is_an_empty_result_of_ttp(output: str) -> None:
    assert read(output, Ttp(INTERFACES))[0] == []


def test_a_text_of_which_a_ttp_template_knows_no_line_is_not_empty_but_unparsed() -> None:
    with pytest.raises(ParseFailed, match="recognises no line of it"):
        read("lorem ipsum\n", Ttp(INTERFACES))


def test_a_broken_ttp_template_is_a_parse_failure_of_one_line() -> None:
    with pytest.raises(ParseFailed, match=r"r1: .*the TTP template failed: ") as failure:
        read(CONFIG, Ttp("<group name='a'\n{{ b }}"))

    assert len(str(failure.value).splitlines()) == 1


def test_a_function_reads_as_it_likes_and_is_named() -> None:
    def uptime(output: str) -> int:
        return int(output.split()[0])

    parsed, name = read("12 days", uptime)

    assert parsed == 12
    assert name is not None
    assert name.endswith("uptime")


def test_a_function_that_finds_an_empty_list_says_that_there_is_nothing() -> None:
    assert read("no routes", lambda output: [])[0] == []


def test_a_function_that_finds_none_does_not_match() -> None:
    with pytest.raises(ParseFailed, match="found nothing that it knows"):
        read("lorem ipsum", re.compile(r"Version (\S+)").search)


def test_a_function_that_raises_is_a_parse_failure() -> None:
    with pytest.raises(ParseFailed, match=r"r1: .*'show x'.*the parser raised ValueError: invalid literal"):
        read("lorem ipsum", int)


@pytest.mark.parametrize("parse", ["textfsm", "json", "ttp", Ttp(INTERFACES), int])
def test_what_could_not_be_parsed_is_kept(parse: Any) -> None:
    with pytest.raises(ParseFailed) as failure:
        read("lorem ipsum", parse, "show lldp neighbors")

    assert failure.value.output == "lorem ipsum"


class Scripted(CommandSession):
    """Says the same to everything."""

    def __init__(self, output: str) -> None:
        super().__init__(device=Device(id=1, hostname="r1"), platform="cisco_ios")
        self.output = output

    async def exchange(self, command: str) -> str:
        return self.output

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    def abort(self) -> None: ...
    async def alive(self) -> bool:
        return True


async def test_every_command_of_several_is_parsed_alike() -> None:
    first, second = await Scripted(CONFIG).send_commands(["show run", "show start"], parse=Ttp(INTERFACES))

    assert first.parsed == second.parsed
    assert (len(first.parsed), first.template) == (2, "Ttp")


async def test_large_output_is_parsed_off_the_loop_by_a_function_too() -> None:
    answer = await Scripted("x\n" * 100_000).send_command("show run", parse=str.splitlines)

    assert len(answer.parsed) == 100_000
