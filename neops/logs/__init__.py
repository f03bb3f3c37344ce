"""Log lines: where they go, what each carries, and what never shows in them. Entry points call `configure_logging`."""

from neops.logs.configure import LogFormat, configure_logging
from neops.logs.context import current_fields, log_context
from neops.logs.formats import ConsoleFormatter, JsonFormatter, as_text, fields_of
from neops.logs.redaction import MASK, RedactionFilter, Redactor, install

__all__ = [
    "MASK",
    "ConsoleFormatter",
    "JsonFormatter",
    "LogFormat",
    "RedactionFilter",
    "Redactor",
    "as_text",
    "configure_logging",
    "current_fields",
    "fields_of",
    "install",
    "log_context",
]
