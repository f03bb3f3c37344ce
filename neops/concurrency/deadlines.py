"""When work has to be over: one value that travels with the job, so that the nearest deadline wins everywhere."""

from __future__ import annotations

import asyncio
import math
import time
import types
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, TypeVar

T = TypeVar("T")

Clock = Callable[[], float]
"""Seconds that only go forward; `time.monotonic` outside tests."""


@dataclass(frozen=True, order=True)
class Deadline:
    """A moment on a clock. `min(a, b)` is the nearer of two.

    The moment means something inside this process only: send `remaining()` over a wire, never `at`.
    """

    at: float
    clock: Clock = field(default=time.monotonic, compare=False, repr=False)

    never: ClassVar[Deadline]

    @classmethod
    def after(cls, seconds: float | None, clock: Clock = time.monotonic) -> Deadline:
        """The moment `seconds` from now; None means never."""
        return cls(math.inf if seconds is None else clock() + seconds, clock)

    def remaining(self) -> float:
        """Seconds left, 0.0 once expired, infinity for `Deadline.never`."""
        return max(0.0, self.at - self.clock())

    def timeout(self) -> float | None:
        """Seconds left in the form that `asyncio.timeout` and `Event.wait` take: None waits forever."""
        return None if math.isinf(self.at) else self.remaining()

    @property
    def expired(self) -> bool:
        return self.clock() >= self.at


Deadline.never = Deadline(math.inf)

_current: ContextVar[Deadline] = ContextVar("neops_deadline", default=Deadline.never)


def current_deadline() -> Deadline:
    """The nearest deadline of the code that is running, `Deadline.never` where nobody set one."""
    return _current.get()


@contextmanager
def deadline(limit: Deadline) -> Iterator[Deadline]:
    """Bound everything inside by `limit`, or by the deadline around it where that one is nearer.

    It only says when: waits read it through `current_deadline()`. It travels into tasks and `run_in_thread`.
    """
    nearest = min(limit, _current.get())
    token = _current.set(nearest)
    try:
        yield nearest
    finally:
        _current.reset(token)


async def wait_at_most(seconds: float, coroutine: Coroutine[Any, Any, T]) -> T:
    """Await a coroutine inside `asyncio.timeout`; one that ends without waiting costs no timer, a tenth of it.

    Raises:
        TimeoutError: it was not done in time, and was cancelled.
    """
    try:
        waits_for = coroutine.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    async with asyncio.timeout(seconds):
        return await _rest(coroutine, waits_for)


@types.coroutine
def _rest(coroutine: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    """What is left of a coroutine that was begun and waits; PEP 380's `yield from`, entered in the middle."""
    while True:
        try:
            step = partial(coroutine.send, (yield waits_for))
        except BaseException as error:  # noqa: BLE001  # it is for the coroutine
            step = partial(coroutine.throw, error)
        try:
            waits_for = step()
        except StopIteration as ended:
            result: T = ended.value
            return result
