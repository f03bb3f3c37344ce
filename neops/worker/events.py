"""What running jobs say, on its way to the engine: log lines and progress, in batches."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from neops.blocks import ProgressSink
from neops.errors import NeopsError
from neops.logs import RedactionFilter, Redactor, as_text, current_fields, fields_of
from neops.protocol import Extension, JobDefinition, JobEvent, JobEventKind, JobEvents
from neops.worker.client import EngineClient
from neops.worker.errors import EngineUnavailable
from neops.worker.membership import Membership

logger = logging.getLogger(__name__)

BATCH = 500
CAPACITY = 10_000
"""Events that wait while the engine is away; then the oldest are given up."""
GATHER_S = 0.2
"""How long an event may wait for company."""
AGAIN_S = 2.0
"""The pause while the engine is away."""


class JobEventStream:
    """Collects what the worker's jobs say, from any thread, and sends it to an engine that wants it (`jobLog`)."""

    def __init__(self, client: EngineClient, redactor: Redactor) -> None:
        self._client, self._redactor = client, redactor
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._sending = asyncio.Lock()
        self._some = asyncio.Event()
        self._waiting: deque[JobEvent] = deque(maxlen=CAPACITY)
        self._jobs: dict[str, JobDefinition] = {}
        self._membership: Membership | None = None

    def use(self, membership: Membership) -> None:
        """Send under this registration from now on."""
        self._membership = membership

    @contextmanager
    def listening(self, job: JobDefinition) -> Iterator[None]:
        """Take what is logged with this job in the log context."""
        self._jobs[job.job_id] = job
        try:
            yield
        finally:
            self._jobs.pop(job.job_id, None)

    def progress_of(self, job: JobDefinition) -> ProgressSink:
        """Where the job tells how far it is."""

        def tell(done: int, total: int | None, message: str | None) -> None:
            message = None if message is None else self._redactor.redact(message)
            self._add(_event(job, JobEventKind.PROGRESS, datetime.now(UTC), done=done, total=total, message=message))

        return tell

    def is_ours(self, record: logging.LogRecord) -> bool:  # noqa: ARG002  # a logging filter's signature
        """Whether what is logged here and now belongs to one of our jobs."""
        return self._job() is not None

    def log(self, record: logging.LogRecord) -> None:
        """Take a log record of one of our jobs."""
        if (job := self._job()) is not None:
            at = datetime.fromtimestamp(record.created, UTC)
            self._add(_event(job, JobEventKind.LOG, at, level=record.levelname, message=_line(record)))

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._some.wait()
            await asyncio.sleep(GATHER_S)
            if not await self.flush():
                await asyncio.sleep(AGAIN_S)
                self._some.set()

    async def flush(self) -> bool:
        """Send what there is now. False when the engine is away: it gets the rest next time."""
        async with self._sending:
            self._some.clear()
            while batch := self._take():
                if not await self._send(batch):
                    self._put_back(batch)
                    return False
        return True

    def _job(self) -> JobDefinition | None:
        return self._jobs.get(str(current_fields().get("job")))

    def _add(self, event: JobEvent) -> None:
        with self._lock:
            last = self._waiting[-1] if self._waiting else None
            if last is not None and event.kind is last.kind is JobEventKind.PROGRESS and event.job_id == last.job_id:
                self._waiting.pop()  # only the newest progress is worth a line
            self._waiting.append(event)
        with suppress(RuntimeError):  # a thread left behind speaks after the worker has gone
            self._loop.call_soon_threadsafe(self._some.set)

    def _take(self) -> list[JobEvent]:
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]

    def _put_back(self, batch: list[JobEvent]) -> None:
        with self._lock:
            room = CAPACITY - len(self._waiting)
            self._waiting.extendleft(reversed(batch[-room:] if room else []))

    async def _send(self, batch: list[JobEvent]) -> bool:
        membership = self._membership
        if membership is None or not membership.has(Extension.JOB_LOG):
            return True
        try:
            await self._client.send_events(JobEvents(worker_id=membership.worker_id, events=batch))
        except EngineUnavailable:
            return False
        except NeopsError as error:
            logger.warning("the engine refuses job events", extra={"count": len(batch), "reason": str(error)})
        return True


class JobLogHandler(logging.Handler):
    """Hands records of running jobs to the stream, redacted."""

    def __init__(self, stream: JobEventStream, redactor: Redactor) -> None:
        super().__init__(logging.INFO)
        self._stream = stream
        self.addFilter(stream.is_ours)  # first: redaction is not free
        self.addFilter(RedactionFilter(redactor))

    def emit(self, record: logging.LogRecord) -> None:
        self._stream.log(record)


def _event(
    job: JobDefinition,
    kind: JobEventKind,
    at: datetime,
    *,
    level: str | None = None,
    message: str | None = None,
    done: int | None = None,
    total: int | None = None,
) -> JobEvent:
    return JobEvent(
        job_id=job.job_id,
        lease_token=job.lease_token,
        kind=kind,
        timestamp=at,
        level=level,
        message=message,
        done=done,
        total=total,
    )


def _line(record: logging.LogRecord) -> str:
    """The message, the fields that are the record's own, and the traceback."""
    around = current_fields()
    own = {name: value for name, value in fields_of(record).items() if name not in around}
    text = " ".join(part for part in (record.getMessage(), as_text(own)) if part)
    return f"{text}\n{record.exc_text}" if record.exc_text else text
