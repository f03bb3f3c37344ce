"""Warm sessions: a login is paid once and used by many operations. Everything here lives in the runtime's loop."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass, field
from typing import Final

from neops.concurrency import Clock, wait_at_most
from neops.devices.operations import CLOSE_S, abort, close
from neops.devices.plugin import ConnectionOptions, Session
from neops.devices.waiting import WaitingLine

logger = logging.getLogger(__name__)

Address = tuple[str, int | None]

_text: Final = json.JSONEncoder(sort_keys=True, default=str)

ALIVE_S: Final = 1.0
"""How long a session may take to say whether it is alive."""


@dataclass(frozen=True, kw_only=True)
class SessionKey:
    """Who may share a session: the same plugin, on the same device, told the same in every respect.

    `told` is everything else that the session is told, secrets included, so that nobody rides on a login that his own
    credentials would not have got. A change of configuration has sessions of its own (`changing`), so that the device
    can be read while it is made.
    """

    plugin: str
    host: str
    port: int | None
    username: str | None
    platform: str
    told: tuple[object, ...] = field(repr=False)
    changing: bool = False

    @classmethod
    def of(cls, plugin: str, options: ConnectionOptions) -> SessionKey:
        credentials, host_keys = options.credentials, options.host_keys
        return cls(
            plugin=plugin,
            host=options.host,
            port=options.port,
            username=credentials.username,
            platform=options.platform,
            told=(
                *vars(credentials).values(),
                *vars(host_keys).values(),
                options.connect_timeout_s,
                options.command_timeout_s,
                options.keepalive_s,
                options.jump_hosts,
                options.ssh_config_file,
                _text.encode(dict(options.extras)) if options.extras else "",
            ),
        )

    @property
    def address(self) -> Address:
        return self.host, self.port


@dataclass(frozen=True, kw_only=True)
class PoolLimits:
    """How many sessions, in all and to one device, and how long they live (seconds)."""

    sessions: int = 1000
    sessions_per_device: int = 4
    idle_ttl_s: float = 60.0
    max_age_s: float = 3600.0


@dataclass(frozen=True, kw_only=True)
class PoolStatistics:
    """`open` counts sessions that are open now or being opened, `waiting` operations that have no session yet.

    `opened`, `reused`, `aborted` and `closed` count since the start.
    """

    opened: int
    reused: int
    aborted: int
    closed: int
    open: int
    idle: int
    waiting: int


def _allowed() -> None:
    """Every login may be tried."""


@dataclass(eq=False)
class PooledSession:
    """A session with its history; `idle_since` is when it was last handed back."""

    key: SessionKey
    session: Session
    opened_at: float
    idle_since: float = 0.0


class SessionPool:
    """Keeps sessions open between operations, within limits.

    When there is no room, the session that was idle for longest makes it; when none is idle, callers wait. `context`
    makes the contexts in which sessions are closed.
    """

    def __init__(
        self, limits: PoolLimits, *, clock: Clock = time.monotonic, context: Callable[[], Context] = Context
    ) -> None:
        self._limits, self._clock, self._context = limits, clock, context
        self._idle: dict[SessionKey, PooledSession] = {}  # in the order of handing back
        self._per_device: Counter[Address] = Counter()
        self._line = WaitingLine()
        self._device_lines: dict[Address, WaitingLine] = {}
        self._closings: dict[asyncio.Task[None], Address] = {}
        self._open = self._opened = self._reused = self._aborted = self._closed = 0

    def statistics(self, waiting: int = 0) -> PoolStatistics:
        return PoolStatistics(
            opened=self._opened,
            reused=self._reused,
            aborted=self._aborted,
            closed=self._closed,
            open=self._open,
            idle=len(self._idle),
            waiting=waiting,
        )

    async def check_out(
        self, key: SessionKey, login: Callable[[], Awaitable[Session]], *, check: Callable[[], None] = _allowed
    ) -> PooledSession:
        """The warm session of this key, or a new one. Hand it back with `give_back` or `discard`.

        One at a time for each key: its lane sees to that. `check` raises where a login would be in vain: before others
        make room for it.
        """
        warm = self._idle.pop(key, None)
        if warm is not None and await self._usable(warm):
            self._reused += 1
            return warm
        check()
        await self._claim(key.address)
        try:
            session = await login()
        except BaseException:
            self._release(key.address)
            raise
        self._opened += 1
        return PooledSession(key=key, session=session, opened_at=self._clock())

    def give_back(self, pooled: PooledSession) -> None:
        """Keep a session for the next operation."""
        pooled.idle_since = self._clock()
        if self._expired(pooled):
            self._retire(pooled)
            return
        self._idle[pooled.key] = pooled
        self._now_idle(pooled.key.address)

    def discard(self, pooled: PooledSession, *, aborted: bool) -> None:
        """Forget a session that is not to be used again; `aborted` when its socket is closed already."""
        if aborted:
            self._aborted += 1
            self._release(pooled.key.address)
        else:
            self._retire(pooled)

    def forget(self, key: SessionKey) -> None:
        """Close the idle session of this key, if there is one: the next check-out logs in."""
        if (pooled := self._idle.pop(key, None)) is not None:
            self._retire(pooled)

    def sweep(self) -> None:
        """Close sessions that are idle for too long or too old. Call it now and then."""
        for pooled in [pooled for pooled in self._idle.values() if self._expired(pooled)]:
            del self._idle[pooled.key]
            self._retire(pooled)

    async def close(self, within_s: float = CLOSE_S) -> None:
        """Log out of all idle sessions and wait for the logouts that are under way, but no longer than this."""
        while self._idle:
            self._retire(self._idle.popitem()[1])
        if self._closings:
            await asyncio.wait(self._closings, timeout=within_s)

    async def _usable(self, warm: PooledSession) -> bool:
        try:
            if self._expired(warm):
                self._retire(warm)
                return False
            if await wait_at_most(ALIVE_S, _alive(warm.session)):
                return True
        except Exception as error:  # noqa: BLE001  # the plugin's own code: a session that cannot tell is not alive
            logger.info("a session could not say whether it is alive", extra={"key": warm.key, "problem": repr(error)})
        except asyncio.CancelledError:
            self._retire(warm)
            raise
        logger.info("a warm session was found dead", extra={"host": warm.key.host, "plugin": warm.key.plugin})
        abort(warm.session)
        self._retire(warm)
        return False

    async def _claim(self, address: Address) -> None:
        """Take room for one more session, first on the device, then in all."""
        await self._line_at(address).enter(lambda: self._take_on(address), lambda: self._leave(address))
        try:
            await self._line.enter(self._take_in_all, self._leave_all)
        except BaseException:
            self._leave(address)
            raise
        closings = [task for task, closing in self._closings.items() if closing == address]
        try:
            if closings:  # the device counts a session until it is closed
                await asyncio.wait(closings, timeout=CLOSE_S)
        except BaseException:
            self._release(address)
            raise

    def _take_on(self, address: Address) -> bool:
        if self._per_device[address] >= self._limits.sessions_per_device:
            victim = next((one for one in self._idle.values() if one.key.address == address), None)
            if victim is None:
                return False
            self._evict(victim)
        self._per_device[address] += 1
        return True

    def _take_in_all(self) -> bool:
        if self._open >= self._limits.sessions:
            if not self._idle:
                return False
            self._evict(next(iter(self._idle.values())))
        self._open += 1
        return True

    def _evict(self, victim: PooledSession) -> None:
        del self._idle[victim.key]
        self._retire(victim)

    def _retire(self, pooled: PooledSession) -> None:
        """Close a session in the background."""
        self._closed += 1
        closing = asyncio.get_running_loop().create_task(close(pooled.session), context=self._context())
        self._closings[closing] = pooled.key.address
        closing.add_done_callback(lambda task: self._closings.pop(task, None))
        self._release(pooled.key.address)

    def _release(self, address: Address) -> None:
        self._leave(address)
        self._leave_all()

    def _leave(self, address: Address) -> None:
        self._per_device[address] -= 1
        line = self._line_at(address)
        line.move()
        if not self._per_device[address] and not line:
            del self._per_device[address], self._device_lines[address]

    def _leave_all(self) -> None:
        self._open -= 1
        self._line.move()

    def _now_idle(self, address: Address) -> None:
        """An idle session can make room for another."""
        self._line_at(address).move()
        self._line.move()

    def _line_at(self, address: Address) -> WaitingLine:
        line = self._device_lines.get(address)
        if line is None:
            line = self._device_lines[address] = WaitingLine()
        return line

    def _expired(self, pooled: PooledSession) -> bool:
        now, limits = self._clock(), self._limits
        return now - pooled.opened_at >= limits.max_age_s or now - pooled.idle_since >= limits.idle_ttl_s


async def _alive(session: Session) -> bool:
    return await session.alive()
