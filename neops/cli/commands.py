"""Commands that are imported when they are called: a worker that runs for months must not carry an engine."""

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
        "demo": "neops.cli.workflows:demo",
        "run": "neops.cli.workflows:run",
        "engine": "neops.cli.servers:engine",
        "worker": "neops.cli.servers:worker",
        "cms": "neops.cli.cms:app",
        "detect": "neops.cli.detect:detect_platforms",
        "plugins": "neops.cli.plugins:app",
        "transcript": "neops.cli.transcripts:app",
    }
)
"""Where each command is: a function, or a Typer app with commands of its own."""


class Commands(TyperGroup):
    """The group of all commands; the list of `neops --help` imports them all."""

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
