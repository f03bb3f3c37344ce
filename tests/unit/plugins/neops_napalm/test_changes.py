"""Which line a driver's exception is about."""

from __future__ import annotations

import pytest

from neops_napalm.changes import refused_line

CONFIG = "interface Ethernet2\n   description half way\n   frobnicate 7\n"


@pytest.mark.parametrize(
    ("said", "line"),
    [
        # pyeapi 1.0 over EOS 4.31
        ("Error [1002]: CLI command 5 of 6 'frobnicate 7' failed: invalid command", "frobnicate 7"),
        # junos-eznc 2.8
        ("[{'severity': 'error', 'bad_element': 'frobnicate', 'message': 'syntax error'}]", "   frobnicate 7"),
        ("[{'severity': 'error', 'bad_element': None, 'message': 'commit failed'}]", "?"),
    ],
)
def test_the_refused_line_is_found_in_what_the_library_says(said: str, line: str) -> None:
    assert refused_line(ValueError(said), CONFIG) == line
