"""Who may run now: so many jobs at a time, and one at a device."""

from __future__ import annotations

import asyncio
from collections.abc import Set as AbstractSet


class Ticket:
    """A job's place in the line. `called` is done when the job may run."""

    def __init__(self, devices: AbstractSet[int]) -> None:
        self.devices = devices
        self.called: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Line:
    """First come, first served; a job that waits for a device lets those pass that want other devices."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._tickets: dict[Ticket, None] = {}

    def join(self, devices: AbstractSet[int]) -> Ticket:
        """Queue up for a place and for these devices (ids)."""
        ticket = Ticket(devices)
        self._tickets[ticket] = None
        self._call()
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Make room, called or not."""
        self._tickets.pop(ticket, None)
        self._call()

    def _call(self) -> None:
        places = self._size - sum(ticket.called.done() for ticket in self._tickets)
        taken: set[int] = set()
        for ticket in self._tickets:
            if places > 0 and not ticket.called.done() and not ticket.devices & taken:
                ticket.called.set_result(None)
                places -= 1
            taken |= ticket.devices
