"""Neighbours out of what NX-OS and IOS XR print of each: lines of a name and a value.

Output formats: Cisco Nexus 9000 Series NX-OS Interfaces Command Reference, IOS XR Interface Command Reference
("show lldp neighbors detail"). The ntc-templates (9.3) leave out, or fail at, who tells no system name, or one of
several words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from neops.devices.parsing.reads import Answers
from neops.errors import ParseFailed

_LINE = re.compile(
    r"^(?P<name>Local Interface|Local Port id|Chassis id|Port id|System Name) ?[:-] (?P<value>.*\S)",
    re.IGNORECASE | re.MULTILINE,
)
_NOT_TOLD = ("not advertised", "null")
_NOBODY = re.compile(
    r"^(?:Capability codes:|Total entries displayed:|ERROR: No neighbou?r information|% LLDP is not enabled)",
    re.MULTILINE,
)


def details(answers: Answers, command: str, *, first: str, local: str) -> Iterator[tuple[str, str, str]]:
    """(local interface, host name or else chassis, port); `first` is the line that begins a neighbour.

    Raises:
        ParseFailed: the text has no neighbour and does not say either that there is none.
    """
    text, found = answers.text(command), dict[str, str]()
    told = _NOBODY.search(text) is not None or not text.strip()
    for line in _LINE.finditer(text):
        name, value = line["name"].lower(), line["value"].strip()
        if name == first and found:
            yield _neighbor(found, local)
            found = {}
        found.setdefault(name, "" if value.lower() in _NOT_TOLD else value)
    if found:
        yield _neighbor(found, local)
    elif not told:
        raise ParseFailed(answers.device, command, "no line is of a neighbour")


def _neighbor(found: dict[str, str], local: str) -> tuple[str, str, str]:
    return found[local], found.get("system name") or found.get("chassis id", ""), found.get("port id", "")
