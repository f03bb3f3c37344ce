"""Background tasks that have an owner: nobody's task is lost, and none outlives the job that started it."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Coroutine
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Self, TypeVar
from weakref import WeakKeyDictionary

logger = logging.getLogger(__name__)

T = TypeVar("T")

GRACE_S = 5.0
"""How long cancelled background tasks may take to clean up, seconds."""


class TaskScope:
    """Owns the tasks that `schedule_task` starts inside `async with`; at its end they are cancelled.

    A task that is still cleaning up after `grace_s` is left to the loop and reported as still running.
    """

    def __init__(self, *, grace_s: float = GRACE_S) -> None:
        self._grace_s = grace_s
        self._tasks: set[asyncio.Task[Any]] = set()
        self._token: Token[TaskScope | None] | None = None

    @property
    def running(self) -> int:
        """How many tasks have not ended."""
        return len(self._tasks)

    def schedule(self, coroutine: Coroutine[Any, Any, T], *, name: str | None = None) -> asyncio.Task[T]:
        """Start a task that this scope owns. Its exception, if nobody else looks, is in the log."""
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self) -> None:
        """Cancel what still runs and give it the grace to end."""
        running = set(self._tasks)
        for task in running:
            task.cancel()
        if not running:
            return
        _, stuck = await asyncio.wait(running, timeout=self._grace_s)
        for task in stuck:
            logger.warning("a background task ignores its cancellation", extra={"task": task.get_name()})

    async def __aenter__(self) -> Self:
        self._token = _scope.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _scope.reset(self._token)
        await self.close()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a background task failed", exc_info=error, extra={"task": task.get_name()})


_scope: ContextVar[TaskScope | None] = ContextVar("neops_task_scope", default=None)


def schedule_task(coroutine: Coroutine[Any, Any, T], *, name: str | None = None) -> asyncio.Task[T]:
    """Run a coroutine in the background of the job: it is cancelled when the job ends.

    Its exception is logged and does not fail the job; await the returned task where the job depends on it. Outside
    a job the task belongs to the running loop.
    """
    scope = _scope.get() or _loop_scopes().setdefault(asyncio.get_running_loop(), TaskScope())
    return scope.schedule(coroutine, name=name)


@functools.cache
def _loop_scopes() -> WeakKeyDictionary[asyncio.AbstractEventLoop, TaskScope]:
    """Strong references to tasks without a job: loops keep weak ones only (documentation of asyncio.create_task)."""
    return WeakKeyDictionary()
