"""What was recorded of one device, and how far it has been told again."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from neops.devices.transcript.calls import Arguments, differences, fits, written
from neops.devices.transcript.errors import TranscriptMismatch
from neops.devices.transcript.lines import CallLine, LoginLine

Order = Literal["strict", "any"]
"""`strict`: a device is asked what was recorded, as it was. `any`: in any order, equal calls in the recorded one."""

_LONG: Final = 300
"""Characters of a call that a message shows."""

_SIMILAR: Final = 0.6
"""From this ratio of difflib on, another recorded call is worth showing."""


INCOMPLETE: Final = "the end of the transcript is missing: whoever recorded was killed"


class DeviceScript:
    """The recorded events of one device, each used once. `complete` says that there were no more."""

    def __init__(
        self, device: str, events: Iterable[LoginLine | CallLine], order: Order, *, complete: bool = True
    ) -> None:
        self.device, self._order, self._complete = device, order, complete
        self._left = list(events)
        self._calls = [event for event in self._left if isinstance(event, CallLine)]
        self._position = {id(call): number for number, call in enumerate(self._calls, start=1)}
        self._last_refusal: LoginLine | None = None

    def login(self) -> LoginLine | None:
        """How the login ended that was recorded here; None when there was none: the session was open already.

        A device that could not be logged in to and was not asked again stays so.
        """
        return self._next_login() or (None if self._left else self._last_refusal)

    def take(self, method: str, arguments: Arguments) -> CallLine | LoginLine:
        """The recorded call that this one is, or the failed login that stood in its way.

        Raises:
            TranscriptMismatch: it is not what was recorded.
        """
        while (login := self._next_login()) is not None:
            if login.error is not None:  # one that went well needs no telling where a session is open
                return login
        for place, event in enumerate(self._left):
            if isinstance(event, CallLine) and event.method == method and fits(dict(event.arguments), dict(arguments)):
                del self._left[place]
                return event
            if self._order == "strict" and isinstance(event, CallLine):
                break
        raise TranscriptMismatch(self.device, self._difference(method, arguments))

    def unused(self) -> Sequence[str]:
        """What nobody asked for, as text, each with its place."""
        return [self._told(event) for event in self._left if isinstance(event, CallLine) or event.error]

    def _next_login(self) -> LoginLine | None:
        if not self._left or not isinstance(login := self._left[0], LoginLine):
            return None
        del self._left[0]
        self._last_refusal = login if login.error else None
        return login

    def _difference(self, method: str, arguments: Arguments) -> str:
        following = next((event for event in self._left if isinstance(event, CallLine)), None)
        at = len(self._calls) + 1 if following is None else self._position[id(following)]
        lines = [f"call {at} of {len(self._calls)} is not what was recorded"]
        lines.append(f"  asked:    {_short(written(method, arguments))}")
        end = "nothing more" if self._complete else f"nothing more; {INCOMPLETE}"
        lines.append(f"  recorded: {end if following is None else _short(_call(following))}")
        nearest = self._nearest(written(method, arguments))
        if nearest is not None and nearest is not following:
            before = "" if any(event is nearest for event in self._left) else ", which was asked before"
            lines.append(f"  nearest:  {self._told(nearest)}{before}")
        alike = nearest or following
        if alike is not None and alike.method == method:
            lines += (f"    {line}" for line in differences(alike.arguments, arguments))
        return "\n".join(lines)

    def _nearest(self, asked: str) -> CallLine | None:
        """The recorded call that reads most like this one; those that are left before those that were used."""
        left = [event for event in self._left if isinstance(event, CallLine)]
        for calls in (left, self._calls):
            texts = {_call(call)[:_LONG]: call for call in reversed(calls)}
            if found := difflib.get_close_matches(asked[:_LONG], texts, n=1, cutoff=_SIMILAR):
                return texts[found[0]]
        return None

    def _told(self, event: CallLine | LoginLine) -> str:
        if isinstance(event, LoginLine):
            return f"a login that failed: {event.error.message if event.error else ''}"
        return f"call {self._position[id(event)]}, {_short(_call(event))}"


def script_of(events: Iterable[LoginLine | CallLine], order: Order, *, complete: bool = True) -> Iterator[DeviceScript]:
    """One script for each device."""
    of: dict[str, list[LoginLine | CallLine]] = {}
    for event in events:
        of.setdefault(event.device, []).append(event)
    return (DeviceScript(device, mine, order, complete=complete) for device, mine in of.items())


def _call(call: CallLine) -> str:
    return written(call.method, call.arguments)


def _short(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[:_LONG]} …"
