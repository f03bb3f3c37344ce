"""A change in its author's hands: `async with device.change(…) as change`, or `with` in a thread without a loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from neops.devices.changes.conversation import Conversation
from neops.devices.changes.transaction import Transaction
from neops.devices.config_change import ChangeOutcome, ConfirmStrength
from neops.errors import DeviceError, UsageError


class _Handle:
    """What both forms share: the conversation, and what the transaction says of itself."""

    def __init__(self, begin: Callable[[], Conversation]) -> None:
        self._begin = begin
        self._conversation: Conversation | None = None

    @property
    def diff(self) -> str:
        return self._transaction.diff

    @property
    def outcome(self) -> ChangeOutcome:
        return self._transaction.outcome

    @property
    def strength(self) -> ConfirmStrength:
        return self._transaction.strength

    @property
    def _transaction(self) -> Transaction:
        if (transaction := self._talk().transaction) is None:
            raise UsageError("the change was not prepared")
        return transaction

    def _talk(self) -> Conversation:
        if self._conversation is None:
            raise UsageError("a change is made in its block: async with device.change(…) as change")
        return self._conversation

    def _start(self) -> None:
        if self._conversation is not None:
            raise UsageError("a change is made once; call change(…) again for the next one")
        self._conversation = self._begin()


def _went_away(error: BaseException | None) -> bool:
    """The author is cancelled, or his program ends: nobody waits for the rest."""
    return error is not None and not isinstance(error, Exception)


class DeviceChange(_Handle):
    """A change to be awaited in any event loop."""

    async def __aenter__(self) -> Self:
        self._start()
        try:
            await self._ask("begin")
        except Exception:
            with suppress(DeviceError):  # the first error says what is wrong
                await self._leave()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if _went_away(error):
            self._talk().end()
            return
        try:
            await self._leave()
        except DeviceError as problem:
            if error is None:
                raise
            error.add_note(str(problem))

    async def commit(self, confirm_within: float | None = None) -> None:
        await self._ask("commit", confirm_within)

    async def confirm(self) -> None:
        await self._ask("confirm")

    async def _leave(self) -> None:
        await self._ask("leave")

    async def _ask(self, step: str, *arguments: Any) -> None:
        conversation = self._talk()
        try:
            await asyncio.wrap_future(conversation.ask(step, *arguments))
        except asyncio.CancelledError:
            conversation.end()
            raise


class BlockingChange(_Handle):
    """The same for a thread without an event loop."""

    def __enter__(self) -> Self:
        self._start()
        try:
            self._ask("begin")
        except Exception:
            with suppress(DeviceError):
                self._ask("leave")
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if _went_away(error):
            self._talk().end()
            return
        try:
            self._ask("leave")
        except DeviceError as problem:
            if error is None:
                raise
            error.add_note(str(problem))

    def commit(self, confirm_within: float | None = None) -> None:
        self._ask("commit", confirm_within)

    def confirm(self) -> None:
        self._ask("confirm")

    def _ask(self, step: str, *arguments: Any) -> None:
        answer = self._talk().ask(step, *arguments)
        try:
            answer.result()
        except concurrent.futures.CancelledError:
            raise UsageError("the device runtime was stopped during a change") from None
