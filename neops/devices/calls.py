"""Operations on their way: from their callers' threads into the runtime's loop, and the answers back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import suppress
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from queue import SimpleQueue
from types import MappingProxyType
from typing import Any, Final

from neops.concurrency import BlockingExecutor, Crossing, Deadline, context_with
from neops.devices.capabilities import REBOOT_S, TRANSFER_S
from neops.devices.logins import Route
from neops.devices.operations import abort
from neops.devices.plugin import Session
from neops.errors import DeviceError, SessionLost

LONG_OPERATIONS: Final = MappingProxyType({"reboot": REBOOT_S, "put_file": TRANSFER_S, "get_file": TRANSFER_S})
"""Operations that take `within_s`, and what holds without it."""

Work = Callable[[], Coroutine[Any, Any, Any]]

Heard = Callable[[Any, BaseException | None], None]
"""Takes how an operation ended: its result and None, or whatever and an error."""


def _nobody(_result: Any, _error: BaseException | None) -> None:
    """Nobody waits for the answer."""


@dataclass(eq=False, kw_only=True)
class Operation:
    """One call of one method on one device, from asking to answer.

    `until` is the deadline of whoever asked. `commands` stretches the time limit: how many commands the method takes.
    `session` is there while it runs on one, and `begun` says that it had one: a login is then urgent. `heard` takes the
    answer, and `interrupted` is the reason why somebody else ended it. `calls` and `task` are there once it was asked.

    One that is `alone` on its session is given up when its time is over or nobody waits for it: `give_up` is there
    while that can be done, `given_up` says that it was.
    """

    route: Route
    method: str
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    job: str | None = None
    until: Deadline = Deadline.never
    commands: int = 0
    begun: bool = False
    alone: bool = True
    session: Session | None = None
    heard: Heard = _nobody
    calls: Calls | None = None
    task: asyncio.Task[None] | None = None
    interrupted: DeviceError | None = None
    give_up: Callable[[], None] | None = None
    given_up: bool = False

    @property
    def time_limit_s(self) -> float:
        """The command deadline; `send_commands` has one for each of its commands, long operations their own besides."""
        each_s, own_s = self.route.options.command_timeout_s, float(self.kwargs.get("within_s") or 0)
        match self.method, self.args:
            case "send_commands", (commands, *_):
                return each_s * max(1, len(commands))
            case "send_interactive", (_, answers, *_):
                return max(each_s, own_s) * (1 + len(answers)) + each_s
            case method, _ if method in LONG_OPERATIONS:
                return each_s + (own_s or LONG_OPERATIONS[method])
        return each_s * max(1, self.commands)

    def fail(self, error: BaseException) -> None:
        """Tell its caller, if he still waits; if it was interrupted, that it was, whatever broke first."""
        if self.calls is not None:
            self.calls.end(self, error=self.interrupted or error)

    def cut_short(self) -> DeviceError:
        """Why it ended although its caller did not cancel it."""
        return self.interrupted or SessionLost(self.route.name, f"{self.method} was cancelled")


class Calls:
    """Takes operations into an event loop and answers to where they came from.

    A thousand calls that are made at once wake the loop once, and so do their answers. Their work runs in the context
    of whoever asks, with the executor given here for its blocking calls.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, executor: BlockingExecutor) -> None:
        self.loop = loop
        self._executor = executor
        self._way = Crossing(loop)
        self._homes = threading.local()
        self._operations: set[Operation] = set()
        self._answered: set[Crossing] = set()
        self._thread: int | None = None

    def __iter__(self) -> Iterator[Operation]:
        """Those without an answer."""
        return iter(tuple(self._operations))

    def begin(self, operation: Operation, work: Work) -> None:
        """Have the operation's work done in the loop; from any thread."""
        operation.calls = self
        self._operations.add(operation)
        self._way.call(self._start, operation, work, copy_context())

    async def answer(self, operation: Operation, work: Work) -> Any:
        """Have the work done, and give its result; in any event loop."""
        home = self._home()
        waiter: asyncio.Future[Any] = home.loop.create_future()

        def heard(result: Any, error: BaseException | None) -> None:
            home.add(_pass_on, waiter, result, error)
            if threading.get_ident() == self._thread:
                self._wake_soon(home)
            else:
                _wake(home)

        operation.heard = heard
        self.begin(operation, work)
        try:
            return await waiter
        except asyncio.CancelledError:
            self._drop(operation)
            raise

    def answer_blocking(self, operation: Operation, work: Work) -> Any:
        """The same in a thread without an event loop."""
        answers: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        operation.heard = lambda result, error: answers.put((result, error))
        try:
            self.begin(operation, work)
            result, error = answers.get()
        except BaseException:  # Ctrl-C: nobody waits any more
            self._drop(operation)
            raise
        if error is not None:
            raise error
        return result

    def end(self, operation: Operation, result: Any = None, *, error: BaseException | None = None) -> bool:
        """Tell its caller, from any thread, unless he was told before or went away; whether he was told now."""
        try:
            self._operations.remove(operation)  # one of those who come here at the same time succeeds
        except KeyError:
            return False
        operation.heard(result, error)
        return True

    def interrupt(self, reason: str, *, job: str | None = None) -> int:
        """End operations, those of a job or all, from any thread; how many there were.

        Their sockets go first, so that it works while the loop is blocked as well.
        """
        operations = [operation for operation in self if job is None or operation.job == job]
        for operation in operations:
            operation.interrupted = SessionLost(operation.route.name, f"{operation.method} was aborted: {reason}")
        for operation in operations:
            if (session := operation.session) is not None:
                abort(session)
            if self.end(operation, error=operation.interrupted):
                self._stop(operation)
        return len(operations)

    def _home(self) -> Crossing:
        """The way back to the event loop that runs in this thread."""
        loop = asyncio.get_running_loop()
        home: Crossing | None = getattr(self._homes, "crossing", None)
        if home is None or home.loop is not loop:
            home = self._homes.crossing = Crossing(loop)
        return home

    def _wake_soon(self, home: Crossing) -> None:
        """Wake it when all that is ready in this turn of the loop is answered."""
        if not self._answered:
            self.loop.call_soon(self._wake_all)
        self._answered.add(home)

    def _wake_all(self) -> None:
        answered, self._answered = self._answered, set()
        for home in answered:
            _wake(home)

    def _start(self, operation: Operation, work: Work, context: Context) -> None:
        self._thread = threading.get_ident()
        if operation in self._operations:
            context_with(self._executor, context)
            operation.task = self.loop.create_task(self._do(operation, work), context=context)

    async def _do(self, operation: Operation, work: Work) -> None:
        try:
            result = await work()
        except asyncio.CancelledError:
            self.end(operation, error=operation.cut_short())  # nobody cancelled its caller: it must not look as if
            raise
        except BaseException as error:  # noqa: BLE001  # it belongs to the caller
            operation.fail(error)
        else:
            self.end(operation, result)

    def _drop(self, operation: Operation) -> None:
        """Its caller went away; from any thread."""
        self._operations.discard(operation)
        self._stop(operation)

    def _stop(self, operation: Operation) -> None:
        """End the work of an operation whose answer nobody takes any more; from any thread."""

        def stop() -> None:
            if operation.task is not None:
                (operation.give_up or operation.task.cancel)()

        with suppress(RuntimeError):  # the loop is closed: the task has ended
            self._way.call(stop)


def _wake(home: Crossing) -> None:
    with suppress(RuntimeError):  # the caller's loop is closed
        home.wake()


def _pass_on(waiter: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if waiter.done():
        return
    if error is not None:
        waiter.set_exception(error)
    else:
        waiter.set_result(result)
