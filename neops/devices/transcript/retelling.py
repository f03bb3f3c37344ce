"""A session that has no device, only what one printed: neops' parsers and procedures run on it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from neops.devices.changes import TextSession, change_session_class
from neops.devices.parsing import session_class
from neops.devices.transcript.calls import candidate_of, fits
from neops.devices.transcript.errors import TranscriptMismatch
from neops.devices.transcript.failures import error_of
from neops.devices.transcript.lines import CallLine, Exchange
from neops.entities import Device


class RetoldSession(TextSession):
    """Answers commands with what was printed to them, call by call; time passes as it did."""

    def __init__(self, *, device: Device, platform: str) -> None:
        super().__init__(device=device, platform=platform, clock=lambda: self._now_s)
        self._now_s = 0.0
        self._call: CallLine | None = None
        self._left: list[Exchange] = []
        self._names: tuple[str, str] | None = None

    async def rerun(self, call: CallLine, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Run the method again over the commands of one recorded call.

        Raises:
            TranscriptMismatch: it types something else than was recorded, or less.
        """
        asked = candidate_of(args)
        self._names = (call.candidate, asked) if call.candidate and asked else None
        self._call, self._left, self._now_s = call, list(call.exchanges), 0.0
        answer = await getattr(self, call.method)(*args, **kwargs)
        if self._left:
            raise self._mismatch("nothing more", self._named(self._left[0].command))
        return answer

    async def exchange(self, command: str) -> str:
        return self._told(command)

    async def feed(self, command: str, ready: str, text: str) -> str:
        del ready
        return self._told(command, text)

    async def give_text(self, command: str, ready: str, text: str) -> str:
        return await self.feed(command, ready, text)

    def _told(self, command: str, text: str | None = None) -> str:
        recorded = self._left.pop(0) if self._left else None
        if recorded is None:
            raise self._mismatch(repr(command), "nothing more")
        if not fits(self._named(recorded.command), command) or not fits(recorded.text, text):
            raise self._mismatch(repr(command), repr(self._named(recorded.command)))
        self._now_s += recorded.took_s
        if recorded.output is None:
            lost = self._call.error if self._call and self._call.error else recorded.error
            raise error_of(lost) if lost else EOFError("the answer is not in the transcript")
        return self._named(recorded.output)

    def _named(self, text: str) -> str:
        """A change has another name each time: the one that it has now."""
        return text if self._names is None else text.replace(*self._names)

    def _mismatch(self, asked: str, recorded: str) -> TranscriptMismatch:
        method, exchanges = (self._call.method, self._call.exchanges) if self._call else ("", ())
        done = max(1, len(exchanges) - len(self._left))
        where = f"{method} types something else than was recorded, at command {done} of {len(exchanges)}"
        return TranscriptMismatch(self.device.name, f"{where}\n  asked:    {asked}\n  recorded: {recorded}")

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        return None

    def abort(self) -> None:
        return None

    async def alive(self) -> bool:
        return True


@cache
def retold_class(platform: str) -> type[RetoldSession]:
    """The session with what neops itself can do on a platform."""
    return change_session_class(session_class(RetoldSession, platform), platform)
