"""The device layer of one process: an event loop in a thread of its own, in which all sessions live."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Final, Self, TypeVar, cast

from typing_extensions import TypeForm

from neops.concurrency import BlockingExecutor, Clock, context_with
from neops.devices.calls import Calls, Operation
from neops.devices.capabilities import capabilities_of
from neops.devices.changes.conversation import Conversation
from neops.devices.changes.staging import ChangePlan
from neops.devices.credentials import CredentialChain, CredentialProvider, EntityCredentials, LookUps
from neops.devices.credentials.catalogue import credential_providers
from neops.devices.jumps import JumpHosts
from neops.devices.lanes import Lanes
from neops.devices.logins import Admission, JumpHostGate, LoginEvent, Logins, LoginStatistics, OpenBreaker, Route
from neops.devices.observer import Observer
from neops.devices.operations import GRACE_S, Stragglers
from neops.devices.pool import PoolLimits, PoolStatistics, SessionPool
from neops.devices.proxy import Binding, BlockingDevice, DeviceProxy
from neops.devices.resolving.catalogue import PluginCatalogue
from neops.devices.resolving.routing import Routing
from neops.entities import Device
from neops.logs import Redactor
from neops.settings import DeviceSettings, read_environment

logger = logging.getLogger(__name__)

C = TypeVar("C")

SWEEP_S: Final = 5.0
"""How often idle sessions are looked through for those to close."""

STOP_S: Final = 5.0
"""How long `stop` waits for logouts and for calls to end."""


def _ignore(_event: LoginEvent) -> None:
    return None


def _tell_both(one: Callable[[LoginEvent], None], other: Callable[[LoginEvent], None], event: LoginEvent) -> None:
    other(event)
    one(event)


class DeviceRuntime:
    """Opens, shares and closes the sessions of a process. One per process; safe to use from any thread.

    ```python
    with DeviceRuntime(settings) as runtime:
        router = runtime.connect(device, ReadsFacts)
        facts = await router.get_facts()
    ```

    `on_login` hears of every login that went well or failed, in the runtime's own thread: it must not block.
    `redactor` is told every password, enable secret and hidden answer before a device is. `observer` sees all that is
    asked of devices and all they answer: a `neops.devices.transcript.Recorder`.
    """

    def __init__(
        self,
        settings: DeviceSettings | None = None,
        *,
        catalogue: PluginCatalogue | None = None,
        credentials: Sequence[CredentialProvider] = (EntityCredentials(),),
        on_login: Callable[[LoginEvent], None] = _ignore,
        redactor: Redactor | None = None,
        observer: Observer | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._settings = settings or DeviceSettings()
        self.catalogue = catalogue or PluginCatalogue()
        self._executor = BlockingExecutor(self._settings.threads, name="neops-device")
        self._routing = Routing(self.catalogue, self._settings)
        context = partial(context_with, self._executor)
        self._stragglers = Stragglers(context)
        self._pool = SessionPool(_limits(self._settings), clock=clock, context=context)
        self._admission = Admission.of(self._settings, clock=clock)
        chain = _chain(self._settings, credentials, clock)
        self._jump_hosts = JumpHosts(
            chain,
            executor=self._executor,
            redactor=redactor,
            gate=JumpHostGate(self._admission),
            idle_s=self._settings.idle_ttl_s,
        )
        logins = Logins(
            credentials=chain,
            jump_hosts=self._jump_hosts,
            at_a_time=self._settings.concurrent_logins,
            stragglers=self._stragglers,
            executor=self._executor,
            notify=on_login if observer is None else partial(_tell_both, on_login, observer.logged_in),
            admission=self._admission,
            redactor=redactor,
            clock=clock,
        )
        self._learn = (redactor or Redactor()).add
        self._lanes = Lanes(self._pool, logins, self._stragglers, observer=observer, clock=clock)
        self._calls: Calls | None = None
        self._changes: set[asyncio.Task[None]] = set()
        self._clock = clock
        self._served: dict[int, dict[str, None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """A runtime with the settings and credentials that the environment, and below it `.env`, give; not started.

        Raises:
            SettingsInvalid: a value cannot be used.
        """
        values = read_environment(environment)
        settings = DeviceSettings.load(values)
        return cls(settings, credentials=credential_providers(values, settings.credentials))

    def start(self) -> None:
        """Start the runtime's thread. A stopped runtime cannot be started again."""
        if self._thread is not None:
            raise RuntimeError("this device runtime was started before")
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(self._executor)
        self._calls = Calls(self._loop, self._executor)
        self._thread = threading.Thread(target=self._serve, args=(self._loop,), name="neops-devices", daemon=True)
        self._thread.start()

    def stop(self, within_s: float = STOP_S) -> None:
        """End all operations, close all sessions and the thread; what does not end in time is left behind and logged.

        Operations that still run raise SessionLost at their callers.
        """
        if self._loop is None or self._thread is None or self._calls is None or self._stopping:
            return
        self._stopping = True
        self._calls.interrupt("the device runtime was stopped")
        shutting_down = asyncio.run_coroutine_threadsafe(self._shut_down(within_s), self._loop)
        concurrent.futures.wait((shutting_down,), timeout=within_s + 1)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(1)
        self._calls.interrupt("the device runtime was stopped")  # those that came in meanwhile
        if self._thread.is_alive():
            logger.error("the device runtime's thread does not end: a plugin blocks its event loop")
        if self._executor.abandoned:
            logger.warning("device calls still run in threads", extra={"threads": self._executor.abandoned})

    def connect(self, device: Device, capability: TypeForm[C], *, job: str | None = None) -> C:
        """The device, typed as the capability: see `Connector.connect`."""
        return cast("C", DeviceProxy(self._bind(device, capability, job)))

    def connect_blocking(self, device: Device, capability: TypeForm[Any], *, job: str | None = None) -> BlockingDevice:
        """The same for a thread without an event loop: methods return the answer itself."""
        return BlockingDevice(self._bind(device, capability, job))

    def abort(self, *, job: str) -> int:
        """End a job's operations now, from any thread: their sessions are closed, their callers get SessionLost.

        Returns how many operations there were.
        """
        return 0 if self._calls is None else self._calls.interrupt("its job was aborted", job=job)

    def served_by(self, device: Device) -> tuple[str, ...]:
        """Names of the plugins that answered for this device so far, in the order of their first use."""
        return tuple(self._served.get(device.id, ()))

    def statistics(self) -> PoolStatistics:
        """Sessions of the whole process, now and since the start."""
        waiting = sum(operation.session is None for operation in self._calls or ())
        return self._pool.statistics(waiting)

    def login_statistics(self) -> LoginStatistics:
        """Logins of the whole process, now and since the start."""
        return self._admission.statistics()

    def open_breakers(self) -> tuple[OpenBreaker, ...]:
        """Devices that did not answer and are left alone at the moment: since when, why, and until when."""
        return self._admission.open_breakers()

    @property
    def hung_threads(self) -> int:
        """Threads in which a library still runs a call that was given up."""
        return self._executor.abandoned

    async def call(self, operation: Operation) -> Any:
        return await self._serving().answer(operation, lambda: self._operate(operation))

    def call_blocking(self, operation: Operation) -> Any:
        if threading.current_thread() is self._thread:
            raise RuntimeError("a blocking call in the device runtime's own thread would wait for itself")
        return self._serving().answer_blocking(operation, lambda: self._operate(operation))

    def converse(self, operation: Operation, plan: ChangePlan) -> Conversation:
        calls = self._serving()
        conversation = Conversation(operation, plan, self._lanes, calls.loop, clock=self._clock)
        calls.begin(operation, lambda: self._converse(operation, conversation))
        return conversation

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _bind(self, device: Device, capability: object, job: str | None) -> Binding:
        wanted = capabilities_of(capability) if isinstance(capability, type) else frozenset()
        if not isinstance(capability, type) or not wanted:
            raise TypeError(f"{capability!r} is no capability: ask for a Protocol such as ReadsFacts")
        routes = self._routing.routes(device, wanted)
        return Binding(
            device=device.name,
            platform=routes.platform,
            capability=capability.__name__,
            methods=routes.methods,
            job=job,
            caller=self,
            learn=self._learn,
        )

    def _serving(self) -> Calls:
        if self._calls is None or self._stopping:
            raise RuntimeError("the device runtime is not running: call start(), or use it as a context manager")
        return self._calls

    async def _operate(self, operation: Operation) -> Any:
        answer = await self._lanes.run(operation)
        self._note(operation.route)
        return answer

    async def _converse(self, operation: Operation, conversation: Conversation) -> None:
        self._note(operation.route)
        await conversation.run(self._changes)

    def _note(self, route: Route) -> None:
        self._served.setdefault(route.device.id, {})[route.plugin.name] = None

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        sweeping = loop.create_task(self._sweep())
        try:
            loop.run_forever()
        finally:
            del sweeping
            loop.close()
            self._executor.shutdown(wait=False)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            self._pool.sweep()

    async def _shut_down(self, within_s: float) -> None:
        if self._changes:  # they leave their devices as they were
            await asyncio.wait(self._changes, timeout=within_s / 2)
        await self._lanes.settle(within_s / 4)
        await self._pool.close(within_s / 2)
        await self._stragglers.settle(within_s / 2)
        await self._jump_hosts.close()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=GRACE_S)
        await asyncio.get_running_loop().shutdown_asyncgens()


def _limits(settings: DeviceSettings) -> PoolLimits:
    return PoolLimits(
        sessions=settings.max_sessions,
        sessions_per_device=settings.sessions_per_device,
        idle_ttl_s=settings.idle_ttl_s,
        max_age_s=settings.max_age_s,
    )


def _chain(settings: DeviceSettings, providers: Sequence[CredentialProvider], clock: Clock) -> CredentialChain:
    lookups = LookUps(limit_s=settings.credential_timeout_s, keep_s=settings.credential_cache_s, clock=clock)
    return CredentialChain(
        providers,
        limit=settings.credential_failures,
        hold_off_s=settings.credential_hold_off_s,
        lookups=lookups,
        clock=clock,
    )
