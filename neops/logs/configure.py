"""Called by entry points only: libraries and blocks just log."""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

from neops.logs.context import ContextFilter
from neops.logs.formats import ConsoleFormatter, JsonFormatter
from neops.logs.redaction import RedactionFilter, Redactor

LogFormat = Literal["console", "json"]

CHATTY = ("aiohttp.access", "alembic", "asyncio", "asyncssh", "paramiko", "netmiko", "scrapli", "uvicorn", "stevedore")
"""Libraries that log each packet or request at INFO or DEBUG; they show warnings only, unless DEBUG is asked for."""


def configure_logging(
    level: str | int = logging.INFO,
    *,
    format: LogFormat = "console",  # noqa: A002  # the word an operator knows
    stream: TextIO | None = None,
    redactor: Redactor,
) -> logging.Handler:
    """Send all log lines to one handler on `stream` (standard error by default), with context fields, redacted.

    Calling it again replaces the handler of the earlier call.
    """
    handler = _Handler(stream)
    handler.setLevel(level)
    handler.setFormatter(JsonFormatter() if format == "json" else ConsoleFormatter())
    handler.addFilter(ContextFilter())
    handler.addFilter(RedactionFilter(redactor))
    root = logging.getLogger()
    for earlier in [one for one in root.handlers if isinstance(one, _Handler)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(min(handler.level, logging.INFO))  # a worker sends INFO lines of its jobs on, whatever is shown here
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.NOTSET if root.level <= logging.DEBUG else logging.WARNING)
    return handler


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that a second call knows what to replace. A full disk is told once, and not with each line."""

    _told = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        problem = sys.exc_info()[1]
        if not isinstance(problem, OSError):
            super().handleError(record)
        elif not self._told and self.stream is not sys.stderr:
            self._told = True
            print(f"neops: log lines are lost: {problem.strerror or problem}", file=sys.stderr)
