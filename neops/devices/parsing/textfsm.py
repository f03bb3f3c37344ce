"""ntc-templates behind two functions: which template reads a command, and the rows it finds.

ntc-templates and TextFSM are imported on first use: the index alone takes 0.2 s to compile (ntc-templates 9.3).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from neops.errors import ParseFailed

NONSENSE = "\N{REPLACEMENT CHARACTER}"
"""A line that no device prints: a rule that matches it matches everything."""

SAYS_NOTHING: Mapping[str, str] = {
    # the routing engine's role, which stands above a prompt, and what a table says of a daemon that nobody configured
    "juniper_junos": r"^(?:\{\w+(?::\w+)?\}|warning: .* subsystem not running - not needed by configuration\.?)\s*$"
}
"""Lines of answers that are no part of a table, by platform."""

Row = dict[str, Any]
"""One record: lower-case value names → text, or a list of texts for a TextFSM `List` value."""


@lru_cache(maxsize=4096)
def template_for(platform: str, command: str) -> str | None:
    """Name of the template that ntc-templates' index has for a command, abbreviated ones included; None without one."""
    table = _cli_table()
    row = table.index.GetRowMatch({"Platform": _ntc_platform(platform), "Command": command.strip()})
    return str(table.index.index[row]["Template"]) if row else None


def read_rows(device: str, platform: str, command: str, output: str, heading: str = "") -> list[Row]:
    """The records of a command's output; an empty list means that the device has none.

    `heading` is a regular expression for a line that tells the output although the template does not know it.

    Raises:
        ParseFailed: there is no template for the command, the template calls a line an error, or it recognises no
            line of a text that is not blank.
    """
    from textfsm import TextFSMError
    from textfsm.clitable import Error

    template = template_for(platform, command)
    if template is None:
        raise ParseFailed(device, command, f"ntc-templates has no template for it on {platform}")
    if platform in SAYS_NOTHING:
        output = re.sub(SAYS_NOTHING[platform], "", output, flags=re.MULTILINE)
    table = _cli_table()
    try:
        table.ParseCmd(output, templates=template)
    except (TextFSMError, Error) as error:
        raise ParseFailed(device, command, f"{template} does not match: {' '.join(str(error).split())}") from error
    names = [name.lower() for name in table.header]
    rows = [dict(zip(names, row, strict=True)) for row in table]
    told = heading and re.search(heading, output, re.MULTILINE)
    if not rows and output.strip() and not told and not _recognises(template, output):
        raise ParseFailed(device, command, f"{template} recognises no line of it")
    return rows


def _recognises(template: str, output: str) -> bool:
    """Whether a rule of the template knows a line: 189 of 979 templates (9.3) skip lines that none of them knows.

    Rules that are there for all that is left (`^.`, `^\\s*-*`) know nothing, and neither do those that end in an error.
    """
    from textfsm import TextFSM

    rules = []
    for name in template.split(":"):
        with (_templates() / name).open(encoding="utf-8") as file:
            rules += [rule for state in TextFSM(file).states.values() for rule in state]
    known = [rule.regex_obj for rule in rules if rule.line_op != "Error" and not rule.regex_obj.match(NONSENSE)]
    return any(rule.match(line) for line in output.splitlines() if line.strip() for rule in known)


def _cli_table() -> Any:
    from textfsm.clitable import CliTable

    return CliTable("index", str(_templates()))  # the parsed index is shared by all tables, under TextFSM's lock


def _templates() -> Path:
    """NTC_TEMPLATES_DIR points ntc-templates at a user's own copy, as its documentation says; else the shipped ones."""
    import ntc_templates

    own = os.environ.get("NTC_TEMPLATES_DIR")
    return Path(own) if own else Path(ntc_templates.__file__).parent / "templates"


_SAME = {"aruba_osswitch": "hp_procurve", "aruba_procurve": "hp_procurve", "huawei_vrpv8": "huawei_vrp"}
"""Device types of netmiko that print what another one prints, and that netutils 1.19 keeps apart."""


def _ntc_platform(platform: str) -> str:
    from netutils.lib_mapper import NTCTEMPLATES_LIB_MAPPER_REVERSE

    return _SAME.get(platform) or str(NTCTEMPLATES_LIB_MAPPER_REVERSE.get(platform, platform))
