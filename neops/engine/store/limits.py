"""How long the store waits before it ends something by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class WorkerThresholds:
    """Silence after which a worker is called unreachable, offline, and is deleted."""

    unreachable: timedelta = timedelta(minutes=2)
    offline: timedelta = timedelta(minutes=6)
    deleted: timedelta = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """All of them."""

    workers: WorkerThresholds = field(default_factory=WorkerThresholds)
    never_polled: timedelta = timedelta(hours=1)
    """How long a job waits when no online worker offers its block."""
    deadline_grace: timedelta = timedelta(seconds=5)
    """How long after its deadline a job has to say so itself."""
    recent: timedelta = timedelta(minutes=5)
    """How long what has ended is still listed among the active."""
