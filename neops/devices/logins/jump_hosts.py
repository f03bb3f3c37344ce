"""Logins at jump hosts pass the same rules as those at devices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from neops.concurrency import Deadline
from neops.devices.jumps.gate import Contact
from neops.devices.logins.admission import Admission
from neops.devices.logins.breakers import Endpoint
from neops.devices.plugin import SSH_PORT
from neops.entities import Device


class JumpHostGate:
    """Exclusions and circuit breakers for jump hosts.

    Hundreds of devices may be behind one: while it does not answer, each of them would try it anew and wait for it.
    """

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    @asynccontextmanager
    async def through(self, jump_host: Device, via: tuple[str, ...], *, urgent: bool) -> AsyncIterator[Contact]:
        host = jump_host.hostname or ""
        await self._admission.permit(jump_host, host)
        endpoint = Endpoint(host, jump_host.port or SSH_PORT, via)
        with self._admission.logging_in(jump_host, endpoint, urgent=urgent) as login:
            yield partial(self._admission.contact, login, Deadline.never)
