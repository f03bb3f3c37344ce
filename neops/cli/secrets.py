"""One redactor for a command: what it logs, what it prints, and the error that ends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from neops.logs import Redactor

_of_command: ContextVar[Redactor | None] = ContextVar("neops_command_redactor", default=None)


@contextmanager
def redacting() -> Iterator[Redactor]:
    """Everything inside gets the same redactor from `command_redactor`."""
    redactor = Redactor()
    token = _of_command.set(redactor)
    try:
        yield redactor
    finally:
        _of_command.reset(token)


def command_redactor() -> Redactor:
    """The redactor of the command that runs; a new one where a command is called by itself, as tests do."""
    return _of_command.get() or Redactor()
