from collections.abc import Mapping
from typing import Protocol, cast

import pytest

from neops.devices import (
    ConnectionOptions,
    ReadsAddresses,
    ReadsArp,
    ReadsConfig,
    ReadsFacts,
    ReadsVlans,
    RunsCommands,
    capabilities_of,
)
from neops.devices.parsing import CommandSession, parsed_capabilities, platform_name, session_class
from neops.entities import Device, Platform
from neops.errors import CommandRejected, ParseFailed, SessionLost, UsageError

BRIEF = """Interface                  IP-Address      OK? Method Status                Protocol
Ethernet0/0                10.0.0.1        YES NVRAM  up                    up
"""


class Scripted(CommandSession):
    """Answers from a table; what is not in it is an invalid command."""

    def __init__(self, answers: Mapping[str, str], platform: str = "cisco_ios") -> None:
        ticks = iter(range(1000))
        device = Device(id=1, hostname="r1")
        super().__init__(device=device, platform=platform, clock=lambda: float(next(ticks)))
        self.answers = answers
        self.sent: list[str] = []

    async def exchange(self, command: str) -> str:
        self.sent.append(command)
        return self.answers.get(command, "% Invalid input detected at '^' marker.\n")

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    def abort(self) -> None: ...
    async def alive(self) -> bool:
        return True


async def test_a_command_comes_back_with_its_output_and_its_time() -> None:
    answer = await Scripted({"show clock": "\n12:00\n"}).send_command("show clock")

    assert (answer.device, answer.command, answer.output, answer.elapsed_s) == ("r1", "show clock", "12:00", 1.0)
    assert not answer.rejected


async def test_a_rejected_command_does_not_stop_the_next() -> None:
    bad, good = await Scripted({"show clock": "12:00\n"}).send_commands(["show bogus", "show clock"])

    assert bad.rejected
    assert good.output == "12:00"


async def test_a_rejected_command_is_given_back_unparsed() -> None:
    answer = await Scripted({}).send_command("show ip interface brief", parse="textfsm")

    assert answer.rejected
    assert answer.parsed is None


@pytest.mark.parametrize("command", ["show clock\nreload", "show clock\r", ["show clock"], None])
async def test_what_is_not_one_line_is_not_sent(command: str) -> None:
    session = Scripted({})

    with pytest.raises(UsageError, match="not one line of text"):
        await session.send_command(command)
    assert session.sent == []


async def test_a_text_in_place_of_a_list_is_not_sent_letter_by_letter() -> None:
    session = Scripted({})

    with pytest.raises(UsageError, match=r"write \['show clock'\]"):
        await session.send_commands("show clock")
    assert session.sent == []


async def test_a_parser_that_nobody_knows_is_refused_before_anything_is_sent() -> None:
    session = Scripted({})

    with pytest.raises(UsageError, match="'genie': there are 'textfsm', 'ttp', 'json'"):
        await session.send_command("show clock", parse="genie")  # type: ignore[arg-type]  # what is tested
    assert session.sent == []


async def test_parsed_output_names_its_template() -> None:
    answer = await Scripted({"show ip interface brief": BRIEF}).send_command("show ip interface brief", parse="textfsm")

    assert answer.parsed == [
        {"interface": "Ethernet0/0", "ip_address": "10.0.0.1", "status": "up", "proto": "up"},
    ]
    assert answer.template == "cisco_ios_show_ip_interface_brief.textfsm"


async def test_json_that_the_device_prints_is_parsed() -> None:
    answer = await Scripted({"show v | json": '{"version": "1"}'}).send_command("show v | json", parse="json")

    assert answer.parsed == {"version": "1"}


async def test_large_output_is_parsed_off_the_loop_with_the_same_result() -> None:
    large = BRIEF + "".join(f"Ethernet1/{n}  unassigned  YES NVRAM  up  up\n" for n in range(2000))

    answer = await Scripted({"show ip interface brief": large}).send_command("show ip interface brief", parse="textfsm")

    assert len(answer.parsed) == 2001


async def test_a_getter_says_which_command_was_rejected() -> None:
    session = session_class(Scripted, "cisco_ios")({"show version": "Cisco IOS Software, Version 15.2"})

    with pytest.raises(CommandRejected, match="r1: rejected 'show ip interface brief'"):
        await session.get_facts()  # type: ignore[attr-defined]  # the class is made for a platform named at run time


async def test_a_getter_reads_the_tables_that_its_arguments_name() -> None:
    table = "Protocol  Address  Age (min)  Hardware Addr  Type  Interface\n"
    row = "Internet  192.0.2.9  12  0200.5e10.0009  ARPA  GigabitEthernet1/0/1\n"
    session = session_class(Scripted, "cisco_ios")({"show ip arp vrf blue": table + row})

    [entry] = await session.get_arp_table(vrf="blue")  # type: ignore[attr-defined]  # as above

    assert (entry.ip, entry.age) == ("192.0.2.9", 720.0)


async def test_values_that_no_getter_expects_are_a_parse_failure() -> None:
    told = '[{"addr_info": [{"local": "192.0.2.1"}]}]'
    session = session_class(Scripted, "linux")({"ip -j address show": told}, "linux")

    with pytest.raises(ParseFailed, match=r"r1: .*'ip -j address show'.*unexpected output: KeyError"):
        await session.get_interfaces_ip()  # type: ignore[attr-defined]  # as above


async def test_only_the_configurations_asked_for_are_read() -> None:
    session = session_class(Scripted, "cisco_ios")({"show startup-config": "hostname r1\n"})

    configs = await session.get_config("startup")  # type: ignore[attr-defined]  # as above

    assert (configs.startup, session.sent) == ("hostname r1\n", ["show startup-config"])


async def test_all_configurations_are_those_that_the_platform_has() -> None:
    session = session_class(Scripted, "juniper_junos")({"show configuration": "version 18;"}, "juniper_junos")

    configs = await session.get_config("all")  # type: ignore[attr-defined]  # as above

    assert (configs.running, configs.startup) == ("version 18;\n", "")


async def test_a_session_that_a_command_left_elsewhere_is_given_up() -> None:
    session = Scripted({})
    session.settled_at("r1# ")
    session.now_at("r1#")
    await session.reset()

    session.now_at("r1(config)#")

    with pytest.raises(SessionLost, match=r"r1: .*r1\(config\)#"):
        await session.reset()


async def test_a_session_that_sees_no_prompts_is_kept() -> None:
    await Scripted({}).reset()


def test_the_class_of_a_platform_has_exactly_its_capabilities() -> None:
    assert capabilities_of(session_class(Scripted, "cisco_ios")) == parsed_capabilities("cisco_ios")
    assert {ReadsFacts, ReadsArp, ReadsVlans, ReadsConfig, RunsCommands} <= parsed_capabilities("cisco_ios")
    assert ReadsVlans not in parsed_capabilities("cisco_xr")


def test_a_platform_that_nobody_described_only_runs_commands() -> None:
    assert session_class(Scripted, "casa_cmts") is Scripted
    assert parsed_capabilities("casa_cmts") == {RunsCommands}


def test_a_session_satisfies_a_capability_that_an_author_composed() -> None:
    class Backup(ReadsConfig, RunsCommands, Protocol): ...

    assert capabilities_of(Backup) <= capabilities_of(session_class(Scripted, "nokia_srl"))


@pytest.mark.parametrize(
    ("own", "asked", "found"),
    [
        ("cisco_xe", "cisco_iosxe", "cisco_xe"),
        ("cisco_ios", "arista_eos", "arista_eos"),
        (None, "cisco_iosxe", "cisco_ios"),
        ("acme", "acme_os", "acme"),
        (None, "acme_os", "acme_os"),
    ],
)
def test_our_name_of_the_platform_is_found_again(own: str | None, asked: str, found: str) -> None:
    table = {"cisco_ios": "cisco_iosxe", "cisco_xe": "cisco_iosxe", "arista_eos": "arista_eos"}
    device = Device(id=1, platform=Platform(short_name=own) if own else None)

    assert platform_name(device, ConnectionOptions(host="192.0.2.1", platform=asked), table) == found


async def test_a_command_without_a_template_is_a_parse_failure() -> None:
    with pytest.raises(ParseFailed, match="no template"):
        await Scripted({"show magic": "rabbit"}).send_command("show magic", parse="textfsm")


async def test_a_getter_does_without_an_optional_command_and_not_without_the_others() -> None:
    table = "Ethernet0/0 is up, line protocol is up\n  Internet address is 192.0.2.1/24\n"
    switch = session_class(Scripted, "cisco_ios")({"show ip interface": table})

    addresses = await cast("ReadsAddresses", switch).get_interfaces_ip()

    assert list(addresses["Ethernet0/0"].ipv4) == ["192.0.2.1"]
    with pytest.raises(CommandRejected, match="show ip interface"):
        await cast("ReadsAddresses", session_class(Scripted, "cisco_ios")({})).get_interfaces_ip()
