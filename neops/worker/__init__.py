"""The worker: takes jobs from an engine over HTTP, runs their blocks, brings the results back."""

from neops.worker.backoff import Backoff
from neops.worker.errors import EngineIncompatible, EngineRefused, EngineUnavailable, WorkerForgotten
from neops.worker.runtime import WorkerRuntime
from neops.worker.shutdown import Shutdown, on_signals
from neops.worker.standing import on_standing_signal

__all__ = [
    "Backoff",
    "EngineIncompatible",
    "EngineRefused",
    "EngineUnavailable",
    "Shutdown",
    "WorkerForgotten",
    "WorkerRuntime",
    "on_signals",
    "on_standing_signal",
]
