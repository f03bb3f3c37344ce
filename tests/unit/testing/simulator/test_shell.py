"""Dialogues with every platform: what is typed, what is answered, what the prompt is afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from neops.testing.simulator.shell import Shell
from neops.testing.simulator.terminal import CTRL_C, CTRL_D, CTRL_Z

if TYPE_CHECKING:
    from tests.unit.testing.simulator.conftest import Clock, MakeDevice, MakeShell

Dialogue = tuple[tuple[str, str, str], ...]
"""Each line typed, a part of its answer, the end of the prompt afterwards."""

DIALOGUES: dict[str, tuple[str, Dialogue]] = {
    "cisco_ios configures at once": (
        "cisco_ios",
        (
            ("conf t", "one per line", "r1(config)#"),
            ("interface Lo7", "", "r1(config-if)#"),
            ("description x", "", "r1(config-if)#"),
            ("do show run int lo7", "interface Loopback7\n description x", "r1(config-if)#"),
            ("router bgp 65000", "", "r1(config-router)#"),
            ("address-family ipv4", "", "r1(config-router-af)#"),
            ("exit", "", "r1(config-router)#"),
            ("frobnicate", "% Invalid input detected", "r1(config-router)#"),
            (CTRL_Z, "", "r1#"),
            ("show run | include router", "router bgp 65000", "r1#"),
            ("show run | section Loopback7", "interface Loopback7\n description x", "r1#"),
            ("show start | include router", "", "r1#"),
            ("wr", "[OK]", "r1#"),
            ("show start | include router", "router bgp 65000", "r1#"),
            ("conf t", "", "r1(config)#"),
            ("hostname r2", "", "r2(config)#"),
            ("end", "", "r2#"),
        ),
    ),
    "cisco_ios shows what is configured": (
        "cisco_ios",
        (
            ("show interfaces gi1/0/3", "GigabitEthernet1/0/3 is administratively down", "r1#"),
            ("conf t", "", ")#"),
            ("int Gi1/0/3", "", ")#"),
            ("no shutdown", "", ")#"),
            ("ip address 198.51.100.1 255.255.255.0", "", ")#"),
            ("end", "", "r1#"),
            ("show interfaces gi1/0/3", "GigabitEthernet1/0/3 is up", "r1#"),
            ("show ip interface brief", "198.51.100.1", "r1#"),
        ),
    ),
    "cisco_ios asks where to copy": (
        "cisco_ios",
        (
            ("copy running-config startup-config", "", "Destination filename [startup-config]? "),
            ("", "[OK]", "r1#"),
        ),
    ),
    "cisco_nxos shows in configuration mode": (
        "cisco_nxos",
        (
            ("conf t", "", "r1(config)# "),
            ("interface ethernet 1/2", "", "r1(config-if)# "),
            ("no switchport", "", "r1(config-if)# "),
            ("show running-config interface Eth1/2", "  no switchport", "r1(config-if)# "),
            ("router bgp 65000", "", "r1(config-router)# "),
            ("neighbor 192.0.2.9", "", "r1(config-router-neighbor)# "),
            ("remote-as 65001", "", "r1(config-router-neighbor)# "),
            ("end", "", "r1# "),
        ),
    ),
    "cisco_xr keeps a candidate": (
        "cisco_xr",
        (
            ("configure terminal", "", "r1(config)#"),
            ("commit", "No configuration changes to commit", "r1(config)#"),
            ("interface GigabitEthernet0/0/0/0", "", "r1(config-if)#"),
            ("description changed", "", "r1(config-if)#"),
            ("show configuration", " description changed", "r1(config-if)#"),
            ("do show running-config interface gi0/0/0/0", "description to core", "r1(config-if)#"),
            ("commit", "", "r1(config-if)#"),
            ("shutdown", "", "r1(config-if)#"),
            ("end", "", "[cancel]:"),
            ("", "", "r1(config-if)#"),
            ("end", "", "[cancel]:"),
            ("no", "", "RP/0/RP0/CPU0:r1#"),
            ("show running-config interface gi0/0/0/0", "description changed", "r1#"),
        ),
    ),
    "cisco_xr can commit on leaving and can abort": (
        "cisco_xr",
        (
            ("conf t", "", "r1(config)#"),
            ("hostname r2", "", "r1(config)#"),
            ("abort", "", ":r1#"),
            ("conf t", "", "r1(config)#"),
            ("hostname r3", "", "r1(config)#"),
            ("end", "", "[cancel]:"),
            ("yes", "", ":r3#"),
        ),
    ),
    "arista_eos configures at once and in sessions": (
        "arista_eos",
        (
            ("terminal width 511", "Width set to 511 columns.", "r1#"),
            ("terminal length 0", "Pagination disabled.", "r1#"),
            ("configure", "", "r1(config)#"),
            ("interface Et1", "", "r1(config-if-Et1)#"),
            ("description at once", "", "r1(config-if-Et1)#"),
            ("show running-config interfaces Et1", "description at once", "r1(config-if-Et1)#"),
            ("end", "", "r1#"),
            ("configure session sessiontest", "", "r1(config-s-sessio)#"),
            ("interface Et1", "", "r1(config-s-sessio-if-Et1)#"),
            ("description later", "", "#"),
            ("show session-config diffs", "+   description later", "#"),
            ("exit", "", "r1(config-s-sessio)#"),
            ("exit", "", "r1#"),
            ("show running-config interfaces Et1", "description at once", "r1#"),
            ("configure session sessiontest", "", "r1(config-s-sessio)#"),
            ("commit", "", "r1#"),
            ("show running-config interfaces Et1", "description later", "r1#"),
            ("configure session other", "", "r1(config-s-other)#"),
            ("hostname r2", "", "r1(config-s-other)#"),
            ("abort", "", "r1#"),
            ("configure session other", "", "r1(config-s-other)#"),
            ("show session-config", "hostname r1", "#"),
        ),
    ),
    "juniper_junos commits": (
        "juniper_junos",
        (
            ("set cli screen-length 0", "Screen length set to 0", "neops@r1> "),
            ("configure", "Entering configuration mode", "\n[edit]\nneops@r1# "),
            ("edit interfaces ge-0/0/1", "", "[edit interfaces ge-0/0/1]\nneops@r1# "),
            ('set description "to the edge"', "", "# "),
            ("show", 'description "to the edge";', "# "),
            ("top", "", "[edit]\nneops@r1# "),
            ("set system host-name r2", "", "# "),
            ("show | compare", "-  host-name r1;\n+  host-name r2;", "# "),
            ("run show version", "Hostname: r1", "# "),
            ("frobnicate", "syntax error", "# "),
            ("exit", "", "(yes) "),
            ("no", "", "[edit]\nneops@r1# "),
            ("commit check", "configuration check succeeds", "# "),
            ("commit and-quit", "commit complete", "neops@r2> "),
            ("show configuration | display set", 'set interfaces ge-0/0/1 description "to the edge"', "> "),
            ("show configuration system services", "ssh;", "> "),
            ("configure exclusive", "Entering", "# "),
            ("rollback 1", "load complete", "# "),
            ("commit", "commit complete", "@r1# "),
            ("exit configuration-mode", "Exiting configuration mode", "@r1> "),
        ),
    ),
    "juniper_junos loads from the terminal": (
        "juniper_junos",
        (
            ("configure", "", "# "),
            ("load merge terminal", "[Type ^D at a new line to end input]", ""),
            ("system {", "", ""),
            ("    host-name r9;", "", ""),
            ("}", "", ""),
            (CTRL_D, "load complete", "# "),
            ("load set terminal", "^D", ""),
            ("set system domain-name example.com", "", ""),
            (CTRL_D, "load complete", "# "),
            ("show | compare", "+  host-name r9;\n+  domain-name example.com;", "# "),
        ),
    ),
    "nokia_srl marks what is not committed and not saved": (
        "nokia_srl",
        (
            ("environment cli-engine type basic", "", "--{ running }--[  ]--\nA:r1# "),
            ("enter candidate private", "", "--{ candidate private private-neops }--[  ]--\nA:r1# "),
            ("interface ethernet-1/2", "", "--[ interface ethernet-1/2 ]--\nA:r1# "),
            ("mtu 9000", "", "--{ * candidate private private-neops }--[ interface ethernet-1/2 ]--\nA:r1# "),
            ("info", "mtu 9000", "# "),
            ("diff", "+         mtu 9000", "# "),
            ("/ system name host-name r2", "", "# "),
            ("commit stay", "All changes have been committed", "--[ interface ethernet-1/2 ]--\nA:r2# "),
            ("exit all", "", "--{ + candidate private private-neops }--[  ]--\nA:r2# "),
            ("interface ethernet-1/2", "", "# "),
            ("delete mtu", "", "# "),
            ("discard now", "discarded", "--{ + running }--[  ]--\nA:r2# "),
            ("info flat", "set / interface ethernet-1/2 mtu 9000", "# "),
            ("save startup", "Saved current running", "--{ running }--[  ]--\nA:r2# "),
        ),
    ),
    "huawei_vrp undoes": (
        "huawei_vrp",
        (
            ("system-view", "Enter system view", "[r1]"),
            ("interface GE0/0/2", "", "[r1-GigabitEthernet0/0/2]"),
            ("description x", "", "]"),
            ("display this", "description x", "]"),
            ("undo description", "", "]"),
            ("quit", "", "[r1]"),
            ("sysname r2", "", "[r2]"),
            ("return", "", "<r2>"),
            ("display current-configuration interface GE0/0/2", "interface GigabitEthernet0/0/2\n#", "<r2>"),
            ("save", "", "[Y/N]"),
            ("y", "successfully", "<r2>"),
        ),
    ),
    "huawei_vrpv8 marks uncommitted changes": (
        "huawei_vrpv8",
        (
            ("system-view", "", "[~r1]"),
            ("sysname r2", "", "[*r1]"),
            ("display configuration candidate changes", "+sysname r2", "[*r1]"),
            ("commit", "", "[~r2]"),
            ("sysname r3", "", "[*r2]"),
            ("return", "", "[Y(yes)/N(no)/C(cancel)]:"),
            ("n", "", "<r2>"),
        ),
    ),
    "frr is a vtysh": (
        "frr",
        (
            ("show version", "FRRouting 8.4.4 (r1) on Linux", "r1# "),
            ("configure terminal", "", "r1(config)# "),
            ("router ospf", "", "r1(config-router)# "),
            ("network 192.0.2.0/24 area 0", "", "r1(config-router)# "),
            ("end", "", "r1# "),
            ("show running-config", "router ospf\n network 192.0.2.0/24 area 0\nexit\n!", "r1# "),
            ("frobnicate", "% Unknown command: frobnicate", "r1# "),
        ),
    ),
    "linux is a shell": (
        "linux",
        (
            ("uname -a", "Linux r1 6.1", "neops@r1:~$ "),
            ("cat /proc/uptime", "1209780.00", "$ "),
            ("ip address show | grep inet", "inet 192.0.2.1/30", "$ "),
            ("frobnicate -x", "-bash: frobnicate: command not found", "$ "),
            ("sudo -s", "", "root@r1:/home/neops# "),
            ("exit", "", "neops@r1:~$ "),
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("platform", "dialogue"), DIALOGUES.values(), ids=DIALOGUES)
def test_a_dialogue_goes_as_on_the_device(platform: str, dialogue: Dialogue, shell: MakeShell) -> None:
    session = shell(platform)
    for typed, answer, prompt in dialogue:
        reply = session.enter(typed)

        assert answer in reply.text, typed
        assert session.prompt.endswith(prompt), typed
        assert bool(answer) or not reply.failed, (typed, reply.text)


ENABLING = {"cisco_ios": "% Bad secrets", "arista_eos": "% Bad secret"}


@pytest.mark.parametrize(("platform", "denied"), ENABLING.items())
def test_the_enable_secret_is_asked_hidden_and_not_kept(platform: str, denied: str, device: MakeDevice) -> None:
    router = device(platform, enable_secret="s3cret")
    session = Shell(router)
    assert session.prompt == "r1>"

    session.enter("enable")
    assert (session.prompt, session.hides_input) == ("Password: ", True)
    assert session.enter("wrong").text == ""
    session.enter("wrong")
    assert session.enter("wrong").text == denied
    assert session.prompt == "r1>"

    session.enter("enable")
    session.enter("s3cret")

    assert (session.prompt, session.hides_input) == ("r1#", False)
    assert list(router.evidence.commands) == ["enable", "enable"]


def test_without_an_enable_secret_the_login_is_privileged(shell: MakeShell) -> None:
    assert shell("cisco_ios").prompt == "r1#"


def test_configuration_needs_privilege(shell: MakeShell) -> None:
    assert shell("cisco_ios", enable_secret="x").enter("configure terminal").failed


def test_the_caret_stands_below_the_wrong_word(shell: MakeShell) -> None:
    line = shell("cisco_ios").enter("show frobnicate").text.splitlines()[0]

    assert f"r1#show {'frobnicate'}".index("frobnicate") == line.index("^")


@pytest.mark.parametrize(("typed", "answer"), [("show i", "% Ambiguous command"), ("show", "% Incomplete command")])
def test_what_is_wrong_with_a_command_is_said(typed: str, answer: str, shell: MakeShell) -> None:
    assert answer in shell("cisco_ios").enter(typed).text


def test_an_exclusive_configuration_keeps_others_out_until_its_session_ends(device: MakeDevice) -> None:
    router = device("juniper_junos")
    one, other = Shell(router), Shell(router)
    one.enter("configure exclusive")

    assert "configuration database locked" in other.enter("configure").text
    assert other.prompt == "neops@r1> "

    one.close()

    assert "Entering configuration mode" in other.enter("configure").text


@pytest.mark.parametrize(
    ("platform", "commit"),
    [
        ("juniper_junos", ("configure", "set system host-name r2", "commit confirmed 1")),
        ("cisco_xr", ("configure", "hostname r2", "commit confirmed 60")),
        ("arista_eos", ("configure session x", "hostname r2", "commit timer 00:01:00")),
        ("nokia_srl", ("enter candidate", "set / system name host-name r2", "commit confirmed timeout 60")),
    ],
)
@pytest.mark.parametrize("confirmed", [True, False])
def test_a_commit_to_be_confirmed_reverts_unless_it_is(
    platform: str, commit: tuple[str, ...], confirmed: bool, device: MakeDevice, clock: Clock
) -> None:
    confirm = {"arista_eos": "configure session x commit", "nokia_srl": "tools system configuration confirmed-accept"}
    router = device(platform)
    session = Shell(router)
    for line in commit:
        assert not session.enter(line).failed
    assert router.hostname == "r2"

    if confirmed:
        if platform == "nokia_srl":
            session.enter("enter running")
        assert not session.enter(confirm.get(platform, "commit")).failed
    clock.turn(61)

    assert router.hostname == ("r2" if confirmed else "r1")


def test_answers_of_the_test_come_before_those_of_the_platform(shell: MakeShell) -> None:
    session = shell("cisco_ios", answers={"show version": "I am $hostname", "show vlan brief": "VLAN Name"})

    assert session.enter("sh ver").text == "I am r1"
    assert session.enter("show vlan brief").text == "VLAN Name"


def test_a_revert_timer_restores_what_was_edited_in_place(device: MakeDevice, clock: Clock) -> None:
    state = device("cisco_ios")
    session = Shell(state)

    for line in ("configure terminal revert timer 2", "hostname r2", "end"):
        assert not session.enter(line).failed
    assert session.prompt == "r2#"
    clock.turn(121)

    assert session.prompt == "r1#"
    assert session.enter("configure confirm").text == "%No Rollback Confirmed Change pending"


@pytest.mark.parametrize(
    ("platform", "lines", "take_back"),
    [
        ("cisco_ios", ("configure terminal revert timer 2", "hostname r2", "end"), "configure revert now"),
        (
            "arista_eos",
            ("configure session x", "hostname r2", "commit timer 00:01:00"),
            "configure session x abort",
        ),
        (
            "nokia_srl",
            (
                "enter candidate private name x",
                "set / system name host-name r2",
                "commit confirmed timeout 60",
                "discard now",
            ),
            "tools system configuration confirmed-reject",
        ),
    ],
)
def test_a_commit_to_be_confirmed_can_be_taken_back_at_once(
    platform: str, lines: tuple[str, ...], take_back: str, device: MakeDevice
) -> None:
    state = device(platform)
    session = Shell(state)
    for line in lines:
        assert not session.enter(line).failed
    assert state.hostname == "r2"

    assert not session.enter(take_back).failed

    assert (state.hostname, state.datastore.awaits_confirmation) == ("r1", False)
    assert not state.datastore.candidates


def test_a_session_that_was_left_on_eos_is_listed_and_can_be_dropped(device: MakeDevice) -> None:
    state = device("arista_eos")
    first, second = Shell(state), Shell(state)
    first.enter("configure session left-1")
    first.close()

    assert "left-1" in second.enter("show configuration sessions").text
    second.enter("configure session left-1 abort")

    assert "left-1" not in second.enter("show configuration sessions").text


def test_an_emptied_candidate_replaces_the_configuration(device: MakeDevice) -> None:
    state = device("arista_eos")
    session = Shell(state)

    for line in ("configure session x", "rollback clean-config", "hostname r2", "commit"):
        assert not session.enter(line).failed

    assert list(state.datastore.running) == ["hostname r2"]


def test_a_line_that_junos_does_not_load_is_named_with_its_number(device: MakeDevice) -> None:
    session = Shell(device("juniper_junos"))
    for line in (
        "configure",
        "load merge terminal",
        "system {",
        "    host-name r2;",
        "}",
        "frobnicate {",
        "    x;",
        "}",
    ):
        session.enter(line)

    assert "terminal:" in (said := session.enter(CTRL_D).text)
    assert "frobnicate" in said
    assert "load complete (1 errors)" in said


def test_a_running_configuration_of_the_test_is_used(shell: MakeShell) -> None:
    session = shell("cisco_ios", running_config="hostname lab\n!\ninterface Loopback3\n description mine\n")

    assert "interface Loopback3\n description mine" in session.enter("show running-config").text
    assert session.prompt == "lab#"


@pytest.mark.parametrize(("key", "closes"), [(CTRL_C, False), (CTRL_D, True)])
def test_control_keys(key: str, closes: bool, shell: MakeShell) -> None:
    assert shell("linux").enter(key).closes is closes


def test_an_exec_request_is_privileged(shell: MakeShell) -> None:
    assert "hostname r1" in shell("cisco_ios", enable_secret="x").execute("show running-config").text


def test_what_is_not_a_command_is_not_kept(device: MakeDevice) -> None:
    router = device("cisco_ios")
    session = Shell(router)
    for line in ("", "  ", "write memory"):
        session.enter(line)

    assert list(router.evidence.commands) == ["write memory"]


def test_a_mistake_in_an_answer_is_shown_to_whoever_asks(shell: MakeShell) -> None:
    reply = shell("cisco_ios", answers={"show vlan brief": "$vlans"}).enter("show vlan brief")

    assert "the template names $vlans" in reply.text


def test_answers_to_questions_are_kept_and_secrets_are_not(device: MakeDevice) -> None:
    router = device("huawei_vrp")
    session = Shell(router)
    for line in ("save", "y"):
        session.enter(line)

    assert list(router.evidence.commands) == ["save", "y"]


def test_looking_into_a_section_does_not_create_it(device: MakeDevice) -> None:
    session = Shell(device("juniper_junos"))
    for line in ("configure", "edit interfaces ge-0/0/9", "show", "top"):
        session.enter(line)

    assert session.enter("show | compare").text == ""
