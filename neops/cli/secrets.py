"""One redactor for a command: what it logs, what it prints, and the errors that end it or one of its threads."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from neops.logs import Redactor

logger = logging.getLogger(__name__)

_of_command: ContextVar[Redactor | None] = ContextVar("neops_command_redactor", default=None)


@contextmanager
def redacting() -> Iterator[Redactor]:
    """Everything inside gets the same redactor from `command_redactor`. Errors that Python itself would print, out of
    threads and out of objects that are thrown away, go to the log.
    """
    redactor = Redactor()
    token = _of_command.set(redactor)
    hooks = threading.excepthook, sys.unraisablehook
    threading.excepthook, sys.unraisablehook = _thread_failed, _nobody_told
    try:
        yield redactor
    finally:
        threading.excepthook, sys.unraisablehook = hooks
        _of_command.reset(token)


def command_redactor() -> Redactor:
    """The redactor of the command that runs; a new one where a command is called by itself, as tests do."""
    return _of_command.get() or Redactor()


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_type is SystemExit or failed.exc_value is None:
        return
    thread = failed.thread.name if failed.thread else None
    logger.error("a thread ended with an error", exc_info=failed.exc_value, extra={"name_of_thread": thread})


def _nobody_told(failed: sys.UnraisableHookArgs) -> None:
    if failed.exc_value is not None:
        about = f"{failed.err_msg or 'ignored in'} {failed.object!r}"
        logger.error("an error that nobody could be told", exc_info=failed.exc_value, extra={"about": about})
