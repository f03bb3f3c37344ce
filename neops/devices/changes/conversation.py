"""A change while it is made: its author asks from any thread, the steps run in the runtime's loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from neops.concurrency import Clock, Deadline
from neops.devices.calls import Operation
from neops.devices.changes.staging import ChangePlan
from neops.devices.changes.transaction import Transaction
from neops.devices.lanes import Held, Lanes
from neops.errors import DeviceError, SessionLost

logger = logging.getLogger(__name__)

CLEANUP_S: Final = 30.0
"""How long a change whose job is over may take to leave the device as it was."""


@dataclass(eq=False)
class _Question:
    step: str
    arguments: tuple[Any, ...] = ()
    answer: Future[None] = field(default_factory=Future)


class Conversation:
    """One change: holds its lane from `begin` to `leave`, or until it is interrupted.

    When the author goes away without `leave` (his job is aborted or its deadline passes), the change is ended without
    him: the session at work is cut, a new one leaves the device as it was, and only then the lane is free.
    """

    def __init__(
        self, operation: Operation, plan: ChangePlan, lanes: Lanes, loop: asyncio.AbstractEventLoop, *, clock: Clock
    ) -> None:
        self._operation, self._plan, self._lanes = operation, plan, lanes
        self._loop, self._clock = loop, clock
        self._inbox: asyncio.Queue[_Question | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._at_work: asyncio.Task[None] | None = None
        self._ended = False
        self.transaction: Transaction | None = None

    def ask(self, step: str, *arguments: Any) -> Future[None]:
        """Have a step of the transaction done; from any thread."""
        question = _Question(step, arguments)
        try:
            self._loop.call_soon_threadsafe(self._take, question)
        except RuntimeError:  # the runtime was stopped, and its loop is closed
            _tell(question.answer, self._over())
        return question.answer

    def end(self) -> None:
        """End the change without its author; from any thread. Nobody waits for it."""
        with suppress(RuntimeError):  # the runtime was stopped
            self._loop.call_soon_threadsafe(self._interrupt, "its author went away")

    async def run(self, changes: set[asyncio.Task[None]]) -> None:
        """Serve the author until the end. Cancelled, it returns at once; the end goes on as one of `changes`."""
        self._task = asyncio.get_running_loop().create_task(self._serve())
        changes.add(self._task)
        self._task.add_done_callback(changes.discard)
        try:
            await asyncio.shield(self._task)
        except asyncio.CancelledError:
            self._interrupt("it was aborted")
            raise

    def _take(self, question: _Question) -> None:
        if self._ended:
            _tell(question.answer, self._over())
        else:
            self._inbox.put_nowait(question)

    def _interrupt(self, reason: str) -> None:
        if self._ended:
            return
        operation = self._operation
        operation.interrupted = operation.interrupted or SessionLost(operation.route.name, f"change: {reason}")
        if self.transaction is None and self._task is not None:
            self._task.cancel()  # it waits for its turn: nothing was done
        elif self._at_work is not None:
            self._at_work.cancel()
        self._inbox.put_nowait(None)

    def _over(self) -> DeviceError:
        return self._operation.interrupted or SessionLost(self._operation.route.name, "the change is over")

    async def _serve(self) -> None:
        try:
            async with self._lanes.hold(self._operation) as held:
                self.transaction = self._transaction(held)
                await self._converse(held, self.transaction)
        except DeviceError as error:
            self._operation.interrupted = self._operation.interrupted or error
        finally:
            self._ended = True
            while not self._inbox.empty():
                if (question := self._inbox.get_nowait()) is not None:
                    _tell(question.answer, self._over())

    def _transaction(self, held: Held) -> Transaction:
        name, options = self._operation.route.name, self._operation.route.options
        each_s, commit_s = options.command_timeout_s, options.commit_timeout_s
        return Transaction(held, self._plan, device=name, each_s=each_s, commit_s=commit_s, clock=self._clock)

    async def _converse(self, held: Held, transaction: Transaction) -> None:
        while (question := await self._next(transaction)) is not None:
            await self._answer(question, transaction)
            if question.step == "leave" and not self._operation.interrupted:
                return
        held.outlive(Deadline.after(CLEANUP_S, self._clock))
        await self._alone(transaction.leave())

    async def _next(self, transaction: Transaction) -> _Question | None:
        """What the author asks next; None when he went away or his time is over."""
        while True:
            limit = min(self._operation.until, transaction.pending_until)
            try:
                async with asyncio.timeout(limit.timeout()):
                    question = await self._inbox.get()
            except TimeoutError:
                if self._operation.until.expired:
                    return None
                await self._alone(transaction.expire())
            else:
                if question is not None and self._operation.interrupted:
                    _tell(question.answer, self._over())
                    return None
                return question

    async def _answer(self, question: _Question, transaction: Transaction) -> None:
        step: Coroutine[Any, Any, None] = getattr(transaction, question.step)(*question.arguments)
        self._at_work = asyncio.get_running_loop().create_task(step)
        await asyncio.wait((self._at_work,))
        done, self._at_work = self._at_work, None
        error = self._over() if done.cancelled() else done.exception()
        _tell(question.answer, error and (self._operation.interrupted or error))

    async def _alone(self, step: Coroutine[Any, Any, None]) -> None:
        """Do a step that nobody asked for."""
        try:
            await step
        except DeviceError as error:
            logger.error(
                "a change could not be brought to an end",
                extra={"device": self._operation.route.name, "problem": error.message},
            )


def _tell(answer: Future[None], error: BaseException | None) -> None:
    if not answer.set_running_or_notify_cancel():
        return  # he does not wait for it any more
    if error is None:
        answer.set_result(None)
    else:
        answer.set_exception(error)


class Changes(Protocol):
    """Starts conversations; the runtime."""

    def converse(self, operation: Operation, plan: ChangePlan) -> Conversation:
        """Begin a change on behalf of an author; from any thread."""
        ...
