from __future__ import annotations

from typing import Literal

import pytest

from neops.testing.simulator import load_platform
from neops.testing.simulator.configuration import Section
from neops.testing.simulator.dialects import Dialect, dialect_of
from neops.testing.simulator.differences import difference

OLD: Section = {"system": {"host-name a": {}, "services": {"ssh": {}}}}
NEW: Section = {"system": {"host-name b": {}, "services": {"ssh": {}, "netconf": {}}}}

EDITS = "[edit system]\n-  host-name a;\n+  host-name b;\n[edit system services]\n+  netconf;"
BRACES = """\
      system {
-         host-name a
          services {
+             netconf
          }
+         host-name b
      }"""
LINES = "system\n no host-name a\n host-name b\n services\n  netconf\n !\n!"


@pytest.mark.parametrize(("kind", "expected"), [("edits", EDITS), ("braces", BRACES), ("lines", LINES)])
def test_a_difference_shows_what_changed_and_nothing_else(
    kind: Literal["edits", "braces", "lines"], expected: str
) -> None:
    assert difference(kind, OLD, NEW, dialect()) == expected


@pytest.mark.parametrize("kind", ["unified", "edits", "braces", "lines"])
def test_equal_configurations_have_no_difference(kind: Literal["unified", "edits", "braces", "lines"]) -> None:
    assert difference(kind, OLD, OLD, dialect()) == ""


def test_a_unified_difference_marks_lines() -> None:
    text = difference("unified", OLD, NEW, dialect())

    assert "-    host-name a;" in text.splitlines()
    assert "+    host-name b;" in text.splitlines()


def dialect() -> Dialect:
    return dialect_of(load_platform("juniper_junos"))
