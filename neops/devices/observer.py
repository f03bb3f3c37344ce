"""Where the device layer lets somebody look on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from neops.devices.calls import Operation
    from neops.devices.logins import LoginEvent
    from neops.devices.pool import PooledSession

Perform = Callable[["Operation", "PooledSession"], Awaitable[Any]]
"""Takes an operation to its session; its answer, or the error that its caller gets."""


class Observer(Protocol):
    """Sees every login and every operation of a runtime, in the runtime's own loop: it must not block."""

    def around(self, perform: Perform) -> Perform:
        """What is done instead of `perform`, and does it."""
        ...

    def logged_in(self, event: LoginEvent) -> None:
        """A login went well or failed."""
        ...
