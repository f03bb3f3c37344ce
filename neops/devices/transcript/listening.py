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

_TYPED: Final = ("exchange", "feed")
"""The methods of command sessions that type."""


@contextmanager
def listening(session: Session, exchanges: list[Exchange], clock: Clock) -> Iterator[None]:
    """Note what a command session types, and the answers, inside the block."""
    typed = [name for name in _TYPED if hasattr(session, name)] if isinstance(session, CommandSession) else []
    for name in typed:
        setattr(session, name, _heard(getattr(session, name), exchanges, clock))
    try:
        yield
    finally:
        for name in typed:
            delattr(session, name)


def _heard(
    typing: Callable[..., Awaitable[str]], exchanges: list[Exchange], clock: Clock
) -> Callable[..., Awaitable[str]]:
    async def heard(command: str, ready: str | None = None, text: str | None = None) -> str:
        started, place = clock(), len(exchanges)
        exchange = Exchange(command=command, ready=ready, text=text)
        exchanges.append(exchange)  # a command that hangs is typed all the same

        def ended(**how: Any) -> None:
            exchanges[place] = exchange.model_copy(update={"took_s": round(clock() - started, 6), **how})

        try:
            output = await (typing(command) if ready is None else typing(command, ready, text))
        except BaseException as error:
            ended(error=failure_of(error))
            raise
        ended(output=output)
        return output

    return heard
