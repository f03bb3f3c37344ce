"""Calls from other threads into a loop: who waits hears one outcome, and what nobody waits for ends."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest

from neops.concurrency import BlockingExecutor
from neops.devices.calls import Calls, Operation
from neops.devices.logins import Route
from neops.errors import SessionLost


@pytest.fixture
def calls() -> Iterator[Calls]:
    """Into a loop in a thread of its own."""
    loop, executor = asyncio.new_event_loop(), BlockingExecutor(1)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield Calls(loop, executor)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    executor.shutdown()


class Hanging:
    """Work that says when it began and when it was cancelled."""

    def __init__(self) -> None:
        self.began, self.cancelled = threading.Event(), threading.Event()

    async def __call__(self) -> None:
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()


def operation() -> Operation:
    return Operation(route=cast("Route", SimpleNamespace(name="r1")), method="get_facts")


async def answer(result: Any) -> Any:
    return result


async def test_each_caller_gets_his_own_answer(calls: Calls) -> None:
    awaited = [calls.answer(operation(), partial(answer, number)) for number in range(200)]

    assert await asyncio.gather(*awaited) == list(range(200))
    assert calls.answer_blocking(operation(), lambda: answer("blocking")) == "blocking"
    assert not list(calls)


async def test_an_interrupted_call_fails_at_its_caller_and_its_work_is_cancelled(calls: Calls) -> None:
    work = Hanging()
    waiting = asyncio.create_task(calls.answer(operation(), work))
    await asyncio.to_thread(work.began.wait, 5)

    assert calls.interrupt("the test is over") == 1

    with pytest.raises(SessionLost, match="the test is over"):
        await waiting
    assert await asyncio.to_thread(work.cancelled.wait, 5)
    assert calls.interrupt("again") == 0


async def test_the_work_of_a_caller_who_goes_away_is_cancelled(calls: Calls) -> None:
    work = Hanging()
    waiting = asyncio.create_task(calls.answer(operation(), work))
    await asyncio.to_thread(work.began.wait, 5)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.to_thread(work.cancelled.wait, 5)
    assert not list(calls)


async def test_a_call_that_ends_before_it_begins_is_not_made(calls: Calls) -> None:
    hold, asked, made = threading.Event(), operation(), []

    async def work() -> None:
        made.append(asked)

    calls.loop.call_soon_threadsafe(hold.wait, 5)
    calls.begin(asked, work)
    assert calls.interrupt("before it began") == 1
    hold.set()

    assert await calls.answer(operation(), lambda: answer("the next one")) == "the next one"
    assert made == []


def test_the_work_of_a_blocking_call_that_the_user_interrupts_is_cancelled(calls: Calls) -> None:
    work = Hanging()

    def interrupt() -> None:
        work.began.wait(5)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with interruptible(), pytest.raises(KeyboardInterrupt):
        calls.answer_blocking(operation(), work)
    assert work.cancelled.wait(5)


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGINT as in a script, wherever the tests run."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
