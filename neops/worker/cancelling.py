"""Hears at once which jobs the engine wants stopped."""

from __future__ import annotations

import logging
from asyncio import sleep
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from neops.errors import NeopsError
from neops.protocol import CancellationsQuery
from neops.worker.backoff import Backoff
from neops.worker.client import EngineClient

logger = logging.getLogger(__name__)

WAIT_S = 25.0
"""How long the engine may hold the question: below the 30 s after which proxies and load balancers lose patience."""

REMEMBERED = 1000


class CancelChannel:
    """Keeps a question at the engine while there are jobs (`busy` waits for some).

    For an engine with the extension `heldCancel`.
    """

    def __init__(
        self,
        client: EngineClient,
        worker_id: str,
        *,
        busy: Callable[[], Awaitable[object]],
        on_cancel: Callable[[Iterable[str]], None],
        backoff: Backoff,
    ) -> None:
        self._client, self._worker_id = client, worker_id
        self._busy, self._on_cancel, self._backoff = busy, on_cancel, backoff
        self._known: deque[str] = deque(maxlen=REMEMBERED)

    async def run(self) -> None:
        """Ask until cancelled."""
        delays = self._backoff.delays()
        while True:
            await self._busy()
            query = CancellationsQuery(known=list(self._known), wait_seconds=WAIT_S)
            try:
                asked = await self._client.cancellations(self._worker_id, query)
            except NeopsError as error:  # pings tell operators of the same
                logger.debug("cannot ask for cancellations", extra={"reason": str(error)})
                await sleep(next(delays))
                continue
            delays = self._backoff.delays()
            self._known.extend(asked)
            self._on_cancel(asked)
