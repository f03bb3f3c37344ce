"""What can go wrong between a worker and its engine.

NeopsError
├── EngineUnavailable    no answer, or one that says try again: 5xx, 408, 429
│   └── EngineFailed     the engine broke over this very request (500)
├── EngineRefused        an answer that will be the same next time: other 4xx, or no answer of an engine
│   └── WorkerForgotten  the engine does not know this worker any more
└── EngineIncompatible   the engine says that it does not speak with this version
"""

from __future__ import annotations

from neops.errors import NeopsError

REMEDIES = {
    401: "put user:password@ into URL_BLACKBOARD",
    403: "ask the engine's operator: a licence limit or an access rule stops this worker",
    404: "check the host and the path prefix in URL_BLACKBOARD",
}


class EngineUnavailable(NeopsError):
    """The engine gave no usable answer now; it may do so later."""


class EngineFailed(EngineUnavailable):
    """The engine broke over this request; others may go well."""


class EngineRefused(NeopsError):
    """The engine answered, and it will answer the same again. `status` is the HTTP status."""

    retryable = False

    def __init__(self, status: int, call: str, message: str) -> None:
        remedy = f" ({REMEDIES[status]})" if status in REMEDIES else ""
        super().__init__(f"the engine answers {status} to {call}: {message}{remedy}")
        self.status = status


class WorkerForgotten(EngineRefused):
    """The engine deleted this worker, or lost its memory: register again."""


class EngineIncompatible(NeopsError):
    """The engine does not speak with this version: update one of the two."""

    retryable = False
