from __future__ import annotations

import pytest

from neops.devices import Configs
from neops.devices.changes.computing import config_lines, merged, replaced
from neops.devices.changes.loading import flat, load_statements
from neops.devices.changes.platforms import ARISTA_EOS, CISCO_IOS, JUNIPER_JUNOS, NOKIA_SRL
from neops.devices.changes.shell import ConfigShell, durations
from neops.devices.changes.staging import ChangePlan
from neops.entities import Device
from neops.errors import ConfigRejected

WORDINGS = {
    "arista_eos": ARISTA_EOS.wording,
    "cisco_ios": CISCO_IOS.wording,
    "juniper_junos": JUNIPER_JUNOS.wording,
    "nokia_srl": NOKIA_SRL.wording,
}
RUNNING = (
    "hostname r1\ninterface Loopback0\n description a\n ip address 192.0.2.1 255.255.255.255\nntp server 192.0.2.9\n"
)
LOOPBACK_0, LOOPBACK_1 = "interface Loopback0\n description b\n", "interface Loopback1\n description c\n"


def test_what_is_in_braces_becomes_one_statement_for_each_leaf() -> None:
    braces = (
        'interface ethernet-1/1 {\n    description "a b"\n    subinterface 0 {\n    }\n}\nsystem {\n    mtu 9000\n}\n'
    )

    assert list(flat(braces)) == [
        'set / interface ethernet-1/1 description "a b"',
        "set / interface ethernet-1/1 subinterface 0",
        "set / system mtu 9000",
    ]


def test_statements_stay_as_they_are() -> None:
    lines = ["set / system mtu 9000", "delete / system banner", "/ interface lo0"]

    assert list(flat("# remark\n" + "\n\n".join(lines))) == lines


def test_a_list_in_brackets_is_one_statement_and_a_text_of_several_lines_too() -> None:
    braces = (
        "system {\n    dns {\n        server-list [\n            192.0.2.53\n            192.0.2.54\n        ]\n    }\n"
        '    banner {\n        login-banner "a [b\n# {\n\n: c"\n    }\n    mtu 9000\n}\n'
    )

    assert list(flat(braces)) == [
        "set / system dns server-list [ 192.0.2.53 192.0.2.54 ]",
        'set / system banner login-banner "a [b\n# {\n\n: c"',
        "set / system mtu 9000",
    ]


class Srl(ConfigShell):
    """Takes what is typed; a leaf it deletes by its name alone."""

    def __init__(self) -> None:
        super().__init__(device=Device(id=1, hostname="r1", ip="192.0.2.1"), platform="nokia_srl")
        self.typed: list[str] = []

    async def exchange(self, command: str) -> str:
        self.typed.append(command)
        return "Parsing error: Unknown token" if command.endswith("]") else ""

    async def feed(self, command: str, ready: str, text: str) -> str:
        raise NotImplementedError

    async def get_config(self, retrieve: str = "running") -> Configs:
        raise NotImplementedError

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    def abort(self) -> None: ...
    async def alive(self) -> bool:
        return True


BANNER = 'banner {\n    login-banner "one\ntwo"\n}\n'


async def replaced_on_srl(running: str, config: str) -> list[str]:
    shell, plan = Srl(), ChangePlan(name="neops-1", config=config, mode="replace")
    await load_statements(shell, NOKIA_SRL.wording, plan, running)
    return shell.typed


async def test_a_replacement_types_only_what_differs() -> None:
    running = f"{BANNER}dns {{\n    server-list [\n        192.0.2.53\n    ]\n}}\nmtu 1500\n"

    assert await replaced_on_srl(running, f"{BANNER}mtu 9000\n") == [
        *("delete / dns server-list [ 192.0.2.53 ]", "delete / dns server-list", "delete / mtu 1500"),
        "set / mtu 9000",
    ]
    assert await replaced_on_srl(BANNER, "") == ["delete / banner login-banner"]


async def test_a_text_of_several_lines_that_is_not_there_is_refused_before_anything_is_typed() -> None:
    with pytest.raises(ConfigRejected, match="several lines cannot be typed"):
        await replaced_on_srl("mtu 1500\n", BANNER)


@pytest.mark.parametrize(
    ("seconds", "minutes", "timer"),
    [(1, "1", "00:00:01"), (60, "1", "00:01:00"), (60.5, "2", "00:01:01"), (3723, "63", "01:02:03")],
)
def test_times_are_rounded_up_to_what_the_platform_counts_in(seconds: float, minutes: str, timer: str) -> None:
    assert (durations(seconds)["minutes"], durations(seconds)["timer"]) == (minutes, timer)


def test_remarks_and_the_end_are_not_sent() -> None:
    assert config_lines("! head\nhostname r1\n!\ninterface Lo0\n shutdown\n!\nend\n") == (
        "hostname r1",
        "interface Lo0",
        " shutdown",
    )


def test_a_merge_shows_what_it_adds_and_replaces_and_sends_what_was_written() -> None:
    result = merged(RUNNING, "interface Loopback0\n description b\n", dialect="CISCO_IOS")

    assert result.diff == "interface Loopback0\n  - description a\n  + description b"
    assert result.lines == ("interface Loopback0", " description b")
    assert result.reached(RUNNING.replace("description a", "description b"))
    assert not result.reached(RUNNING)


def test_a_replacement_removes_what_is_not_wanted() -> None:
    result = replaced(RUNNING, "hostname r1\ninterface Loopback0\n description a\n", dialect="CISCO_IOS")

    assert "no ntp server 192.0.2.9" in result.lines
    assert [line.strip() for line in result.lines if "ip address" in line] == [
        "no ip address 192.0.2.1 255.255.255.255"
    ]


def test_what_is_there_already_makes_no_difference() -> None:
    assert merged(RUNNING, "ntp server 192.0.2.9\n", dialect="CISCO_IOS").diff == ""


@pytest.mark.parametrize(
    ("answer", "cleaned"),
    [
        ("\n[edit]", ""),
        (
            "[edit system]\n-  host-name r1;\n+  host-name r2;\n\n[edit]",
            "[edit system]\n-  host-name r1;\n+  host-name r2;",
        ),
        ("commit complete\n\n{master:0}[edit interfaces]", "commit complete"),
    ],
)
def test_the_first_line_of_a_junos_prompt_is_no_answer(answer: str, cleaned: str) -> None:
    assert JUNIPER_JUNOS.wording.cleaned(answer).strip() == cleaned


@pytest.mark.parametrize(
    ("platform", "answer", "refused"),
    [
        ("cisco_ios", "% 192.0.2.1 overlaps with GigabitEthernet0/1", True),
        ("cisco_ios", "% VRF red not configured", True),
        ("cisco_ios", "Command rejected: Gi0/1 not a switching port.", True),
        ("cisco_ios", "% Specify remote-as or peer-group commands first", True),
        ("cisco_ios", "Bad mask /24 for address 192.0.2.0", True),
        ("cisco_ios", "% Unable to add the group", True),
        ("cisco_ios", "% OSPF: Reference bandwidth is changed.", False),
        ("cisco_ios", "% Interface Gi0/1 IPv4 disabled and address(es) removed due to enabling VRF blue", False),
        ("cisco_ios", "%Default route without gateway may impact performance", False),
        ("cisco_ios", "%Warning: portfast should only be enabled on ports connected to a single host.", False),
        ("cisco_ios", "% Warning: use /31 mask on non point-to-point interface cautiously", False),
        ("cisco_ios", "Nov 21 12:00:00.000: %LINK-3-UPDOWN: Interface Loopback9, changed state to up", False),
        ("arista_eos", "% Invalid input", True),
        ("arista_eos", "% Warning: this may take long", False),
        ("juniper_junos", "[edit interfaces]\n  'ge-0/0/0'\nerror: configuration check-out failed", True),
        ("juniper_junos", "commit complete", False),
        ("juniper_junos", "warning: uncommitted changes will be discarded on exit\nEntering configuration mode", False),
        ("nokia_srl", "Error: Path '.interface{.name==\"x\"}' is invalid", True),
        ("nokia_srl", "All changes have been committed. Leaving candidate mode.", False),
    ],
)  # fmt: skip
def test_what_a_platform_refuses_is_told_from_what_it_only_remarks(platform: str, answer: str, refused: bool) -> None:
    assert WORDINGS[platform].refuses(platform, answer) is refused


@pytest.mark.parametrize(
    "config",
    [
        f"{LOOPBACK_0}exit\n{LOOPBACK_1}exit\n",
        f"{LOOPBACK_0}{LOOPBACK_1}{LOOPBACK_0}",
        f"ntp server 192.0.2.9\nntp server 192.0.2.9\n{LOOPBACK_0}{LOOPBACK_1}",
    ],
)
def test_an_author_may_leave_sections_come_back_to_them_and_say_a_line_twice(config: str) -> None:
    result = merged(RUNNING, config, dialect="CISCO_IOS")

    assert result.diff.splitlines() == [
        "interface Loopback0",
        "  - description a",
        "  + description b",
        "+ interface Loopback1",
        "  + description c",
    ]
    assert result.lines == config_lines(config)


def test_a_banner_is_taken_away_without_its_text() -> None:
    banner = "banner motd ^C\nreload in 5\n^C\n"

    assert replaced(RUNNING + banner, RUNNING, dialect="CISCO_IOS").lines == ("no banner motd",)


@pytest.mark.parametrize(
    ("platform", "config"),
    [
        ("cisco_ios", "banner motd ^C\nhello\n"),
        ("cisco_ios", "banner login #hello\nworld\n"),
        ("cisco_ios", "banner login #\n"),
        ("arista_eos", "banner motd\nhello\n"),
    ],
)
def test_a_text_that_never_ends_is_refused_before_any_is_typed(platform: str, config: str) -> None:
    with pytest.raises(ConfigRejected, match="has no end"):
        WORDINGS[platform].check("r1", config_lines(config))


@pytest.mark.parametrize("line", [" description what?", "banner motd #what?\nhello#", "banner motd #what?#"])
def test_what_would_ask_for_help_is_refused_before_any_is_typed(line: str) -> None:
    with pytest.raises(ConfigRejected, match=r"what\?.*help"):
        WORDINGS["cisco_ios"].check("r1", config_lines(line))

    WORDINGS["cisco_ios"].check("r1", config_lines("banner motd #\nwhat?\n#"))  # a text is read as it is


@pytest.mark.parametrize(
    "banner",
    ["banner motd #hello#", "banner login ^Chello^C", "banner motd line Hello all", "banner motd file /etc/motd"],
)
def test_a_banner_of_one_line_ends_there(banner: str) -> None:
    added = merged(RUNNING, f"{banner}\nntp server 192.0.2.7\n", dialect="CISCO_IOS")
    beside = merged(f"{banner}\n{RUNNING}", "ntp server 192.0.2.7\n", dialect="CISCO_IOS")
    removed = replaced(f"{banner}\n{RUNNING}", RUNNING, dialect="CISCO_IOS")

    assert added.diff.splitlines() == [f"+ {banner.replace('#', '^C')}", "+ ntp server 192.0.2.7"]
    assert beside.diff == "+ ntp server 192.0.2.7"
    assert removed.lines == (" ".join(("no", *banner.split()[:2])),)


def test_a_banner_comes_in_place_of_the_one_that_is_there() -> None:
    running, added = f"{RUNNING}banner motd ^C\nold\n^C\n", "banner motd #\nnew\n\n! end\n#\n"

    merge = merged(running, added, dialect="CISCO_IOS")
    replacement = replaced(running, RUNNING + added, dialect="CISCO_IOS")

    shown = ["- banner motd ^C", "- old", "- ^C", "+ banner motd ^C", "+ new", "+ ", "+ ! end", "+ ^C"]
    assert merge.diff.splitlines() == replacement.diff.splitlines() == shown
    assert merge.lines == config_lines(added)
    assert replacement.lines == ("no banner motd", *config_lines(added))
    assert merge.reached(f"{RUNNING}banner motd ^C\nnew\n\n! end\n^C\n")
    assert not merge.reached(f"{RUNNING}banner motd ^C\nnew\n\n! and\n^C\n")


def test_a_banner_that_is_taken_away_is_in_the_difference() -> None:
    merge = merged(f"{RUNNING}banner motd ^C\nold\n^C\n", "no banner motd\n", dialect="CISCO_IOS")

    assert (merge.diff.splitlines(), merge.lines) == (["- banner motd ^C", "- old", "- ^C"], ("no banner motd",))
    assert merge.reached(RUNNING)


def test_a_password_is_changed_without_taking_the_user_away() -> None:
    users = "username a privilege 15 secret 9 old\nusername b secret 5 old\nenable secret 9 old\n"

    changed = replaced(RUNNING + users, RUNNING + users.replace("old", "new"), dialect="CISCO_IOS")
    other_kind = replaced(RUNNING + users, RUNNING + users.replace("privilege 15 ", ""), dialect="CISCO_IOS")
    added = merged(RUNNING + users, "username a privilege 15 secret 9 new\n", dialect="CISCO_IOS")

    assert changed.lines == config_lines(users.replace("old", "new"))
    assert other_kind.lines == ("no username a", "username a secret 9 old")
    assert added.reached(RUNNING + users.replace("15 secret 9 old", "15 secret 9 new"))


def test_the_end_of_a_section_is_no_difference() -> None:
    assert merged(RUNNING, "interface Loopback0\n description a\nexit\n", dialect="CISCO_IOS").diff == ""


def test_a_running_configuration_that_has_a_line_twice_can_be_changed() -> None:
    certificate = "crypto pki certificate chain X\n certificate 01\n  3082 0330\n  3082 0330\n"

    result = replaced(RUNNING + certificate, RUNNING + "ntp server 192.0.2.7\n" + certificate, dialect="CISCO_IOS")

    assert result.lines == ("ntp server 192.0.2.7",)


@pytest.mark.parametrize(
    ("platform", "line"),
    [
        *(("cisco_ios", line) for line in ("do reload", " do write erase", "configure replace flash:x force")),
        *(("arista_eos", line) for line in ("commit", "   abort", "configure session other", "commit timer 00:01:00")),
    ],
)
def test_a_command_among_lines_of_configuration_is_refused_before_any_is_typed(platform: str, line: str) -> None:
    with pytest.raises(ConfigRejected, match="it is a command"):
        WORDINGS[platform].check("r1", ["ntp server 192.0.2.7", line])


@pytest.mark.parametrize(
    "line", ["domain lookup", "description do not touch", "committed", "no commit", "configuration mode"]
)
def test_lines_that_only_look_like_commands_are_configuration(line: str) -> None:
    for wording in WORDINGS.values():
        wording.check("r1", [line])
