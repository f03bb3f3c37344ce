"""Fields that every log line of a run, job, step or device carries without being handed around."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_NONE: Mapping[str, object] = MappingProxyType({})
_fields: ContextVar[Mapping[str, object]] = ContextVar("neops_log_fields", default=_NONE)


@contextmanager
def log_context(**fields: object) -> Iterator[None]:
    """Add fields to each record logged inside: `with log_context(job=job_id, device="r1"): ...`.

    They travel into tasks and into threads of `run_in_thread`. Inner values win, None leaves a field out.
    """
    token = _fields.set({**_fields.get(), **fields})
    try:
        yield
    finally:
        _fields.reset(token)


def current_fields() -> Mapping[str, object]:
    """The fields that a record logged here would get."""
    return {name: value for name, value in _fields.get().items() if value is not None}


class ContextFilter(logging.Filter):
    """Writes the context's fields into the record; what the record brings itself wins."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in current_fields().items():
            vars(record).setdefault(name, value)
        return True
