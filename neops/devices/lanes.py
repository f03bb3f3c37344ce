"""Lanes: to one device through one plugin goes one operation at a time, in the order of asking."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from typing import Any, Final, cast

from neops.concurrency import Clock, Deadline
from neops.devices.calls import Operation
from neops.devices.logins import Logins
from neops.devices.observer import Observer
from neops.devices.operations import Stragglers, abort, bounded
from neops.devices.plugin import Session
from neops.devices.pool import PooledSession, SessionKey, SessionPool
from neops.errors import ConnectFailed, DeviceError, NeopsError, OperationTimedOut, SessionLost

logger = logging.getLogger(__name__)

RESET_S: Final = 5.0
"""How long a session may take to reset itself before it is closed instead."""

_SESSION_GONE: Final = (SessionLost, OperationTimedOut, ConnectFailed)


class _Lane:
    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.asked = 0
        self.failed_logins = 0
        self.failure: ConnectFailed | None = None


class Lanes:
    """Takes operations to their sessions. Lives in the runtime's loop.

    Who was already waiting while a login failed gets the same error: the device is not asked again for each of them.
    """

    def __init__(
        self,
        pool: SessionPool,
        logins: Logins,
        stragglers: Stragglers,
        *,
        observer: Observer | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._observed = observer is not None
        self._perform = self._performed if observer is None else observer.around(self._performed)
        self._pool, self._logins, self._stragglers, self._clock = pool, logins, stragglers, clock
        self._lanes: dict[SessionKey, _Lane] = {}
        self._resets: set[asyncio.Task[None]] = set()

    async def run(self, operation: Operation) -> Any:
        """Run an operation when its turn comes, on a warm session or a new one.

        Raises:
            ConnectFailed: no session could be opened; nothing was sent.
            SessionLost: the session broke; what was sent may have taken effect, so it is never sent again.
            OperationTimedOut: the deadline passed; the session was closed.
        """
        lane = self._lanes.setdefault(operation.route.key, _Lane())
        lane.asked += 1
        turn = False
        try:
            async with _within(operation.until):
                seen = lane.failed_logins
                turn = await lane.turn.acquire()
                pooled = await self._session(operation, lane, seen)
            if operation.interrupted is not None:  # after it got its turn: nothing is sent for a job that was aborted
                self._pool.give_back(pooled)
                raise operation.interrupted
            result = await self._perform(operation, pooled)
        except TimeoutError:
            self._leave(operation.route.key, lane, turn=turn)
            raise OperationTimedOut(
                operation.route.name, f"the deadline passed before {operation.method} had a session"
            ) from None
        except BaseException:
            if not operation.given_up:
                self._leave(operation.route.key, lane, turn=turn)
            raise
        if not operation.given_up:
            self._hand_back(pooled, lane)
        return result

    async def settle(self, within_s: float) -> None:
        """Wait until sessions that are being reset are back in the pool."""
        if self._resets:
            await asyncio.wait(self._resets, timeout=within_s)

    @asynccontextmanager
    async def hold(self, operation: Operation) -> AsyncIterator[Held]:
        """Keep the lane inside the block for calls that belong together; they are made on behalf of `operation`.

        Raises:
            OperationTimedOut: the deadline passed before it was the operation's turn.
        """
        operation.alone = False
        lane = self._lanes.setdefault(operation.route.key, _Lane())
        lane.asked += 1
        turn = False
        try:
            async with asyncio.timeout(operation.until.timeout()):
                turn = await lane.turn.acquire()
        except TimeoutError:
            self._leave(operation.route.key, lane, turn=turn)
            raise OperationTimedOut(operation.route.name, "the deadline passed before it was its turn") from None
        except BaseException:
            self._leave(operation.route.key, lane, turn=turn)
            raise
        held = Held(
            operation,
            log_in=lambda asked: self._session(asked, lane, lane.failed_logins),
            perform=self._perform,
            close=self._close,
        )
        try:
            yield held
        finally:
            if held.pooled is None:
                self._leave(operation.route.key, lane, turn=True)
            else:
                self._hand_back(held.pooled, lane)

    def _close(self, key: SessionKey, pooled: PooledSession | None) -> None:
        if pooled is None:
            self._pool.forget(key)
        else:
            self._pool.discard(pooled, aborted=False)

    async def _session(self, operation: Operation, lane: _Lane, seen: int) -> PooledSession:
        if operation.interrupted is not None:
            raise operation.interrupted
        if lane.failure is not None and lane.failed_logins != seen:
            raise lane.failure.with_traceback(None)
        route = operation.route
        try:
            return await self._pool.check_out(
                route.key,
                lambda: self._logins.open(route, operation.until, operation.job, urgent=operation.begun),
                check=lambda: self._logins.check(route, urgent=operation.begun),
            )
        except ConnectFailed as error:
            lane.failure = error
            lane.failed_logins += 1
            raise

    async def _performed(self, operation: Operation, pooled: PooledSession) -> Any:
        route, session = operation.route, pooled.session
        limit = min(operation.until, Deadline.after(operation.time_limit_s, self._clock))
        operation.session = session
        try:
            if operation.alone and not self._observed:
                return await self._call_here(operation, pooled, limit)
            return await bounded(_call(session, operation), session, limit, self._stragglers)
        except asyncio.CancelledError:
            self._discard(operation, pooled, aborted=True)
            raise
        except TimeoutError:
            abort(session)
            self._discard(operation, pooled, aborted=True)
            raise _too_late(operation, limit) from None
        except (OSError, EOFError) as error:
            self._discard(operation, pooled)
            raise SessionLost(route.name, f"{operation.method}: {str(error) or type(error).__name__}") from error
        except NeopsError as error:
            if isinstance(error, _SESSION_GONE) or operation.given_up:
                self._discard(operation, pooled)
            else:
                self._pool.give_back(pooled)
            raise
        except Exception as error:
            self._discard(operation, pooled)  # what state it is in only the plugin could have known
            error.add_note(f"{route.name}: in {operation.method} of the plugin {route.plugin.name}")
            raise
        finally:
            operation.session = None

    async def _call_here(self, operation: Operation, pooled: PooledSession, limit: Deadline) -> Any:
        """Call into a session in this very task, which costs less than `bounded`.

        At the deadline, and when its caller does not wait any more, the operation is given up: its caller, its lane
        and the pool go on at once, and this task is a straggler until the call has ended.
        """
        task, within_s = cast("asyncio.Task[Any]", asyncio.current_task()), limit.timeout()
        operation.give_up = partial(self._give_up, operation, pooled, task)
        timer = within_s is not None and asyncio.get_running_loop().call_later(
            within_s, lambda: self._give_up(operation, pooled, task, _too_late(operation, limit))
        )
        try:
            return await _call(pooled.session, operation)
        except asyncio.CancelledError:
            if not operation.given_up:  # the runtime stops
                abort(pooled.session)
            raise
        finally:
            operation.give_up = None
            if timer:
                timer.cancel()

    def _give_up(
        self, operation: Operation, pooled: PooledSession, task: asyncio.Task[Any], error: DeviceError | None = None
    ) -> None:
        if operation.given_up:
            return
        self._stragglers.take(task, pooled.session)
        self._discard(operation, pooled, aborted=True)
        operation.given_up = True
        self._leave(pooled.key, self._lanes[pooled.key], turn=True)
        if error is not None:
            operation.fail(error)

    def _discard(self, operation: Operation, pooled: PooledSession, *, aborted: bool = False) -> None:
        if not operation.given_up:
            self._pool.discard(pooled, aborted=aborted)

    def _hand_back(self, pooled: PooledSession, lane: _Lane) -> None:
        if _clean(pooled.session):
            self._pool.give_back(pooled)
            self._leave(pooled.key, lane, turn=True)
            return
        resetting = asyncio.get_running_loop().create_task(
            self._reset(pooled, lane), context=self._stragglers.context()
        )
        self._resets.add(resetting)
        resetting.add_done_callback(self._resets.discard)

    async def _reset(self, pooled: PooledSession, lane: _Lane) -> None:
        """The caller has its answer already; the next operation waits until this is over."""
        limit = Deadline.after(RESET_S, self._clock)
        try:
            await bounded(pooled.session.reset(), pooled.session, limit, self._stragglers)
        except Exception as error:  # noqa: BLE001  # the plugin's own code: a session that cannot be reset is not used again
            logger.warning(
                "a session could not be reset",
                extra={"host": pooled.key.host, "plugin": pooled.key.plugin, "problem": repr(error)},
            )
            self._pool.discard(pooled, aborted=False)
        else:
            self._pool.give_back(pooled)
        finally:
            self._leave(pooled.key, lane, turn=True)

    def _leave(self, key: SessionKey, lane: _Lane, *, turn: bool) -> None:
        if turn:
            lane.turn.release()
        lane.asked -= 1
        if not lane.asked:
            del self._lanes[key]


class Held:
    """A lane that is held, and its session where there is one."""

    def __init__(
        self,
        operation: Operation,
        *,
        log_in: Callable[[Operation], Awaitable[PooledSession]],
        perform: Callable[[Operation, PooledSession], Awaitable[Any]],
        close: Callable[[SessionKey, PooledSession | None], None],
    ) -> None:
        self._operation, self._log_in, self._perform, self._close = operation, log_in, perform, close
        self.pooled: PooledSession | None = None

    async def call(self, method: str, *args: Any, commands: int = 1) -> Any:
        """Call a method of the session; logs in where there is none.

        Raises:
            ConnectFailed: no session could be opened; nothing was sent.
            SessionLost, OperationTimedOut: as in `Lanes.run`; the next call gets another session.
        """
        operation = self._operation
        operation.method, operation.args, operation.commands = method, args, commands
        pooled = await self._living() or await self._session()
        self.pooled = None  # if this fails, it goes back to the pool or is closed
        result = await self._perform(operation, pooled)
        self.pooled, operation.session = pooled, pooled.session
        return result

    async def _living(self) -> PooledSession | None:
        """The session, unless it died or was aborted since the last call."""
        if self.pooled is not None and not await self.pooled.session.alive():
            self._close(self._operation.route.key, self.pooled)
            self.pooled = None
        return self.pooled

    async def renew(self) -> None:
        """Close the session and log in anew."""
        pooled, self.pooled = self.pooled, None
        self._close(self._operation.route.key, pooled)
        self.pooled = await self._session()

    def outlive(self, until: Deadline) -> None:
        """Go on without whoever asked: his deadline and the end of his job do not matter any more."""
        asked = self._operation
        self._operation = Operation(route=asked.route, method=asked.method, until=until, begun=asked.begun, alone=False)

    async def _session(self) -> PooledSession:
        try:
            async with asyncio.timeout(self._operation.until.timeout()):
                pooled = await self._log_in(self._operation)
        except TimeoutError:
            raise OperationTimedOut(self._operation.route.name, "the deadline passed while logging in") from None
        self._operation.begun = True
        return pooled


def _clean(session: Session) -> bool:
    try:
        return session.clean
    except Exception:  # noqa: BLE001  # the plugin's own code: its reset has to show what is wrong
        return False


def _within(limit: Deadline) -> AbstractAsyncContextManager[object]:
    """`asyncio.timeout`, where there is a deadline."""
    within_s = limit.timeout()
    return nullcontext() if within_s is None else asyncio.timeout(within_s)


async def _call(session: Session, operation: Operation) -> Any:
    return await getattr(session, operation.method)(*operation.args, **operation.kwargs)


def _too_late(operation: Operation, limit: Deadline) -> DeviceError:
    if operation.until <= limit:
        return OperationTimedOut(operation.route.name, f"{operation.method} was not done at the job's deadline")
    return OperationTimedOut(
        operation.route.name, f"{operation.method} was not done within {operation.time_limit_s:g} s (command deadline)"
    )
