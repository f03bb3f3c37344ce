"""Two forms of a log line: one for eyes, one for machines."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def fields_of(record: logging.LogRecord) -> Mapping[str, object]:
    """What the caller put into `extra`, and what the log context added."""
    return {name: value for name, value in vars(record).items() if name not in _OWN}


def as_text(fields: Mapping[str, object]) -> str:
    """`status=403 reason="no such worker"`"""
    return " ".join(f"{name}={_shown(value)}" for name, value in fields.items())


class ConsoleFormatter(logging.Formatter):
    """`14:03:07 WARNING neops.worker.polling the engine refuses the poll status=403`"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        return " ".join(part for part in (super().formatMessage(record), as_text(fields_of(record))) if part)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ts (ISO 8601, UTC), level, logger, message, the extra fields, exc."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        trace = record.exc_text or (self.formatException(record.exc_info) if record.exc_info else None)
        exc = {"exc": trace} if trace else {}
        return json.dumps({**fields_of(record), **line, **exc}, default=str, ensure_ascii=False)


def _shown(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or any(one in text for one in ' "=\n') else text
