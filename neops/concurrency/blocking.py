"""Finds the line of a block that stops its event loop."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import sysconfig
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from neops.concurrency.deadlines import Clock
from neops.concurrency.frames import current_frames

logger = logging.getLogger(__name__)

HINT = "decorate the blocking function with @run_in_thread, or await an async one"
SAMPLES_PER_THRESHOLD = 5


@dataclass(frozen=True, kw_only=True)
class BlockingReport:
    """One time that the loop did not answer. Sent when the threshold is passed and again, `ended`, when it answers.

    `file`, `line` and `function` are the author's own frame that was seen most often; `duration_s` counts from the
    last moment the loop was known to answer; `samples` says how often the loop was looked at meanwhile.
    """

    file: str
    line: int
    function: str
    duration_s: float
    samples: int
    ended: bool
    hint: str = HINT

    def __str__(self) -> str:
        verb = "blocked" if self.ended else "blocks"
        return (
            f"{self.file}:{self.line} in {self.function} {verb} the event loop ({self.duration_s:.2f} s): {self.hint}"
        )


def log_report(report: BlockingReport) -> None:
    """The default sink: a WARNING while the loop is blocked, an INFO with the whole duration afterwards."""
    level, message = (
        (logging.INFO, "the event loop answers again")
        if report.ended
        else (logging.WARNING, "the event loop is blocked")
    )
    fields = {
        "file": report.file,
        "line": report.line,
        "function": report.function,
        "blocked_s": round(report.duration_s, 3),
        "samples": report.samples,
    }
    logger.log(level, message, extra=fields if report.ended else fields | {"hint": report.hint})


class AuthorFiles:
    """Tells the author's files from the standard library, installed distributions and neops itself.

    `also` are folders whose files are the author's wherever they lie: an installed package of blocks.
    """

    def __init__(self, also: Iterable[Path] = ()) -> None:
        self._others = _library_folders()
        self._authors = tuple(_folder(str(path)) for path in also)

    def __call__(self, file: str) -> bool:
        if file.startswith(self._authors):
            return True
        return not file.startswith((*self._others, "<")) and "site-packages" not in file


@functools.cache  # a job each: this asks the file system
def _library_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    libraries = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    return tuple(_folder(path) for path in (*libraries, str(Path(__file__).parents[1])))


@functools.lru_cache(1000)
def _folder(path: str) -> str:
    return f"{Path(path).resolve()}{os.sep}"


_Place = tuple[str, int, str]


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What the watcher saw when it woke up. `place` is None when the loop was waiting, or has answered."""

    now: float
    slept_s: float
    cpu_s: float
    answered_at: float | None
    place: _Place | None


@dataclass
class _Silence:
    """The loop owes an answer since `since`; `places` are the lines it was seen at meanwhile."""

    since: float
    asked: bool = True
    reported: bool = False
    places: Counter[_Place] = field(default_factory=Counter)


class _Judge:
    """Decides what to report from one look after the other; it has no thread and no clock."""

    def __init__(self, threshold_s: float, interval_s: float) -> None:
        self._threshold_s, self._interval_s = threshold_s, interval_s
        self._silence: _Silence | None = None

    def question(self, now: float) -> bool:
        """Whether the loop has to be asked for an answer now."""
        if self._silence is None:
            self._silence = _Silence(now)
            return True
        asked, self._silence.asked = self._silence.asked, True
        return not asked

    def look(self, look: _Look) -> Iterator[BlockingReport]:
        if look.slept_s - self._interval_s > self._threshold_s:
            yield from self._stood_still(look)
        elif self._silence is None:
            return
        elif look.answered_at is not None:
            yield from self.end(look.answered_at)
        else:
            yield from self._seen(self._silence, look)

    def end(self, at: float) -> Iterator[BlockingReport]:
        """The loop answered, or nobody watches any more."""
        silence, self._silence = self._silence, None
        if silence is None or not silence.places or at - silence.since < self._threshold_s:
            return
        if not silence.reported:
            yield _report(silence, at, ended=False)
        yield _report(silence, at, ended=True)

    def _seen(self, silence: _Silence, look: _Look) -> Iterator[BlockingReport]:
        if look.place is not None:
            silence.places[look.place] += 1
        if silence.places and not silence.reported and look.now - silence.since >= self._threshold_s:
            silence.reported = True
            yield _report(silence, look.now, ended=False)

    def _stood_still(self, look: _Look) -> Iterator[BlockingReport]:
        """The watcher itself got no turn: the process was stopped, or a C call held the interpreter lock."""
        asleep_at = look.now - look.slept_s
        if look.cpu_s < look.slept_s / 10:  # a busy machine still gives a busy process its share
            yield from self.end(asleep_at)
        elif look.place is not None:
            self._silence = self._silence or _Silence(asleep_at)
            self._silence.asked = False  # an answer from before the C call says nothing about what comes after it
            yield from self._seen(self._silence, look)


def _report(silence: _Silence, now: float, *, ended: bool) -> BlockingReport:
    (file, line, function), _ = silence.places.most_common(1)[0]
    return BlockingReport(
        file=file,
        line=line,
        function=function,
        duration_s=now - silence.since,
        samples=silence.places.total(),
        ended=ended,
    )


class BlockingDetector:
    """Watches the running event loop from a thread of its own and reports the line that keeps it from answering.

    ```python
    with BlockingDetector(threshold_s=0.5):
        await block.run(params, context)
    ```

    A threshold of 0 switches it off. The loop is looked at five times per threshold, so a report names a line that
    was really seen; a loop that waits for something is not blocked. Time in which the whole process stood still (a
    suspended laptop, SIGSTOP) does not count, unless it used the CPU meanwhile: then a C call held the interpreter
    lock. `report` is called from the detector's thread.
    """

    def __init__(
        self,
        *,
        threshold_s: float = 0.5,
        report: Callable[[BlockingReport], None] = log_report,
        is_author_file: Callable[[str], bool] | None = None,
        clock: Clock = time.monotonic,
        cpu_clock: Clock = time.process_time,
    ) -> None:
        self._threshold_s = threshold_s
        self._interval_s = threshold_s / SAMPLES_PER_THRESHOLD
        self._report = report
        self._is_author_file = is_author_file or AuthorFiles()
        self._clock, self._cpu_clock = clock, cpu_clock
        self._stopped = threading.Event()
        self._answered_at: float | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._threshold_s > 0:
            # In the job's context, so that a report carries the job's log fields.
            watch = partial(copy_context().run, self._watch, asyncio.get_running_loop(), threading.get_ident())
            self._thread = threading.Thread(target=watch, name="neops-blocking-detector", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=1.0)

    def _watch(self, loop: asyncio.AbstractEventLoop, ident: int) -> None:
        judge = _Judge(self._threshold_s, self._interval_s)
        stopped = False
        while not stopped:
            if judge.question(self._clock()):
                self._answered_at = None
                with suppress(RuntimeError):  # the loop was closed: nothing is left to watch
                    loop.call_soon_threadsafe(self._answer)
            asleep_at, cpu_at = self._clock(), self._cpu_clock()
            stopped = self._stopped.wait(self._interval_s)
            now, answered_at = self._clock(), self._answered_at
            slept_s = now - asleep_at
            awake = answered_at is not None and slept_s - self._interval_s <= self._threshold_s
            seen = _Look(
                now=now,
                slept_s=slept_s,
                cpu_s=self._cpu_clock() - cpu_at,
                answered_at=answered_at,
                place=None if awake else _place(ident, self._is_author_file),
            )
            for report in judge.look(seen):
                self._report(report)
        for report in judge.end(self._clock()):
            self._report(report)

    def _answer(self) -> None:
        self._answered_at = self._clock()


def _place(ident: int, is_author_file: Callable[[str], bool]) -> _Place | None:
    """The author's innermost frame that the loop's thread is in, None while the loop waits or asks for events."""
    frames = list(_frames_of_callback(current_frames().get(ident)))
    if not frames or frames[0].f_code is BlockingDetector._answer.__code__:
        return None
    frame = next((one for one in frames if is_author_file(one.f_code.co_filename)), frames[0])
    return frame.f_code.co_filename, frame.f_lineno or 0, frame.f_code.co_qualname


def _frames_of_callback(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames inside the callback that the loop is running, innermost first; none when it runs no callback."""
    inside: list[FrameType] = []
    while frame is not None and frame.f_code is not asyncio.Handle._run.__code__:
        inside.append(frame)
        frame = frame.f_back
    return iter(inside if frame is not None else ())
