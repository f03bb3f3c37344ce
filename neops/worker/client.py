"""The calls a worker makes to the engine, typed; each answer is read as the contract says."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import quote

import aiohttp
from pydantic import ValidationError
from yarl import URL

from neops.protocol import (
    Cancellations,
    CancellationsQuery,
    JobDefinition,
    JobEvents,
    JobPoll,
    Message,
    Ping,
    RegisterFunctionBlock,
    RegisterWorker,
    UndecodableJob,
    VersionCompatibility,
    VersionCompatibilityRequest,
    WorkerActionResult,
    WorkerRegistration,
    dump,
    load_jobs,
)
from neops.worker.errors import EngineFailed, EngineRefused, EngineUnavailable, WorkerForgotten

CONTRACT = VersionCompatibilityRequest(version="0.43.0-beta.8", library="neops_workflow_engine_client")
"""The published contract that this worker speaks, by the name and version that engines know it by."""

M = TypeVar("M", bound=Message)

TRY_AGAIN = frozenset({408, 429})
AWAY = frozenset({502, 503, 504})
"""A proxy in front of the engine, or an engine that starts or stops: nobody has looked at the request."""

KEEP_ALIVE_S = 4.0
"""Idle connections are closed before the engine closes them under our feet: uvicorn does after 5 s."""


@dataclass(frozen=True, kw_only=True)
class _Answer:
    body: bytes
    date: str | None


@dataclass(frozen=True, kw_only=True)
class Polled:
    """What a poll brought. `answered_at` is the engine's clock, to read the jobs' deadlines by."""

    jobs: Sequence[JobDefinition | UndecodableJob]
    answered_at: datetime


class EngineClient:
    """One HTTP session with an engine. Each call raises EngineUnavailable or EngineRefused when it does not succeed.

    The base URL may carry `user:password@`, a path prefix and a trailing slash.
    """

    def __init__(self, session: aiohttp.ClientSession, base_url: str, *, timeout_s: float) -> None:
        self._session, self._timeout_s = session, timeout_s
        self._base = str(URL(base_url).with_user(None)).rstrip("/")

    @classmethod
    @asynccontextmanager
    async def open(
        cls, base_url: str, *, timeout_s: float, tracing: Sequence[aiohttp.TraceConfig] = ()
    ) -> AsyncIterator[EngineClient]:
        """A client that is closed at the end of the block; `tracing` hears of each call."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"} | _authorization(URL(base_url))
        connector = aiohttp.TCPConnector(keepalive_timeout=KEEP_ALIVE_S)
        async with aiohttp.ClientSession(connector=connector, headers=headers, trace_configs=list(tracing)) as session:
            yield cls(session, base_url, timeout_s=timeout_s)

    async def check_compatibility(self) -> VersionCompatibility:
        """What the engine thinks of the contract we speak, and which extensions it has."""
        answer = await self._post("/version/compatibility", dump(CONTRACT))
        return _read(VersionCompatibility, answer)

    async def register(self, worker: RegisterWorker) -> WorkerRegistration:
        """Become a worker of this engine."""
        return _read(WorkerRegistration, await self._post("/workers/register", dump(worker)))

    async def register_block(self, block: RegisterFunctionBlock) -> None:
        """Offer one block; that the engine knows it already is fine."""
        try:
            await self._post("/function-blocks/register", dump(block))
        except EngineRefused as refused:
            if refused.status != 409:
                raise

    async def ping(
        self, worker_id: str, ping: Ping | None = None, *, timeout_s: float | None = None
    ) -> WorkerActionResult:
        """Say that this worker lives, which renews the leases of the jobs that it lists (of all, without a list).

        Raises:
            WorkerForgotten: the engine does not know the worker.
        """
        try:
            body = b"" if ping is None else dump(ping)
            answer = await self._post(f"/workers/{_segment(worker_id)}/ping", body, timeout_s=timeout_s)
        except EngineRefused as refused:
            if refused.status == 404:
                raise WorkerForgotten(404, "ping", f"worker {worker_id} is not known") from refused
            raise
        try:
            return WorkerActionResult.model_validate_json(answer.body)
        except ValidationError:  # its body carries nothing in the published contract
            return WorkerActionResult(success=True)

    async def cancellations(self, worker_id: str, query: CancellationsQuery) -> list[str]:
        """Ids of this worker's jobs to stop; the engine may hold the answer for `query.wait_seconds`."""
        timeout_s = self._timeout_s + query.wait_seconds
        answer = await self._post(f"/workers/{_segment(worker_id)}/cancellations", dump(query), timeout_s=timeout_s)
        return _read(Cancellations, answer).cancel

    async def poll(self, poll: JobPoll) -> Polled:
        """Ask for work; the engine may hold the answer for `poll.wait_seconds`."""
        timeout_s = self._timeout_s + (poll.wait_seconds or 0)
        answer = await self._post("/blackboard/job", dump(poll), timeout_s=timeout_s)
        try:
            return Polled(jobs=load_jobs(answer.body), answered_at=_date(answer.date))
        except ValueError as error:
            raise EngineRefused(200, "poll", "the answer is no list of jobs") from error

    async def push(self, result: bytes) -> None:
        """Hand over a result, as `dump(JobResult)` wrote it.

        Raises:
            EngineRefused: with status 409 when the engine has another result for this job.
        """
        await self._post("/blackboard/job/result", result)

    async def send_events(self, events: JobEvents) -> None:
        """Hand over log lines and progress of running jobs."""
        await self._post("/blackboard/job/events", dump(events))

    async def unregister(self, worker_id: str) -> None:
        """Leave; the engine ends held polls and gives this worker no more work."""
        try:
            await self._post(f"/workers/{_segment(worker_id)}/unregister")
        except EngineRefused as refused:
            if refused.status != 404:
                raise

    async def _post(self, path: str, body: bytes = b"", *, timeout_s: float | None = None) -> _Answer:
        timeout = aiohttp.ClientTimeout(total=timeout_s or self._timeout_s)
        url = URL(self._base + path, encoded=True)
        try:
            async with self._session.post(url, data=body, timeout=timeout, allow_redirects=False) as response:
                content = await response.read()
        except TimeoutError as error:
            raise EngineUnavailable(f"no answer to {path} within {timeout.total:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise EngineUnavailable(f"cannot reach the engine at {self._base}: {_reason(error)}") from error
        if response.status >= 300:
            raise _refusal(response.status, path, content)
        return _Answer(body=content, date=response.headers.get("Date"))


def _reason(error: Exception) -> str:
    """What the system says: aiohttp speaks of TLS where there is none, and asyncio only of a call that failed."""
    if not isinstance(error, aiohttp.ClientConnectorError) or isinstance(error, aiohttp.ClientSSLError):
        return str(error) or type(error).__name__
    number = error.os_error.errno or 0
    return os.strerror(number) if number > 0 else error.os_error.strerror or str(error.os_error)


def _authorization(url: URL) -> dict[str, str]:
    if url.user is None:
        return {}
    credentials = base64.b64encode(f"{url.user}:{url.password or ''}".encode()).decode()
    return {"Authorization": f"Basic {credentials}"}


def _segment(text: str) -> str:
    return quote(text, safe="")


def _refusal(status: int, path: str, body: bytes) -> EngineRefused | EngineUnavailable:
    message = _message(body)
    if status < 500 and status not in TRY_AGAIN:
        return EngineRefused(status, path, message)
    kind = EngineUnavailable if status in TRY_AGAIN | AWAY else EngineFailed
    return kind(f"the engine answers {status} to {path}: {message}")


def _message(body: bytes) -> str:
    """The reason in an error's body: `message` of a JSON object, else the start of the text."""
    text = body.decode("utf-8", "replace")
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    message = said.get("message") if isinstance(said, dict) else None
    return str(message or text[:200].strip() or "no reason given")


def _date(header: str | None) -> datetime:
    try:
        return parsedate_to_datetime(header or "").astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)


def _read(kind: type[M], answer: _Answer) -> M:
    try:
        return kind.model_validate_json(answer.body)
    except ValidationError as error:
        raise EngineUnavailable(f"the answer is no {kind.__name__}: is there an engine at URL_BLACKBOARD?") from error
