"""A bounded pool of threads that a hung call cannot hold: nobody ever joins them."""

from __future__ import annotations

import functools
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import Context, ContextVar
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_SIZE = 32
"""Threads of one executor. Threads of blocking device calls mostly wait, so this is not a count of cores."""


class BlockingExecutor(ThreadPoolExecutor):
    """Runs blocking calls in at most `size` daemon threads, started when they are needed.

    A call that its caller gave up on (`abandon`) keeps its thread until it returns by itself. It is counted, it no
    longer takes one of the `size` places, and it holds up neither `shutdown` nor the exit of the process. At most
    `size` abandoned calls are made up for; then new calls wait, so that there are never more than 2 x `size` threads.

    Only the type is inherited: `loop.set_default_executor` accepts nothing else (CPython 3.11, asyncio/base_events.py).
    """

    def __init__(self, size: int = DEFAULT_SIZE, *, name: str = "neops-blocking") -> None:
        super().__init__(max_workers=size)
        self._size, self._name = size, name
        self._changed = threading.Condition()
        self._waiting: deque[Callable[[], None]] = deque()
        self._gone: set[Future[Any]] = set()
        self._thread_count = self._idle = self._started = 0
        self._closed = False

    @property
    def abandoned(self) -> int:
        """Calls that still run although nobody waits for them any more."""
        return len(self._gone)

    @property
    def threads(self) -> int:
        """Threads alive now, idle and abandoned ones included."""
        return self._thread_count

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `fn` as soon as a thread is free.

        Raises:
            RuntimeError: the executor was shut down.
        """
        future: Future[T] = Future()
        with self._changed:
            if self._closed:
                raise RuntimeError(f"executor {self._name} was shut down")
            self._waiting.append(functools.partial(self._call, future, functools.partial(fn, *args, **kwargs)))
            self._staff()
        return future

    def abandon(self, future: Future[T]) -> bool:
        """Stop waiting for a call of this executor. True when its thread is still running it."""
        if future.cancel():
            return False
        with self._changed:
            if future.done():
                return False
            self._gone.add(future)
            self._staff()
        return True

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002  # never waits
        """Take no more calls and let idle threads end. Never waits, whatever `wait` says."""
        with self._changed:
            self._closed = True
            if cancel_futures:
                self._waiting.clear()
            self._changed.notify_all()

    def _staff(self) -> None:
        """Wake or start a thread for the newest waiting call. The lock is held."""
        if self._idle >= len(self._waiting):
            self._changed.notify()
        elif self._waiting and self._thread_count < self._capacity():
            self._thread_count += 1
            self._started += 1
            threading.Thread(target=self._serve, name=f"{self._name}-{self._started}", daemon=True).start()

    def _capacity(self) -> int:
        return self._size + min(len(self._gone), self._size)

    def _serve(self) -> None:
        while (call := self._next()) is not None:
            call()
            del call  # what the call refers to must not live on in an idle thread

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while self._thread_count <= self._capacity():
                if self._waiting:
                    return self._waiting.popleft()
                if self._closed:
                    break
                self._idle += 1
                self._changed.wait()
                self._idle -= 1
            self._thread_count -= 1
            return None

    def _call(self, future: Future[T], call: Callable[[], T]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = call()
        except StopIteration as error:
            # asyncio refuses it in a Future, and whoever awaits would wait forever (CPython gh-112182)
            future.set_exception(RuntimeError(f"the call in the thread raised {error!r}"))
        except BaseException as error:  # noqa: BLE001  # carried to the caller, as the standard library's executor does
            future.set_exception(error)
        else:
            future.set_result(result)
        finally:
            with self._changed:
                self._gone.discard(future)


_bound: ContextVar[BlockingExecutor | None] = ContextVar("neops_executor", default=None)


@contextmanager
def use_executor(executor: BlockingExecutor) -> Iterator[BlockingExecutor]:
    """Make `run_in_thread` use this executor in everything inside."""
    token = _bound.set(executor)
    try:
        yield executor
    finally:
        _bound.reset(token)


def context_with(executor: BlockingExecutor, context: Context | None = None) -> Context:
    """The context, in which `run_in_thread` uses this executor from now on.

    Without one it is an empty one: for a task that outlives who starts it.
    """
    context = Context() if context is None else context
    context.run(_bound.set, executor)
    return context


def current_executor() -> BlockingExecutor:
    """The executor of the running job, or the one of the process where no job is bound."""
    return _bound.get() or _process_executor()


@functools.cache
def _process_executor() -> BlockingExecutor:
    return BlockingExecutor()
