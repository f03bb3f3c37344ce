"""Hears what a session types while it does one operation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from neops.concurrency import Clock
from neops.devices.parsing import CommandSession
from neops.devices.plugin import Session
from neops.devices.transcript.failures import failure_of
from neops.devices.transcript.lines import Exchange

_TYPED: Final = ("exchange", "exchange_slowly", "feed", "give_text")
"""The methods of command sessions that type; of those that call each other the first one is heard."""


@contextmanager
def listening(session: Session, exchanges: list[Exchange], clock: Clock) -> Iterator[None]:
    """Note what a command session types, and the answers, inside the block."""
    typed = [name for name in _TYPED if hasattr(session, name)] if isinstance(session, CommandSession) else []
    ear = _Ear(exchanges, clock)
    for name in typed:
        setattr(session, name, ear.heard(getattr(session, name)))
    try:
        yield
    finally:
        for name in typed:
            delattr(session, name)


class _Ear:
    def __init__(self, exchanges: list[Exchange], clock: Clock) -> None:
        self._exchanges, self._clock = exchanges, clock
        self._hears = False

    def heard(self, typing: Callable[..., Awaitable[str]]) -> Callable[..., Awaitable[str]]:
        async def heard(command: str, *more: Any) -> str:
            if self._hears:
                return await typing(command, *more)
            self._hears = True
            try:
                return await self._noted(typing, command, *more)
            finally:
                self._hears = False

        return heard

    async def _noted(self, typing: Callable[..., Awaitable[str]], command: str, *more: Any) -> str:
        started, place = self._clock(), len(self._exchanges)
        ready, text = more if len(more) == 2 else (None, None)  # or what may be answered
        exchange = Exchange(command=command, ready=ready, text=text)
        self._exchanges.append(exchange)  # a command that hangs is typed all the same

        def ended(**how: Any) -> None:
            self._exchanges[place] = exchange.model_copy(update={"took_s": round(self._clock() - started, 6), **how})

        try:
            output = await typing(command, *more)
        except BaseException as error:
            ended(error=failure_of(error))
            raise
        ended(output=output)
        return output
