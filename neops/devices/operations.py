"""Calls into sessions that end in time, whatever the library behind them does."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, Final, TypeVar

from neops.concurrency import Deadline
from neops.devices.plugin import Session

logger = logging.getLogger(__name__)

T = TypeVar("T")

GRACE_S: Final = 0.25
"""How long a call may take to notice that its session was aborted, and then that it was cancelled."""

CLOSE_S: Final = 2.0
"""How long an orderly logout may take before the session is aborted."""

SLOW_ABORT_S: Final = 0.1


class Stragglers:
    """Owns the calls that nobody waits for any more, until they have ended.

    A session whose call was given up is aborted at once. That makes most libraries return; what does not is
    cancelled; what still does not is reported and left behind. `context` makes the contexts of tasks that nobody waits
    for.
    """

    def __init__(self, context: Callable[[], Context] = Context) -> None:
        self.context = context
        self._windings: set[asyncio.Task[None]] = set()
        self._calls: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        """Given up calls that have not ended."""
        return len(self._calls)

    def take(self, call: asyncio.Task[Any], session: Session) -> None:
        """Abort the session and see to it that the call ends."""
        abort(session)
        self._calls.add(call)
        call.add_done_callback(self._ended)
        winding = asyncio.get_running_loop().create_task(self._wind_up(call, session), context=self.context())
        self._windings.add(winding)
        winding.add_done_callback(self._windings.discard)

    async def settle(self, within_s: float) -> None:
        """Wait for given up calls to end, but no longer than this."""
        if self._windings:
            await asyncio.wait(self._windings, timeout=within_s)

    async def _wind_up(self, call: asyncio.Task[Any], session: Session) -> None:
        if await _ends(call):
            await close(session)
            return
        call.cancel()
        if not await _ends(call):
            logger.warning(
                "a call still runs although its session was aborted", extra={"session": type(session).__name__}
            )

    def _ended(self, call: asyncio.Task[Any]) -> None:
        self._calls.discard(call)
        if not call.cancelled():
            call.exception()  # looked at, so that asyncio does not report it: the abort is the reason


async def bounded(
    work: Coroutine[Any, Any, T],
    session: Session,
    deadline: Deadline,
    stragglers: Stragglers,
    context: Context | None = None,
) -> T:
    """Await a call into a session. At the deadline, or when cancelled, abort the session and leave at once.

    Raises:
        TimeoutError: the deadline passed.
        ConnectionAbortedError: the plugin cancelled the call itself.
    """
    call = asyncio.get_running_loop().create_task(work, context=context)
    try:
        done, _ = await asyncio.wait((call,), timeout=deadline.timeout())
    except asyncio.CancelledError:
        stragglers.take(call, session)
        raise
    if not done:
        stragglers.take(call, session)
        raise TimeoutError
    if call.cancelled():
        raise ConnectionAbortedError("the operation was cancelled inside the plugin")
    return call.result()


def abort(session: Session) -> None:
    """Abort a session, from any thread, and say so when the plugin does it badly."""
    started = time.perf_counter()
    try:
        session.abort()
    except Exception:  # the plugin's own code, and whoever aborts has to go on
        logger.exception("a session failed to abort", extra={"session": type(session).__name__})
    if (took_s := time.perf_counter() - started) > SLOW_ABORT_S:
        logger.warning(
            "a session took long to abort: abort() must not block",
            extra={"session": type(session).__name__, "took_s": round(took_s, 3)},
        )


async def close(session: Session, within_s: float = CLOSE_S) -> None:
    """Log out, or abort when that takes too long or fails."""
    closing = asyncio.ensure_future(session.close())
    done, _ = await asyncio.wait((closing,), timeout=within_s)
    if not done or closing.cancelled() or closing.exception() is not None:
        abort(session)
        closing.cancel()


async def _ends(call: asyncio.Task[Any]) -> bool:
    done, _ = await asyncio.wait((call,), timeout=GRACE_S)
    return bool(done)
