"""Writes down what a device runtime does with its devices."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sized
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import BaseModel

from neops._version import __version__
from neops.concurrency import Clock, in_thread
from neops.devices.capabilities import capabilities_of
from neops.devices.changes.staging import StagedChange
from neops.devices.observer import Perform
from neops.devices.parsing import CommandSession, platform_name
from neops.devices.plugin import Session
from neops.devices.transcript.calls import (
    Verdict,
    answer_as_json,
    arguments_of,
    candidate_of,
    declaration,
    with_verdicts,
)
from neops.devices.transcript.cleaning import Cleaning
from neops.devices.transcript.failures import failure_of
from neops.devices.transcript.filing import FilePerJob, Filing, OneFile, Open
from neops.devices.transcript.lines import CallLine, DeviceLine, Exchange, Header, LoginLine
from neops.devices.transcript.listening import listening
from neops.logs import Redactor

if TYPE_CHECKING:
    from neops.devices.calls import Operation
    from neops.devices.logins import LoginEvent, Route
    from neops.devices.pool import PooledSession

logger = logging.getLogger(__name__)

WRITTEN_IN_THREAD: Final = 65_536
"""Characters of answers from which writing leaves the loop that all sessions share: redaction reads about 3 MB/s."""

_ENTRY: Final = 1_000
"""What an entry of a table counts for, in characters."""

_OWN: Final = "neops.devices."
"""Where neops' own code is, which a replay can run again."""

_SAID: Final = ("arguments", "result", "exchanges", "error")
"""The fields of a line that come from an author or from a device."""


class Recorder:
    """Keeps all that one device runtime asks of devices, and all they answer, in transcripts.

    ```python
    with Recorder.to(Path("r1.jsonl.zst"), redactor=redactor) as recorder:
        with DeviceRuntime(redactor=redactor, observer=recorder) as runtime: ...
    ```

    `redactor` is the runtime's own: it knows the secrets in use. A line is on disk before the caller has its answer.
    What keeps a line from being written, such as a full disk, stops the recording and nothing else: see `failure`.
    """

    def __init__(self, filing: Filing, *, redactor: Redactor, clock: Clock = time.monotonic) -> None:
        self._filing, self._redactor, self._clock = filing, redactor, clock
        self.failure: Exception | None = None
        """Why recording stopped."""

    @classmethod
    def to(cls, path: Path, *, redactor: Redactor, clock: Clock = time.monotonic) -> Self:
        """Everything in one new file.

        Raises:
            UsageError: the file exists, or cannot be made.
        """
        return cls(OneFile(path, _opening(clock)), redactor=redactor, clock=clock)

    @classmethod
    def per_job(cls, folder: Path, *, redactor: Redactor, clock: Clock = time.monotonic) -> Self:
        """One new file for each job, called after it, in a folder that is made where it is missing.

        Say `end` when a job is over. What is done for no job is not recorded.

        Raises:
            UsageError: the folder cannot be made.
        """
        return cls(FilePerJob(folder, _opening(clock)), redactor=redactor, clock=clock)

    def end(self, job: str) -> None:
        """A job is over: its file is complete."""
        with self._kept_apart():
            self._filing.end(job)

    def close(self) -> None:
        """Complete all files. Nothing is recorded any more."""
        with self._kept_apart():
            self._filing.close()

    def around(self, perform: Perform) -> Perform:
        async def recorded(operation: Operation, pooled: PooledSession) -> Any:
            call = _Call(operation, pooled.session, self._clock)
            try:
                with listening(pooled.session, call.exchanges, self._clock):
                    result = await perform(operation, pooled)
            except asyncio.CancelledError:
                self._keep(operation, partial(call.line, error=operation.cut_short()))
                raise
            except Exception as error:  # an aborted session may break before its task hears of it
                self._keep(operation, partial(call.line, error=operation.interrupted or error))
                raise
            keep = partial(self._keep, operation, partial(call.line, answer=result, ended=self._clock()))
            if call.size + _size(result) < WRITTEN_IN_THREAD:
                keep()
            else:
                await in_thread(keep)
            return self._asking(result, operation) if isinstance(result, StagedChange) else result

        return recorded

    def logged_in(self, event: LoginEvent) -> None:
        with self._kept_apart():
            line = LoginLine(
                device=event.device.name,
                plugin=event.plugin,
                job=event.job,
                at_s=self._clock() - event.elapsed_s,
                took_s=event.elapsed_s,
                error=failure_of(event.error) if event.error else None,
            )
            self._write(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _asking(self, staged: StagedChange, operation: Operation) -> StagedChange:
        """The change, with its own verdicts on configurations recorded as steps like others."""

        def asked(name: str, verdict: Verdict, *configs: str) -> bool:
            call = _Call(replace(operation, method=name, args=(), kwargs={}), None, self._clock)
            decided = verdict(*configs)
            self._keep(operation, partial(call.line, answer=decided))
            return decided

        return with_verdicts(staged, partial(partial, asked))

    def _keep(self, operation: Operation, line: Callable[[], CallLine]) -> None:
        with self._kept_apart():
            self._write(line(), operation.route)

    def _write(self, line: CallLine | LoginLine, route: Route | None = None) -> None:
        file = None if self.failure else self._filing.of(line.job)
        if file is None:
            return
        if route is not None and file.is_new(line.device, line.plugin):
            file.writer.write(self._clean(_device_line(route)))
        offsets = {"at_s": round(line.at_s - file.since, 6), "took_s": round(line.took_s, 6)}
        file.writer.write(self._clean(line.model_copy(update=offsets)))

    @contextmanager
    def _kept_apart(self) -> Iterator[None]:
        """What goes wrong with a recording, or with a value that a plugin made, must not go wrong with a device."""
        try:
            yield
        except Exception as error:
            if self.failure is None:
                logger.exception("recording stops: a line cannot be written")
            self.failure = error

    def _clean(self, line: CallLine | LoginLine | DeviceLine) -> dict[str, Any]:
        """What was said to the device and by it without secrets; `cisco` may be one, and stands in platforms' names."""
        fields, texts = (
            {"kind": line.kind, **line.model_dump(mode="json", exclude_defaults=True)},
            Cleaning(self._redactor),
        )
        return {name: texts.clean(value, name) if name in _SAID else value for name, value in fields.items()}


class _Call:
    """One operation while it is recorded; `session` is None where no device is asked."""

    def __init__(self, operation: Operation, session: Session | None, clock: Clock) -> None:
        self._operation, self._session, self._clock, self._at = operation, session, clock, clock()
        self.exchanges: list[Exchange] = []

    @property
    def size(self) -> int:
        """Characters of what was answered to commands."""
        return sum(len(exchange.output or "") for exchange in self.exchanges)

    def line(self, *, answer: Any = None, error: BaseException | None = None, ended: float | None = None) -> CallLine:
        operation, kind = self._operation, object if self._session is None else type(self._session)
        implemented = getattr(kind, operation.method, None)
        return CallLine(
            device=operation.route.name,
            plugin=operation.route.plugin.name,
            job=operation.job,
            at_s=self._at,
            took_s=(self._clock() if ended is None else ended) - self._at,
            error=None if error is None else failure_of(error),
            method=operation.method,
            arguments=arguments_of(
                declaration(operation.method, capabilities_of(kind)), operation.args, operation.kwargs
            ),
            candidate=candidate_of(operation.args),
            result=answer_as_json(answer),
            exchanges=tuple(self.exchanges),
            rerun=issubclass(kind, CommandSession) and getattr(implemented, "__module__", "").startswith(_OWN),
        )


def _size(answer: object) -> int:
    """About how many characters an answer has, found out at little cost."""
    if isinstance(answer, BaseModel):
        return sum(map(_size, vars(answer).values()))
    if isinstance(answer, str):
        return len(answer)
    return _ENTRY * len(answer) if isinstance(answer, Sized) else 0


def _device_line(route: Route) -> DeviceLine:
    platform = platform_name(route.device, route.options, route.plugin.platforms)
    return DeviceLine(
        device=route.name,
        platform=platform,
        plugin=route.plugin.name,
        capabilities=tuple(sorted(one.__name__ for one in route.plugin.capabilities(platform))),
    )


def _opening(clock: Clock) -> Callable[[Path, Mapping[str, str]], Open]:
    def opened(path: Path, about: Mapping[str, str]) -> Open:
        header = Header(neops=__version__, recorded_at=datetime.now(UTC), about=about)
        return Open(path, header, since=clock())

    return opened
