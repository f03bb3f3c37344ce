from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neops.devices.changes.texts import Text, folded, for_file, never_ends, unfolded

RUNNING = "hostname r1\nbanner motd ^C\n  two\nlines\n^C\nbanner login ^Cone^C\nntp server 192.0.2.9"


def test_what_a_device_prints_is_unfolded_as_it_was() -> None:
    lines = folded(RUNNING).splitlines()

    assert [line.split(" ")[0] for line in lines] == ["hostname", "banner", "banner", "ntp"]
    assert "\n".join(map(unfolded, lines)) == RUNNING


@pytest.mark.parametrize(
    "written",
    [
        "banner motd ^C\nhi\n^C",
        "banner motd #\nhi\n#",
        "banner motd \x03\nhi\n\x03",
        "banner motd @\nhi  \n@ is ignored",
    ],
)
def test_the_mark_makes_no_difference(written: str) -> None:
    assert folded(written) == folded("banner motd ^C\nhi\n^C")


def test_a_text_that_begins_with_a_c_after_the_mark_is_told_from_the_mark_that_is_shown() -> None:
    assert folded("banner motd ^Call us^\nend") == folded("banner motd #Call us#\nend")


@pytest.mark.parametrize("line", ["banner motd line ^Chello^C", "banner motd file /etc/motd", "banner motd default"])
def test_banners_of_frr_are_lines(line: str) -> None:
    assert folded(line) == line
    assert not never_ends(line)


def test_it_is_typed_with_a_mark_that_is_not_in_it() -> None:
    lines = folded("banner motd ^Ccall @ once\nor # later^C\nbanner login ^Cone^C\nbanner motd\nEOF").splitlines()

    assert [text.typed for line in lines if (text := Text.of(line))] == [
        ("banner motd %call @ once", "or # later%"),
        ("banner login @one@", ""),
        ("banner motd", "EOF"),
    ]


def test_a_file_has_the_character_that_is_shown_as_two() -> None:
    assert for_file("hostname ^C\nbanner motd ^C\nhi^there\n^C\nend") == (
        "hostname ^C\nbanner motd \x03\nhi^there\n\x03\nend"
    )


BODIES = st.text(alphabet="ab ^C#!%\n?é", max_size=20)


@given(
    body=BODIES.filter(lambda body: "^C" not in body and not body.endswith("^")), behind=st.sampled_from(["", "end"])
)
def test_any_text_comes_through(body: str, behind: str) -> None:
    body = "\n".join(line.rstrip() for line in body.split("\n"))
    text = Text(head="banner exec", body=body)

    assert Text.of(f" {text.folded} ") == text
    assert folded(f"{text.printed}\n{behind}").splitlines()[0] == text.folded
    opening, rest = text.typed
    assert folded(f"{opening}\n{rest}").splitlines()[0] == text.folded
