"""Many awaitables side by side, a bounded number at a time, and no result lost when one fails."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, Generic, Literal, TypeVar, cast, overload

T = TypeVar("T")
Item = TypeVar("Item")

DEFAULT_LIMIT = 100
"""How many run at once where the caller does not say: logins of one job that an AAA server takes in its stride."""

BEGIN: Final = 8
PAUSE_S: Final = 0.001
"""So many begin at a time, with a pause in between in which other threads get to work. Devices that are asked all at
once answer all at once, and the answers wait for each other: 1,000 devices of 50 ms each, 100 at a time, took 57 ms a
round, and take 53."""


class ParallelFailed(ExceptionGroup[Exception], Generic[T]):
    """Some of the parallel calls failed; raised after all of them ended.

    `outcomes` holds, in the order of the calls, the result of each that went well and the exception of each that did
    not. `exceptions` holds the exceptions alone.
    """

    outcomes: Sequence[T | Exception]

    def __new__(cls, outcomes: Sequence[T | Exception]) -> ParallelFailed[T]:
        failures = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        group = super().__new__(cls, f"{len(failures)} of {len(outcomes)} parallel calls failed", failures)
        group.outcomes = outcomes
        return group

    def derive(self, excs: Sequence[Any]) -> ExceptionGroup[Any]:
        return ExceptionGroup(self.message, excs)


@overload
async def run_parallel(
    function: Callable[[Item], Awaitable[T]],
    items: Iterable[Item],
    /,
    *,
    limit: int = ...,
    timeout: float | None = ...,
    return_exceptions: Literal[False] = ...,
) -> list[T]: ...
@overload
async def run_parallel(
    function: Callable[[Item], Awaitable[T]],
    items: Iterable[Item],
    /,
    *,
    limit: int = ...,
    timeout: float | None = ...,
    return_exceptions: Literal[True],
) -> list[T | Exception]: ...
@overload
async def run_parallel(
    awaitables: Iterable[Awaitable[T]],
    /,
    *,
    limit: int = ...,
    timeout: float | None = ...,
    return_exceptions: Literal[False] = ...,
) -> list[T]: ...
@overload
async def run_parallel(
    awaitables: Iterable[Awaitable[T]],
    /,
    *,
    limit: int = ...,
    timeout: float | None = ...,
    return_exceptions: Literal[True],
) -> list[T | Exception]: ...
@overload
async def run_parallel(
    *awaitables: Awaitable[T],
    limit: int = ...,
    timeout: float | None = ...,
    return_exceptions: Literal[False] = ...,
) -> list[T]: ...
@overload
async def run_parallel(
    *awaitables: Awaitable[T],
    limit: int = ...,
    timeout: float | None = ...,
    return_exceptions: Literal[True],
) -> list[T | Exception]: ...
async def run_parallel(
    *work: Any,
    limit: int = DEFAULT_LIMIT,
    timeout: float | None = None,
    return_exceptions: bool = False,
) -> list[Any]:
    """Run many awaitables, at most `limit` at a time, and give their results in the order they were passed.

    ```python
    versions = await run_parallel(fetch, context.devices, limit=50)   # a function and its items
    versions = await run_parallel([fetch(d) for d in context.devices])
    facts, config = await run_parallel(get_facts(), get_config())
    ```

    One failure does not stop the others: all calls end first. `timeout` (seconds, for all of them together) cancels
    those that have not ended; each counts as failed with a `TimeoutError`. With `return_exceptions` the exceptions
    stand in the list in place of the results.

    Raises:
        ParallelFailed: some calls failed. Its `outcomes` holds the results of the others.
        ValueError: `limit` is below 1.
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    starts = _starts(work)
    outcomes = await _settle(starts, limit, timeout)
    if not return_exceptions and any(isinstance(outcome, Exception) for outcome in outcomes):
        raise ParallelFailed(outcomes)
    return outcomes


class _Given:
    """An awaitable the caller made already: closed without a warning if its turn never comes."""

    def __init__(self, awaitable: Awaitable[Any]) -> None:
        self._awaitable: Awaitable[Any] | None = awaitable

    def __call__(self) -> Awaitable[Any]:
        awaitable, self._awaitable = self._awaitable, None
        return cast("Awaitable[Any]", awaitable)

    def drop(self) -> None:
        if asyncio.iscoroutine(self._awaitable):
            self._awaitable.close()
        elif isinstance(self._awaitable, asyncio.Future):
            self._awaitable.cancel()


_Start = Callable[[], Awaitable[Any]]


def _starts(work: Sequence[Any]) -> list[_Start]:
    first = work[0] if work else ()
    if len(work) == 2 and callable(first):
        return [functools.partial(first, item) for item in work[1]]
    if len(work) == 1 and not isinstance(first, Awaitable):
        return [_Given(awaitable) for awaitable in first]
    return [_Given(awaitable) for awaitable in work]


class _Calls:
    """Calls under way, at most `limit` at a time: when one ends, the next one begins."""

    def __init__(self, starts: Sequence[_Start], limit: int) -> None:
        self.tasks: list[asyncio.Task[Any]] = []
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = iter(starts)
        self._under_way = 0
        self._next: asyncio.TimerHandle | None = None
        self._begin_up_to(max(1, min(limit, len(starts))))

    def stop(self) -> list[asyncio.Task[Any]]:
        """Begin no more; those that have not ended."""
        self._waiting = iter(())
        if self._next is not None:
            self._next.cancel()
        return [task for task in self.tasks if not task.done()]

    def _begin_up_to(self, count: int) -> None:
        for _ in range(min(count, BEGIN)):
            self._begin()
        if count > BEGIN:
            self._next = asyncio.get_running_loop().call_later(PAUSE_S, self._begin_up_to, count - BEGIN)

    def _begin(self) -> None:
        start = next(self._waiting, None)
        if start is not None:
            task = asyncio.create_task(_run(start))
            self.tasks.append(task)
            self._under_way += 1
            task.add_done_callback(self._ended)
        elif not self._under_way and not self.over.done():
            self.over.set_result(None)

    def _ended(self, _: asyncio.Task[Any]) -> None:
        self._under_way -= 1
        self._begin()


async def _run(start: _Start) -> Any:
    return await _awaitable(start())


async def _settle(starts: Sequence[_Start], limit: int, timeout: float | None) -> list[Any]:
    """Wait for all, and leave nothing running however this ends."""
    calls = _Calls(starts, limit)
    late: list[asyncio.Task[Any]] = []
    try:
        await asyncio.wait((calls.over,), timeout=timeout)
    finally:
        late += calls.stop()
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for start in starts:
            if isinstance(start, _Given):
                start.drop()
    outcomes = [_outcome(task, timeout if task in late else None) for task in calls.tasks]
    return [*outcomes, *(_late(timeout or 0.0) for _ in starts[len(outcomes) :])]


def _awaitable(made: Any) -> Awaitable[Any]:
    if isinstance(made, Awaitable):
        return made
    raise TypeError(
        f"run_parallel wants awaitables, not {type(made).__name__}: decorate a blocking function with @run_in_thread"
    )


def _outcome(task: asyncio.Task[Any], timed_out_after: float | None) -> Any:
    if not task.cancelled():
        return task.exception() or task.result()
    if timed_out_after is not None:
        return _late(timed_out_after)
    return concurrent.futures.CancelledError("cancelled from elsewhere")


def _late(timeout: float) -> TimeoutError:
    return TimeoutError(f"not done {timeout:g} s after the start of run_parallel")
