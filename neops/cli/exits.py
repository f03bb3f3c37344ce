"""Exit codes."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the shell is told."""

    OK = 0
    FAILED = 1
    """Something that was asked for did not go well: a device, a check, the engine."""
    USAGE = 2
    """What was asked cannot be done as asked: nothing was tried."""
    INTERRUPTED = 130
    """128 + SIGINT, as shells do."""
