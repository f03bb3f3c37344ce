"""Where the engine gets the time from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Answers the time, aware and in UTC. Tests turn it."""


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)
