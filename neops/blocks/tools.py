"""Tools of other frameworks on a job's devices, brought by installed distributions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from typing import Any

from neops.errors import UsageError

TOOL_GROUP = "neops.context_tools"
"""Entry-point group: name → `open(fleet: neops.devices.fleet.Fleet, **options)`, which gives the tool."""


def find_tool(name: str) -> Callable[..., Any]:
    """What makes a tool, such as the Nornir object of `context.nornir()`.

    Raises:
        UsageError: it is not installed, or a library that it needs is not.
    """
    for point in _installed().select(name=name):
        try:
            tool: Callable[..., Any] = point.load()
        except ModuleNotFoundError as missing:
            hint = f"pip install 'neops[{name}]'"
            raise UsageError(f"context.{name}() needs {missing.name}, which is not installed: {hint}") from missing
        return tool
    raise UsageError(f"no {TOOL_GROUP} named {name!r} is installed")


@cache
def _installed() -> EntryPoints:
    """All tools. Looking through the installed distributions takes milliseconds, for each job that uses one."""
    return entry_points(group=TOOL_GROUP)
