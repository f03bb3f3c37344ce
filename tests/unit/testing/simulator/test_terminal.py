from __future__ import annotations

import pytest

from neops.testing.simulator.platform import Pager
from neops.testing.simulator.terminal import CTRL_C, CTRL_D, CTRL_Z, Terminal


@pytest.fixture
def terminal() -> Terminal:
    return Terminal(Pager(prompt="--More--"), rows=4)


def typed(terminal: Terminal, data: bytes) -> tuple[list[str], bytes]:
    terminal.receive(data)
    lines = list(iter(terminal.read_line, None))
    return lines, terminal.drain()


@pytest.mark.parametrize("enter", [b"\n", b"\r", b"\r\n"])
def test_a_line_ends_with_any_kind_of_enter(terminal: Terminal, enter: bytes) -> None:
    assert typed(terminal, b"show" + enter + b"x") == (["show"], b"show\r\nx")


def test_typed_characters_are_echoed_before_the_line_is_complete(terminal: Terminal) -> None:
    assert typed(terminal, b"sho") == ([], b"sho")


def test_a_secret_is_not_echoed(terminal: Terminal) -> None:
    terminal.echo = False

    assert typed(terminal, b"secret\n") == (["secret"], b"\r\n")


def test_backspace_takes_a_character_back(terminal: Terminal) -> None:
    assert typed(terminal, b"shx\x7fow\x08\x08\x08\x08\x08\x08ls\n")[0] == ["ls"]


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D, CTRL_Z])
def test_control_keys_are_lines_of_their_own(terminal: Terminal, key: str) -> None:
    assert typed(terminal, b"half" + key.encode())[0] == [key]


def test_a_null_byte_is_ignored(terminal: Terminal) -> None:
    assert typed(terminal, b"\0show\n") == (["show"], b"show\r\n")


def test_input_waits_while_a_command_runs(terminal: Terminal) -> None:
    terminal.receive(b"one\ntwo\n")
    assert terminal.read_line() == "one"
    assert terminal.drain() == b"one\r\n"

    terminal.show("done", "#")
    assert terminal.drain() == b"done\r\n#"

    assert terminal.read_line() == "two"


def test_output_that_fits_is_printed_at_once(terminal: Terminal) -> None:
    terminal.show("a\nb\nc", "#")

    assert terminal.drain() == b"a\r\nb\r\nc\r\n#"


@pytest.mark.parametrize(
    ("keys", "after"),
    [(b" ", b"d\r\ne\r\n#"), (b"\n", b"d\r\n--More--"), (b"q", b"#"), (b"\n\n", b"d\r\n--More--\r        \re\r\n#")],
)
def test_the_pager_obeys_its_keys(terminal: Terminal, keys: bytes, after: bytes) -> None:
    terminal.show("a\nb\nc\nd\ne", "#")
    assert terminal.drain() == b"a\r\nb\r\nc\r\n--More--"

    assert typed(terminal, keys) == ([], b"\r        \r" + after)


def test_without_rows_there_is_no_paging(terminal: Terminal) -> None:
    terminal.rows = 0
    terminal.show("x\n" * 1000, "#")

    assert b"--More--" not in terminal.drain()


def test_a_platform_without_a_pager_never_pages() -> None:
    assert Terminal(None, rows=24).rows == 0


def test_a_prompt_of_two_lines_has_line_ends(terminal: Terminal) -> None:
    terminal.show("", "\n[edit]\nroot@r1# ")

    assert terminal.drain() == b"\r\n[edit]\r\nroot@r1# "
