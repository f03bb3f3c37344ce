"""Puts the engine together: store, blackboard, runs, API, and the tasks in the background."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from neops._version import __version__
from neops.cms import DeviceSecrets, EntityStore
from neops.engine.api.application import create_app
from neops.engine.api.services import Services
from neops.engine.artifacts import ArtifactFiles
from neops.engine.blackboard import Blackboard, LeaseTerms
from neops.engine.clock import Clock, utc_now
from neops.engine.events import EventLog
from neops.engine.housekeeping import Housekeeping
from neops.engine.runs import RunService, Scheduler
from neops.engine.store.errors import StoreUnavailable
from neops.engine.store.limits import Limits, WorkerThresholds
from neops.engine.store.location import artifacts_path, database_path
from neops.engine.store.port import Store
from neops.engine.store.sqlite import SqliteStore
from neops.errors import SettingsInvalid
from neops.settings import EngineSettings

_log = logging.getLogger(__name__)

KEEP_ALIVE_S = 75
"""Idle connections stay open longer than any client keeps one for reuse: a reused dead one costs a request."""

_SHUTDOWN_S = 5
"""How long open connections get to end."""


class Engine:
    """One engine in this event loop: `async with Engine.open(settings) as engine: url = await engine.serve()`."""

    def __init__(self, settings: EngineSettings, store: Store, files: ArtifactFiles, clock: Clock) -> None:
        self._settings = settings
        self.store, self._files = store, files
        self.cms = EntityStore()
        self._scheduler = Scheduler(
            store, self.cms, cancel_grace=timedelta(seconds=settings.cancel_grace_s), clock=clock
        )
        self._blackboard = Blackboard(store, files, self._secrets_of, lease_terms(settings))
        self._housekeeping = Housekeeping(store, self._blackboard, self._scheduler.wake)
        self._events = EventLog(store)
        self.runs = RunService(store, self._scheduler)
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self.asgi: ASGIApp = create_app(
            Services(
                store=store,
                blackboard=self._blackboard,
                runs=self.runs,
                events=self._events,
                files=files,
                version=__version__,
            )
        )

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: EngineSettings, *, clock: Clock = utc_now) -> AsyncIterator[Self]:
        """A running engine on its database; stopped and closed at the end of the block.

        Raises:
            SettingsInvalid: these settings cannot be served.
            StoreUnavailable: the database cannot be opened, or another engine has it.
        """
        check_exposure(settings)
        database = database_path(settings)
        store = await SqliteStore.open(database, limits=limits(settings), clock=clock, alone=True)
        try:
            engine = cls(settings, store, ArtifactFiles(artifacts_path(database)), clock)
            await engine.start()
            try:
                yield engine
            finally:
                await engine.stop()
        finally:
            await store.close()

    @property
    def trouble(self) -> StoreUnavailable | None:
        """Why the last thing to be kept could not be; None once one was."""
        return self.store.trouble or self._files.trouble

    async def start(self) -> None:
        """Take up unfinished runs and the work in the background."""
        await self.store.jobs.extend(timedelta(seconds=self._settings.lease_s))
        self._blackboard.start()
        await self._scheduler.start()
        self._housekeeping.start()

    async def stop(self) -> None:
        """Answer whoever waits, then stop. Runs go on at the next start."""
        self._events.close()
        await self._housekeeping.stop()
        await self._blackboard.stop()
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
        await self._scheduler.stop()

    async def serve(self) -> str:
        """Listen; answers the URL. The server ends with the engine.

        Raises:
            SettingsInvalid: the address cannot be listened on.
        """
        listening = _listen(self._settings.host, self._settings.port)
        self._server = _Server(
            uvicorn.Config(
                self.asgi,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=_SHUTDOWN_S,
            )
        )
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]), name="neops-server")
        await self._server.listening.wait()
        host, port = listening.getsockname()[:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        _log.info("engine is listening", extra={"url": url})
        return url

    async def served(self) -> None:
        """Wait until the server ends."""
        if self._serving is not None:
            await asyncio.shield(self._serving)

    async def _secrets_of(self, devices: Collection[int]) -> Mapping[int, DeviceSecrets]:
        if not devices:
            return {}
        return await self.store.read(lambda connection: self.cms.secrets(connection, devices))


class _Server(uvicorn.Server):
    """A server that says when it listens, and leaves the process's signals to whoever owns the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def limits(settings: EngineSettings) -> Limits:
    """When the store ends something by itself."""
    return Limits(
        workers=WorkerThresholds(
            unreachable=timedelta(seconds=settings.worker_unreachable_s),
            offline=timedelta(seconds=settings.worker_offline_s),
            deleted=timedelta(seconds=settings.worker_deleted_s),
        ),
        never_polled=timedelta(seconds=settings.never_polled_s),
    )


def lease_terms(settings: EngineSettings) -> LeaseTerms:
    """How long jobs are lent."""
    return LeaseTerms(
        first=timedelta(seconds=settings.first_lease_s),
        full=timedelta(seconds=settings.lease_s),
        published=timedelta(seconds=settings.worker_offline_s),
    )


def check_exposure(settings: EngineSettings) -> None:
    """Refuse what would be open to anyone.

    Raises:
        SettingsInvalid: authentication is asked for, which this version does not have yet.
    """
    if settings.auth:
        raise SettingsInvalid(
            "NEOPS_AUTH=true: this version cannot check tokens yet. Say --no-auth (NEOPS_AUTH=false), and let only "
            "a network of your own reach the engine"
        )
    if settings.host not in ("127.0.0.1", "::1", "localhost"):
        _log.warning("anyone who reaches this address can run workflows", extra={"host": settings.host})


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the protocol is given: otherwise each answer waits 40 ms
    # for a delayed acknowledgement (CPython 3.11, asyncio.base_events._set_nodelay).
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        hint = "; is an engine running already? --port takes another, 0 a free one" if port else ""
        raise SettingsInvalid(f"cannot listen on {host}:{port}: {error.strerror or error}{hint}") from error
    return listening
