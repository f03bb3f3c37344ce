"""How platforms say that they did not take a command.

An error text stands at the start of a line among the first lines of an answer; looking there only keeps log lines
and configurations that quote one from counting.
"""

from __future__ import annotations

import re
from functools import cache

_CISCO = r"%\s*(?:Invalid|Incomplete|Ambiguous|Unknown|Unrecognized|Bad)\b"
_SHELL = r"(?:-?(?:ba|da|z|a|k)?sh: .*(?:not found|No such file|[Ss]yntax error|Permission denied))|sudo: "

_PATTERNS: dict[str, str] = {
    # scrapli 2025.1.30, scrapli/driver/core/*/base_driver.py, FAILED_WHEN_CONTAINS; "% Authorization failed." is
    # what AAA command authorization answers (Cisco IOS Security Command Reference, "aaa authorization commands").
    "cisco_ios": rf"{_CISCO}|% Authorization failed|Command authorization failed",
    "cisco_nxos": rf"{_CISCO}|% Permission denied|Syntax error while parsing",
    "cisco_xr": rf"{_CISCO}|% This command is not authorized",
    "arista_eos": rf"{_CISCO}|% (?:Error|Unavailable command|Cannot commit|Authorization denied)",
    "juniper_junos": r"error: |syntax error|unknown command|missing argument|missing mandatory argument|"
    r"invalid (?:numeric )?value|'?.*'? is ambiguous|No valid completions|could not resolve",
    # SR Linux CLI: "Parsing error: Unknown token 'x'. Options are […]" and, since 19.11, "Error: …"
    "nokia_srl": r"Parsing error: |Error: |(?:MINOR|MAJOR|CRITICAL): ",
    "nokia_sros": r"Error: |(?:MINOR|MAJOR|CRITICAL): ",
    "huawei_vrp": r"Error:\s?(?:Unrecognized|Incomplete|Wrong parameter|Ambiguous|Too many|Failed)|\s*\^\s*$",
    # ArubaOS-Switch 16.10 Basic Operation Guide and AOS-CX 10.10 CLI Guide: "Invalid input: x", "Ambiguous input: x"
    "hp_procurve": r"(?:Invalid|Ambiguous|Incomplete) input: |Command authorization failed|Module not present",
    "aruba_aoscx": r"Invalid input: |% (?:Command incomplete|Ambiguous command|Unknown command)|Cannot execute command",
    "linux": _SHELL,
    # lib/vty.c and lib/command.c of FRR 10: "% Unknown command: x", "% Command incomplete: x", "% Ambiguous command: x"
    # and vtysh/vtysh.c: "isisd is not running"
    "frr": rf"{_CISCO}|% Command incomplete|% There is no matched command|\w+d is not running",
}
_ALIASES = {
    "aruba_osswitch": "hp_procurve",
    "aruba_procurve": "hp_procurve",
    "cisco_xe": "cisco_ios",
    "cumulus_linux": "linux",
    "huawei": "huawei_vrp",
    "huawei_vrpv8": "huawei_vrp",
}
_ANY = rf"{_CISCO}|{_SHELL}|Error: |error: |syntax error|unknown command|Parsing error: "
"""For platforms that nobody has described yet."""

_LOOKED_AT = 6
"""Lines: echo of a wrapped command, the caret below the mistake and the message itself."""


def rejected(platform: str, output: str) -> bool:
    """Whether an answer is the platform's error text."""
    pattern = _pattern_of(platform)
    lines = [line for line in output[:4096].splitlines() if line.strip()]
    return any(pattern.match(line) for line in lines[:_LOOKED_AT])


@cache
def _pattern_of(platform: str) -> re.Pattern[str]:
    return re.compile(rf"\s*(?:{_PATTERNS.get(_ALIASES.get(platform, platform), _ANY)})")
