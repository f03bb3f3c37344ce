"""Opens sessions: imports the library once, bounds how many log in at a time, and says how each login ended."""

from __future__ import annotations

import asyncio
import importlib
import logging
import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field, replace
from typing import Final

from neops.concurrency import BlockingExecutor, Clock, Deadline, in_thread, use_executor
from neops.devices.credentials import CredentialChain, Permission
from neops.devices.jumps import JumpHosts
from neops.devices.logins.admission import Admission
from neops.devices.logins.breakers import Endpoint, Login
from neops.devices.logins.events import LoginEvent
from neops.devices.operations import Stragglers, abort, bounded
from neops.devices.plugin import ConnectionOptions, ConnectionPlugin, Credentials, Session
from neops.devices.pool import SessionKey
from neops.devices.waiting import Places
from neops.entities import Device
from neops.errors import ConnectFailed, DeviceError, OperationTimedOut, Unreachable
from neops.logs import Redactor

logger = logging.getLogger(__name__)

PATIENCE_S: Final = 3.0
"""A login that takes longer waits for its device, and no longer counts among those that work at the same time."""

SLACK_S: Final = 0.25
"""How long after the connect deadline the plugin may still say by itself what it was waiting for."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """How one device is reached through one plugin."""

    device: Device
    plugin: ConnectionPlugin
    options: ConnectionOptions
    key: SessionKey = field(repr=False)

    @classmethod
    def to(cls, device: Device, plugin: ConnectionPlugin, options: ConnectionOptions) -> Route:
        return cls(device=device, plugin=plugin, options=options, key=SessionKey.of(plugin.name, options))

    @property
    def name(self) -> str:
        """The device's name, for errors and logs."""
        return self.device.name

    @property
    def endpoint(self) -> Endpoint:
        """What a circuit breaker and a rate limit are about."""
        options = self.options
        return Endpoint(options.host, options.port or self.plugin.name, tuple(map(str, options.jump_hosts)))

    @property
    def place(self) -> str:
        """Address, port, jump hosts and plugin, for errors."""
        port = "" if self.options.port is None else f":{self.options.port}"
        return f"{self.options.host}{port}{self.options.via} through {self.plugin.name}"


class Logins:
    """Opens the sessions of one runtime, in its loop.

    Sessions are opened in a context of their own, because they outlive the job that happens to open them.
    """

    def __init__(
        self,
        *,
        credentials: CredentialChain,
        at_a_time: int,
        stragglers: Stragglers,
        executor: BlockingExecutor,
        notify: Callable[[LoginEvent], None],
        jump_hosts: JumpHosts | None = None,
        admission: Admission | None = None,
        redactor: Redactor | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._admission = admission or Admission(clock=clock)
        self._jump_hosts = jump_hosts or JumpHosts(credentials)
        self._credentials, self._stragglers, self._notify = credentials, stragglers, notify
        self._executor, self._redactor, self._clock = executor, redactor or Redactor(), clock
        self._places = Places(lambda: at_a_time, patience_s=PATIENCE_S)
        self._imports: dict[str, asyncio.Task[None]] = {}

    def check(self, route: Route, *, urgent: bool = False) -> None:
        """Whether a login may be tried now. At once, and nothing is sent.

        Raises:
            DeviceExcluded: a rule of the operator forbids it.
            DeviceHeldOff: the device did not answer lately.
        """
        self._admission.check(route.device, route.endpoint, urgent=urgent)

    async def open(self, route: Route, until: Deadline, job: str | None, *, urgent: bool = False) -> Session:
        """A new session, logged in. An urgent login is not held off and waits for no rate limit.

        Raises:
            ConnectFailed: the device cannot be reached, does not let us in, or must not be tried (as in `check`).
            OperationTimedOut: `until` passed before the login was over.
        """
        await self._admission.permit(route.device, route.options.host)
        started = self._clock()
        with self._admission.logging_in(route.device, route.endpoint, urgent=urgent) as login:
            try:
                session = await self._open(route, until, login, urgent=urgent)
            except ConnectFailed as error:
                self._tell(route, job, started, error)
                raise
        self._tell(route, job, started, None)
        return session

    async def _open(self, route: Route, until: Deadline, login: Login, *, urgent: bool) -> Session:
        await self._library_of(route)
        admission = self._admission
        self._redactor.learn(dict(route.options.extras))
        reached = await self._jump_hosts.on_the_way(route.name, route.options, urgent=urgent)
        if reached.host != route.options.host:
            await admission.permit(route.device, reached.host)

        async def attempt(credentials: Credentials, permission: Permission) -> Session:
            self._redactor.add(credentials.password, credentials.enable_secret, credentials.passphrase)
            options = replace(reached, credentials=credentials, before_login=permission)
            await admission.turn(route.device, route.endpoint, until, urgent=urgent)
            try:
                session = self._made(route, options)
                if not (session.asks_before_login and credentials.password and not credentials.private_key):
                    await permission()
            except BaseException:
                admission.not_used(route.endpoint)
                raise
            async with self._places.place():
                with admission.contact(login, until):
                    return await self._log_in(route, session, until)

        return await self._credentials.log_in(route.device, reached.credentials, attempt)

    def _made(self, route: Route, options: ConnectionOptions) -> Session:
        try:
            session = route.plugin.session(route.device.model_copy(), options)
        except DeviceError:
            raise
        except Exception as error:
            raise _unexpected(route, error) from error
        if options.tunnel is not None and not session.knows_jump_hosts:
            raise ConnectFailed(route.name, f"{route.plugin.name} knows no jump hosts: prefer another plugin")
        return session

    async def _log_in(self, route: Route, session: Session, until: Deadline) -> Session:
        limit = min(until, Deadline.after(route.options.connect_timeout_s + SLACK_S, self._clock))
        try:
            await bounded(self._opening(session), session, limit, self._stragglers, Context())
        except TimeoutError:
            raise _late(route, until) from None
        except Exception as error:
            abort(session)  # whatever its `open` has left
            if isinstance(error, DeviceError):
                raise
            raise _unexpected(route, error) from error
        return session

    async def _opening(self, session: Session) -> None:
        with use_executor(self._executor):
            await session.open()

    async def _library_of(self, route: Route) -> None:
        """Import the plugin's library in a thread: it takes up to half a second in which other devices go on."""
        plugin = route.plugin
        task = self._imports.get(plugin.name)
        if task is None:
            task = asyncio.get_running_loop().create_task(
                in_thread(lambda: _import(plugin.modules), executor=self._executor), context=Context()
            )
            self._imports[plugin.name] = task
        try:
            await asyncio.shield(task)
        except Exception as error:
            self._imports.pop(plugin.name, None)
            raise ConnectFailed(route.name, f"{plugin.name} cannot import its library: {error}") from error

    def _tell(self, route: Route, job: str | None, started: float, error: ConnectFailed | None) -> None:
        elapsed_s = self._clock() - started
        fields = {"device": route.name, "plugin": route.plugin.name, "elapsed_s": round(elapsed_s, 3)}
        if error is None:
            logger.info("logged in", extra=fields)
        else:
            self._admission.count_failure()
            logger.warning("login failed", extra=fields | {"error": error.message})
        event = LoginEvent(device=route.device, plugin=route.plugin.name, job=job, elapsed_s=elapsed_s, error=error)
        try:
            self._notify(event)
        except Exception:  # the listener's own code, and the login is what it is
            logger.exception("a listener to logins failed", extra=fields)


def _import(modules: tuple[str, ...]) -> None:
    for module in modules:
        importlib.import_module(module)


def _late(route: Route, until: Deadline) -> DeviceError:
    if until.expired:
        return OperationTimedOut(route.name, "the job's deadline passed while logging in")
    return Unreachable(route.name, f"no login within {route.options.connect_timeout_s:g} s at {route.place}")


def _unexpected(route: Route, error: Exception) -> ConnectFailed:
    return ConnectFailed(route.name, f"{type(error).__name__} at {route.place}: {error}")
