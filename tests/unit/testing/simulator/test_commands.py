from __future__ import annotations

import pytest

from neops.testing.simulator.commands import CommandTable, Match, NoMatch, filtered, split_pipes
from neops.testing.simulator.platform import Command

PATTERNS = (
    "show version",
    "show interfaces",
    "show interfaces status",
    "show interfaces <interface>",
    "show inventory",
    "exit|quit",
    "commit comment <text...>",
)


def table(*, abbreviations: bool = True) -> CommandTable:
    return CommandTable({pattern: Command(say=pattern) for pattern in PATTERNS}, abbreviations=abbreviations)


@pytest.mark.parametrize(
    ("line", "pattern", "arguments"),
    [
        ("show version", "show version", {}),
        ("sh ver", "show version", {}),
        ("SHOW Version", "show version", {}),
        ("show interfaces status", "show interfaces status", {}),
        ("show interface Gi1/0/1", "show interfaces <interface>", {"interface": "Gi1/0/1"}),
        ("quit", "exit|quit", {}),
        ("commit comment one two", "commit comment <text...>", {"text": "one two"}),
    ],
)
def test_a_line_finds_its_command(line: str, pattern: str, arguments: dict[str, str]) -> None:
    found = table().find(line, "exec")

    assert isinstance(found, Match)
    assert (found.command.say, found.arguments) == (pattern, arguments)


@pytest.mark.parametrize(
    ("line", "reason", "at"),
    [
        ("frobnicate", "unknown", 0),
        ("show frobnicate", "unknown", 1),
        ("show version now", "unknown", 2),
        ("show in", "ambiguous", 1),
        ("show", "incomplete", 1),
        ("commit comment", "incomplete", 2),
    ],
)
def test_a_line_without_a_command_says_why(line: str, reason: str, at: int) -> None:
    assert table().find(line, "exec") == NoMatch(reason=reason, at=at)


def test_a_shell_has_no_abbreviations_and_minds_the_case() -> None:
    shell = table(abbreviations=False)

    assert isinstance(shell.find("sh ver", ""), NoMatch)
    assert isinstance(shell.find("SHOW version", ""), NoMatch)


def test_a_command_is_found_in_its_modes_only() -> None:
    commands = CommandTable({"enable": Command(modes=("exec",))}, abbreviations=True)

    assert isinstance(commands.find("enable", "exec"), Match)
    assert isinstance(commands.find("enable", "privileged"), NoMatch)


def test_pipes_are_split_off() -> None:
    assert split_pipes("show run | include a b|count x") == ("show run", ["include a b", "count x"])


TEXT = "hostname r1\ninterface Lo0\n description x\ninterface Lo1\nntp 1"


@pytest.mark.parametrize(
    ("verb", "argument", "expected"),
    [
        ("all", "", TEXT),
        ("keep", "Lo", "interface Lo0\ninterface Lo1"),
        ("keep", "^ntp|^host", "hostname r1\nntp 1"),
        ("keep", "(", ""),
        ("drop", "interface|desc", "hostname r1\nntp 1"),
        ("from", "Lo1", "interface Lo1\nntp 1"),
        ("section", "Lo0", "interface Lo0\n description x"),
        ("count", "Lo", "Count: 2 lines"),
    ],
)
def test_a_pipe_filters(verb: str, argument: str, expected: str) -> None:
    assert filtered(TEXT, verb, argument) == expected
