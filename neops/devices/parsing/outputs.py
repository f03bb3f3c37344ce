"""The output of one command, read as its caller wants it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, get_args

from neops.devices.parsing.reads import read_json
from neops.devices.parsing.textfsm import read_rows, template_for
from neops.devices.parsing.ttp import read_groups, ttp_template
from neops.devices.results import CommandOutput, Parse, ParseName, Ttp
from neops.errors import ParseFailed, UsageError

PARSERS: Final = get_args(ParseName)


def check_asked(command: object, parse: object = None) -> None:
    """Before anything is sent: a second line would be a second command, whose answer nobody awaits.

    Raises:
        UsageError: the command is not one line of text, or nobody knows this way to parse.
    """
    if not isinstance(command, str) or re.search(r"[\r\n]", command):
        raise UsageError(f"{command!r} is not one line of text: send_commands takes a list of commands")
    if parse is None or parse in PARSERS or isinstance(parse, Ttp) or callable(parse):
        return
    raise UsageError(f"parse={parse!r}: there are {', '.join(map(repr, PARSERS))}, a Ttp(…), or a function")


def check_list(commands: object) -> None:
    """Refuse one command where a list is due: its letters would be sent, and devices complete them to commands.

    Raises:
        UsageError: it is a text.
    """
    if isinstance(commands, str):
        raise UsageError(f"send_commands takes a list of commands, not {commands!r}: write [{commands!r}]")


def read_output(platform: str, answer: CommandOutput, parse: Parse) -> tuple[Any, str | None]:
    """What the output says, and the name of what read it: a template, a function, nothing for JSON.

    Raises:
        ParseFailed: the output is not what the parser knows; `output` of the error has it.
    """
    device, command, output = answer.device, answer.command, answer.output
    try:
        match parse:
            case "textfsm":
                return read_rows(device, platform, command, output), template_for(platform, command)
            case "json":
                return read_json(device, command, output), None
            case "ttp":
                name, template = ttp_template(device, platform, command)
                return read_groups(device, command, template, output), name
            case Ttp():
                return read_groups(device, command, parse.template, output), _name(parse)
            case _:
                return _called(parse, answer), getattr(parse, "__qualname__", type(parse).__qualname__)
    except ParseFailed as failure:
        failure.output = output
        raise


def _name(ttp: Ttp) -> str:
    return ttp.template.name if isinstance(ttp.template, Path) else "Ttp"


def _called(function: Callable[[str], Any], answer: CommandOutput) -> Any:
    """None is a function's word for "this is not what I know", as it is that of `re.match`."""
    try:
        parsed = function(answer.output)
    except ParseFailed:
        raise
    except Exception as error:  # the caller's own code
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ParseFailed(answer.device, answer.command, f"the parser raised {reason}") from error
    if parsed is None:
        raise ParseFailed(answer.device, answer.command, "the parser found nothing that it knows")
    return parsed
