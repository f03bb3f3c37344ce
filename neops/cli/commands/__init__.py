"""What can be typed: each command with its options and its help.

A module here imports nothing at its top that takes time: help and completion ask them all. A command imports the room
that does its work when it is called, so that a worker that runs for months carries no engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "demo": "neops.cli.commands.workflows:demo",
        "run": "neops.cli.commands.workflows:run",
        "engine": "neops.cli.commands.servers:engine",
        "worker": "neops.cli.commands.servers:worker",
        "cms": "neops.cli.commands.cms:app",
        "detect": "neops.cli.commands.detect:detect",
        "plugins": "neops.cli.commands.plugins:app",
        "transcript": "neops.cli.commands.transcripts:app",
    }
)
"""Where each command is: a function, or a Typer app with commands of its own."""


class Commands(TyperGroup):
    """The group of all commands."""

    def list_commands(self, _ctx: Any) -> list[str]:
        """Their names, in the order in which they are shown."""
        return list(COMMANDS)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        """The command of this name, None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(module), name)
        command = get_group(found) if isinstance(found, typer.Typer) else get_command(_app_of(found))
        command.name = cmd_name
        return command


def _app_of(function: Any) -> typer.Typer:
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(function)
    return app
