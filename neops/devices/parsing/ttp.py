"""TTP behind one function: the groups that a template finds in an output.

ttp and ttp-templates are an extra (`neops[ttp]`) and imported on first use.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neops.errors import ParseFailed

if TYPE_CHECKING:
    import re

_SAME = {"cisco_xe": "cisco_ios"}
"""Platforms that ttp-templates files under another name."""

INSTALL = "ttp is not installed: pip install 'neops[ttp]'"


def ttp_template(device: str, platform: str, command: str) -> tuple[str, str]:
    """Name and text of the template that ttp-templates has for a command, written out in full.

    Raises:
        ParseFailed: it has none, or it is not installed.
    """
    words = f"{_SAME.get(platform, platform)} {command.replace('|', 'pipe')}".lower().replace("-", " ").split()
    name = f"{'_'.join(words)}.txt"
    try:
        file = files("ttp_templates") / "platform" / name
    except ModuleNotFoundError as error:
        raise ParseFailed(device, command, INSTALL) from error
    if not file.is_file():
        raise ParseFailed(device, command, f"ttp-templates has no template for it on {platform}; give one: Ttp(…)")
    return name, file.read_text(encoding="utf-8")


def read_groups(device: str, command: str, template: str | Path, output: str) -> list[Any]:
    """What a TTP template finds, the results of all its groups in one list; an empty list means that there is nothing.

    Raises:
        ParseFailed: the template cannot be read, or no line of it matches a text that is not blank.
    """
    try:
        from ttp import ttp
    except ModuleNotFoundError as error:
        raise ParseFailed(device, command, INSTALL) from error
    try:
        text = template.read_text(encoding="utf-8") if isinstance(template, Path) else template
        parser = ttp(data=output, template=text)
        parser.parse(one=True)
        found = [one for one in parser.result(structure="flat_list") if one]
    except Exception as error:  # TTP raises what its many functions raise, and templates hold code
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ParseFailed(device, command, f"the TTP template failed: {reason}") from error
    if not found and output.strip() and not any(pattern.search(f"\n{output}\n\n") for pattern in _lines(parser)):
        raise ParseFailed(device, command, "the TTP template recognises no line of it")
    return found


def _lines(parser: Any) -> Iterator[re.Pattern[str]]:
    """The lines of a template as TTP compiled them (ttp 0.10): in groups, which may hold groups."""
    groups = [group for template in parser._templates for group in template.groups]
    while groups:
        group = groups.pop()
        groups += group.children
        yield from (line["REGEX"] for line in (*group.start_re, *group.re, *group.end_re))
