"""Blocking calls from async code."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any, ParamSpec, TypeVar

from neops.concurrency.executor import BlockingExecutor, current_executor

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


def run_in_thread(function: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Make a blocking function or method awaitable: each call runs in a thread of the running job.

    ```python
    @run_in_thread
    def _login(self, device: Device) -> str: ...

    banner = await self._login(context.device)
    ```

    Works as a decorator, below `@staticmethod` and `@classmethod` too, and as `await run_in_thread(function)(...)`.
    Context variables travel. Cancelling the call returns at once; the thread cannot be stopped and is counted in
    `BlockingExecutor.abandoned` until the function returns.

    Raises:
        TypeError: the function is async already, await it without the decorator.
    """
    if inspect.iscoroutinefunction(function):
        raise TypeError(f"{function.__qualname__} is async: await it directly, without run_in_thread")

    @functools.wraps(function)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return await in_thread(functools.partial(function, *args, **kwargs))

    return call


async def in_thread(
    call: Callable[[], T],
    *,
    on_cancel: Callable[[], object] | None = None,
    executor: BlockingExecutor | None = None,
) -> T:
    """Run one blocking call in a thread, with a way out for whoever cancels it.

    `on_cancel` runs on the caller's loop when the call is cancelled while its thread is busy. It should make the
    thread return soon, as closing its socket does, and must not block.
    """
    pool = executor or current_executor()
    future = pool.submit(copy_context().run, call)
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        if pool.abandon(future):
            _let_go(call, pool, on_cancel)
        raise


def _let_go(call: Callable[[], T], pool: BlockingExecutor, on_cancel: Callable[[], object] | None) -> None:
    function = getattr(call, "func", call)
    name = getattr(function, "__qualname__", repr(function))
    logger.info("a cancelled call still runs in its thread", extra={"call": name, "abandoned": pool.abandoned})
    if on_cancel is None:
        return
    try:
        on_cancel()
    except Exception:  # the caller's way out must not turn the cancellation into another error
        logger.exception("the way out of a blocking call failed", extra={"call": name})
