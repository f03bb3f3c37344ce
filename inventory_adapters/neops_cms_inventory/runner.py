"""A Nornir runner that comes back in time, whatever a device does. Importing this module imports Nornir."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from typing import Final

from nornir.core.inventory import Host
from nornir.core.task import AggregatedResult, MultiResult, Result, Task

from neops.concurrency import Deadline, current_deadline, deadline
from neops.devices.fleet import Progress
from neops.errors import NotStarted, OperationTimedOut

logger = logging.getLogger(__name__)

DEFAULT_WORKERS: Final = 100
"""Hosts at a time; more threads than 300 buy nothing on a small machine."""

RESERVE: Final = 0.1
"""The part of the time left that a run leaves to the block for what it does with the results …"""

RESERVE_LEAST_S, RESERVE_MOST_S = 0.5, 5.0
"""… and the least and the most that it leaves, seconds; of a shorter time half."""

SLACK_S: Final = 0.25
"""How long after its time is up a call may still say by itself what it was waiting for."""


CLOSE_LEAST_S, CLOSE_MOST_S = 1.0, 10.0
"""How long `nr.close_connections()` may take: half of the time left, within these bounds."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """`calls` is when no task is started any more and every call through neops ends, `waits` when nobody waits."""

    calls: Deadline
    waits: Deadline

    @classmethod
    def within(cls, limit: Deadline, timeout_s: float | None) -> Limits:
        """A little before the job's deadline, so that partial results are of use; or at the time-out."""
        left_s = limit.remaining()
        reserve_s = min(left_s / 2, RESERVE_MOST_S, max(RESERVE_LEAST_S, RESERVE * left_s))
        calls = min(Deadline(limit.at - reserve_s, limit.clock), Deadline.after(timeout_s, limit.clock))
        return cls(calls=calls, waits=Deadline(calls.at + min(SLACK_S, reserve_s / 2), limit.clock))

    @classmethod
    def to_close(cls, limit: Deadline) -> Limits:
        """Connections are closed after the deadline as well, but the job does not wait long for it."""
        waits = Deadline.after(min(CLOSE_MOST_S, max(CLOSE_LEAST_S, limit.remaining() / 2)), limit.clock)
        return cls(calls=Deadline.never, waits=waits)


class NeopsRunner:
    """Runs a task on many hosts, `num_workers` at a time; hosts that do not answer are given up when the time is up.

    The time is up shortly before the deadline of the job, or `timeout` seconds after the start of the run. Results of
    the other hosts are kept: those that hang have an OperationTimedOut, those that were not started a NotStarted. A
    thread cannot be stopped: one that hangs is left behind, and the log says so.

    Raises:
        ValueError: `num_workers` is less than 1.
    """

    def __init__(
        self,
        num_workers: int = DEFAULT_WORKERS,
        *,
        timeout: float | None = None,
        until: Deadline = Deadline.never,
        progress: Progress | None = None,
    ) -> None:
        if num_workers < 1:
            raise ValueError(f"num_workers={num_workers}: nobody would run the task; at least 1")
        self.num_workers = num_workers
        self._timeout_s, self._until, self._progress = timeout, until, progress
        self._rounds: set[_Round] = set()
        self._stopped = False

    def run(self, task: Task, hosts: list[Host]) -> AggregatedResult:
        """Called by Nornir. Blocks until all hosts are done or the time is up."""
        closing, until = _closes_connections(task), min(self._until, current_deadline())
        limits = Limits.to_close(until) if closing else Limits.within(until, self._timeout_s)
        one = _Round(task, hosts, limits, None if closing else self._progress)
        self._rounds.add(one)
        if self._stopped and not closing:
            one.stop()
        try:
            return one.run(self.num_workers)
        finally:
            self._rounds.discard(one)

    def stop(self) -> None:
        """Start nothing any more and return from what runs, from any thread."""
        self._stopped = True
        for one in tuple(self._rounds):
            one.stop()


class _Round:
    """One task on its hosts."""

    def __init__(self, task: Task, hosts: Sequence[Host], limits: Limits, progress: Progress | None) -> None:
        self._task, self._hosts, self._limits, self._progress = task, hosts, limits, progress
        self._waiting = deque(hosts)
        self._results: dict[str, MultiResult] = {}
        self._started: set[str] = set()
        self._changed = threading.Lock()
        self._over = threading.Event()
        self._given_up = False

    def run(self, num_workers: int) -> AggregatedResult:
        for _ in range(min(num_workers, len(self._hosts))):
            name = f"nornir-{self._task.name}"
            threading.Thread(target=copy_context().run, args=(self._work,), name=name, daemon=True).start()
        if self._hosts:
            self._over.wait(self._limits.waits.timeout())
        self.stop()
        answers = AggregatedResult(self._task.name)
        for host in self._hosts:
            answers[host.name] = self._results.get(host.name) or self._unanswered(host)
        self._report()
        return answers

    def stop(self) -> None:
        """Take no result any more."""
        with self._changed:
            self._given_up = True
        self._over.set()

    def _work(self) -> None:
        with deadline(self._limits.calls):
            while not self._given_up:
                try:
                    host = self._waiting.popleft()
                except IndexError:
                    return
                self._one(host)

    def _one(self, host: Host) -> None:
        if self._limits.calls.expired:
            self._take(host, self._unanswered(host))
            return
        self._started.add(host.name)
        try:
            result = self._task.copy().start(host)
        except BaseException as error:  # noqa: BLE001  # Nornir lets SystemExit through; it is one host's
            result = self._failed(host, error)
        if not self._take(host, result):
            with suppress(Exception):  # nobody is left who could do anything about it
                host.close_connections()

    def _take(self, host: Host, result: MultiResult) -> bool:
        """Keep a host's result; False when nobody waits for it any more."""
        with self._changed:
            if self._given_up:
                return False
            self._results[host.name] = result
            if len(self._results) == len(self._hosts):
                self._over.set()
            self._tell(f"{self._task.name}: {host.name} {'failed' if result.failed else 'ok'}")
        return True

    def _tell(self, message: str) -> None:
        if self._progress is None:
            return
        try:
            self._progress(len(self._results), len(self._hosts), message)
        except Exception:  # it is somebody else's, and the hosts that wait need this thread
            logger.exception("progress could not be told", extra={"task": self._task.name})

    def _unanswered(self, host: Host) -> MultiResult:
        if host.name in self._started:
            return self._failed(host, OperationTimedOut(host.name, f"{self._task.name} was not done in time"))
        return self._failed(host, NotStarted(host.name, f"{self._task.name} was not started: the time was up"))

    def _failed(self, host: Host, error: BaseException) -> MultiResult:
        result = Result(host, exception=error, failed=True, result=str(error), severity_level=logging.ERROR)
        result.name = self._task.name  # type: ignore[assignment]  # Nornir declares None and writes a str itself
        answers = MultiResult(self._task.name)
        answers.append(result)
        return answers

    def _report(self) -> None:
        hung = sorted(self._started - self._results.keys())
        if hung:
            extra = {"task": self._task.name, "hosts": hung[:20], "count": len(hung)}
            logger.warning("tasks that nobody waits for any more still run in their threads", extra=extra)


def _closes_connections(task: Task) -> bool:
    """Whether it is Nornir's own clean-up, which runs as a task (nornir 3.6, core/__init__.py): always, and unseen."""
    return task.task.__module__ == "nornir.core"
