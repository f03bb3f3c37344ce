"""Configurations as a whole: files that become the configuration, and candidates that are committed from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pytest

from neops.testing.simulator.shell import Shell

MakeShell = Callable[..., Shell]


class Turns(Protocol):
    def turn(self, seconds: float) -> None: ...


def running(shell: Shell) -> str:
    return shell.enter("show running-config").text


@pytest.fixture
def ios(shell: MakeShell) -> Shell:
    return shell("cisco_ios", files={"flash:/more.txt": b"hostname r2\nntp server 192.0.2.7\nend\n"})


@pytest.fixture
def eos(shell: MakeShell) -> Shell:
    return shell("arista_eos")


def test_a_file_name_is_asked_for_unless_the_configuration_says_otherwise(ios: Shell) -> None:
    ios.enter("copy running-config flash:/before.txt")
    asked = ios.prompt
    ios.enter("")
    for line in ("configure terminal", "file prompt quiet", "end", "copy running-config flash:/quiet.txt"):
        ios.enter(line)

    assert asked == "Destination filename [flash:/before.txt]? "
    assert not ios.asks
    assert "before.txt" in ios.enter("dir flash:").text


def test_a_merge_shows_what_it_adds_and_adds_it(ios: Shell) -> None:
    shown = ios.enter("show archive config incremental-diffs flash:/more.txt ignorecase").text
    ios.enter("copy flash:/more.txt running-config")
    ios.enter("")

    assert shown.splitlines() == ["!List of Commands:", "hostname r2", "ntp server 192.0.2.7", "end"]
    assert "hostname r2\n" in running(ios)
    assert "No changes" in ios.enter("show archive config incremental-diffs flash:/more.txt ignorecase").text


def test_a_merge_takes_the_lines_that_are_known_and_names_one_that_is_not(shell: MakeShell) -> None:
    ios = shell("cisco_ios", files={"flash:/bad.txt": b"frobnicate 7\nhostname r2\n"})
    ios.enter("copy flash:/bad.txt running-config")

    reply = ios.enter("")

    assert reply.failed
    assert reply.text.splitlines()[0] == "frobnicate 7"
    assert "hostname r2" in running(ios)


def test_a_replacement_with_a_timer_goes_back_in_its_time(shell: MakeShell, clock: Turns) -> None:
    ios = shell("cisco_ios", files={"flash:/small.txt": b"hostname r2\n"})
    differs = ios.enter("show archive config differences system:/running-config flash:/small.txt").text
    ios.enter("configure replace flash:/small.txt force revert trigger error timer 1")
    replaced = running(ios)
    clock.turn(61)

    assert "+hostname r2" in differs
    assert "-hostname r1" in differs
    assert "interface" not in replaced
    assert "hostname r1" in running(ios)


def test_a_file_with_an_unknown_line_replaces_nothing(shell: MakeShell) -> None:
    ios = shell("cisco_ios", files={"flash:/bad.txt": b"frobnicate 7\n"})

    assert ios.enter("configure replace flash:/bad.txt force").failed
    assert "hostname r1" in running(ios)


def test_a_named_candidate_is_shown_committed_and_confirmed_from_outside(eos: Shell, clock: Turns) -> None:
    for line in ("configure session s1", "hostname r2", "end"):
        eos.enter(line)
    diff = eos.enter("show session-config named s1 diffs").text
    eos.enter("configure session s1 commit timer 00:01:00")
    sessions = eos.enter("show configuration sessions | json").text
    eos.enter("configure session s1 commit")
    clock.turn(61)

    assert "+hostname r2" in diff
    assert "pendingCommitTimer" in sessions
    assert "hostname r2" in running(eos)
    assert "s1" not in eos.enter("show configuration sessions").text


def test_aborting_one_session_does_not_take_back_the_commit_of_another(eos: Shell) -> None:
    for line in ("configure session s1", "hostname r2", "commit timer 00:01:00"):
        eos.enter(line)
    for line in ("configure session s2", "hostname r3", "end", "configure session s2 abort"):
        eos.enter(line)
    kept = running(eos)
    eos.enter("configure session s1 abort")

    assert "hostname r2" in kept
    assert "hostname r1" in running(eos)


@pytest.mark.parametrize("command", ["configure session s9 commit", "show session-config named s9 diffs"])
def test_a_session_that_is_not_there_is_an_error(eos: Shell, command: str) -> None:
    assert eos.enter(command).failed
