"""Tools of other frameworks on a job's devices, brought by installed distributions."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from neops.errors import UsageError

TOOL_GROUP = "neops.context_tools"
"""Entry-point group: name → `open(fleet: neops.devices.fleet.Fleet, **options)`, which gives the tool."""


def find_tool(name: str) -> Callable[..., Any]:
    """What makes a tool, such as the Nornir object of `context.nornir()`.

    Raises:
        UsageError: it is not installed, or a library that it needs is not.
    """
    for point in entry_points(group=TOOL_GROUP, name=name):
        try:
            tool: Callable[..., Any] = point.load()
        except ModuleNotFoundError as missing:
            hint = f"pip install 'neops[{name}]'"
            raise UsageError(f"context.{name}() needs {missing.name}, which is not installed: {hint}") from missing
        return tool
    raise UsageError(f"no {TOOL_GROUP} named {name!r} is installed")
