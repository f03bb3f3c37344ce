"""Commands that ask something back, for sessions that can type a line and read on."""

from __future__ import annotations

import asyncio
import re
import time
from abc import abstractmethod
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import field_validator

from neops.devices.answers import Answer
from neops.devices.capabilities import Interacts
from neops.devices.parsing import CommandSession, rejected
from neops.devices.parsing.outputs import check_asked
from neops.devices.results import CommandOutput
from neops.entities import Secret
from neops.errors import DialogueFailed, OperationTimedOut, SessionLost
from neops.logs import MASK

QUIET_S: Final = 1.0
"""A line that looks like a question, and nothing more for this long: the device waits for somebody."""

PERHAPS_S: Final = 5.0
"""The same for a line that may also be the beginning of an answer: `Computing checksum:`."""

RECOVERY_S: Final = 3.0
"""How long a device may take to show its prompt again when a question is cancelled."""

REST_S: Final = 0.1
"""For the second prompt: what cancels a question is typed with a return."""

FAREWELL_S: Final = 10.0
"""A device that may hang up and says nothing for this long is gone: a TCP connection does not always end."""

CTRL_C: Final = "\x03"
_QUESTION: Final = re.compile(
    r"(?:\?|\[[^\]]*[/,][^\]]*\]|\[confirm\]|\([^)]*/[^)]*\)|[Pp]ass(?:word|phrase)[^:]*:)(?:\s*[\[(]\w*[\])])?[?:]?\s*$"
)
_BETWEEN: Final = r"[\s\x08]*"
"""What terminals put into an echo: a long line is wrapped, Junos goes back and forth."""

_PERHAPS: Final = re.compile(r"[:\])>]\s*$")


class Passage(Answer):
    """Lines of text for a device that says that it reads them now, and shows no question until they end."""

    @field_validator("text")
    @classmethod
    def _is_a_line(cls, text: Secret) -> Secret:
        return text


class DialogueSession(CommandSession, Interacts):
    """A command session that can also answer questions, out of two methods.

    The prompt at which `settled_at` said that every operation starts is the one at which a dialogue ends.
    """

    @abstractmethod
    def type_line(self, text: str, *, hidden: bool = False) -> Awaitable[None]:
        """Type a line and the return after it. Hidden text must not reach a log.

        Raises:
            SessionLost: the connection broke.
        """
        ...

    @abstractmethod
    def read_text(self, within_s: float) -> Awaitable[str]:
        """What the device printed since the last reading; empty when nothing comes within this time.

        Raises:
            SessionLost: the connection broke.
        """
        ...

    def at_prompt(self, line: str) -> bool:
        """Whether this last line is a prompt: it names the device as the first one did, or the one before."""
        begins = {_beginning((prompt or "").rpartition("\n")[2]) for prompt in (self._home, self._prompt)} - {""}
        return _bare(line).startswith(tuple(begins)) and line.endswith((">", "#", "$", "%", "]"))

    async def send_interactive(
        self, command: str, answers: Sequence[Answer], *, within_s: float | None = None
    ) -> CommandOutput:
        """Have the dialogue; `within_s` is the longest silence between two of its lines."""
        check_asked(command)
        started = self._clock()
        said = await self.converse(command, answers, within_s=within_s)
        output = said.text(command)
        return CommandOutput(
            device=self.device.name,
            command=command,
            output=output,
            elapsed_s=self._clock() - started,
            rejected=rejected(self.platform, output),
        )

    async def converse(
        self, command: str, answers: Sequence[Answer], *, within_s: float | None = None, ends: bool = False
    ) -> Said:
        """Type a command and its answers, up to the prompt.

        After a command that `ends` it, or such an answer, the end of the connection will do.
        """
        said = Said(awaited=command)
        left = list(answers)
        await self.type_line(command)
        while True:
            try:
                line = await self._next_stop(command, said, left, FAREWELL_S if ends else within_s or self.patience_s)
            except (SessionLost, OperationTimedOut):
                if ends:
                    return said
                raise
            if self.at_prompt(line):
                said.prompt = line
                self._check_all_asked(command, said, left)
                self.now_at(line)
                return said
            given = self._answer_to(said, left)
            if given is None:
                await self._give_up(command, said, line)
            else:
                del left[: left.index(given) + 1]
                said.answered(given)
                ends = given.ends
                await self.type_line(given.text.reveal(), hidden=given.hidden)

    @property
    def patience_s(self) -> float:
        """The longest silence in a dialogue; sessions return their command deadline."""
        return 60.0

    async def _next_stop(self, command: str, said: Said, left: Sequence[Answer], within_s: float) -> str:
        """Read on until the device waits for something: the line at which it does."""
        silent_since = time.monotonic()
        while True:
            line = said.last_line
            answer = self._answer_to(said, left)
            if isinstance(answer, Passage) or (line and (answer or self.at_prompt(line))):
                return line
            text = await self.read_text(QUIET_S)
            if text:
                said.heard(text)
                silent_since = time.monotonic()
                continue
            said.awaited = ""  # a device that does not echo
            silent_s = time.monotonic() - silent_since
            if _QUESTION.search(line) or (silent_s >= PERHAPS_S and _PERHAPS.search(line)):
                return line
            if silent_s >= within_s:
                self.abort()
                tail = said.text(command)[-200:]
                raise OperationTimedOut(
                    self.device.name, f"no prompt within {within_s:g} s after {command!r}: {tail!r}"
                )

    @staticmethod
    def _answer_to(said: Said, left: Sequence[Answer]) -> Answer | None:
        """The answer to what is asked now: the next one, or one behind optional ones."""
        for answer in left:
            if answer.fits(said.unanswered):
                return answer
            if not answer.optional:
                return None
        return None

    def _check_all_asked(self, command: str, said: Said, left: Sequence[Answer]) -> None:
        """A device that asks less than expected did something else; one that rejects the command says so itself."""
        missing = next((answer for answer in left if not answer.optional), None)
        output = said.text(command)
        if missing is not None and not rejected(self.platform, output):
            raise DialogueFailed(self.device.name, command, f"was done without asking {missing.question!r}", output)

    async def _give_up(self, command: str, said: Said, line: str) -> None:
        """Cancel the question, or close the session where that does not lead back to the prompt."""
        question = " ".join(line.split())
        output = said.text(command)
        try:
            async with asyncio.timeout(RECOVERY_S):
                await self._back_to_prompt()
        except (TimeoutError, SessionLost):
            self.abort()
        raise DialogueFailed(self.device.name, command, f"asked something that has no answer: {question!r}", output)

    async def _back_to_prompt(self) -> None:
        after = Said()
        await self.type_line(CTRL_C)
        while not (after.last_line and self.at_prompt(after.last_line)):
            after.heard(await self.read_text(QUIET_S))
        await self.read_text(REST_S)


def _echo_of(typed: str) -> str:
    """A pattern of what a terminal makes of typed text."""
    return _BETWEEN.join(re.escape(character) for character in typed if not character.isspace())


def _bare(line: str) -> str:
    """A prompt without what stands before the name: `[~` of VRP 8, a user."""
    return re.sub(r"^[<\[~*]*(?:[\w.-]+@)?", "", line.strip())


def _beginning(prompt: str) -> str:
    """A prompt as far as modes and directories do not change it: `r1`, `RP/0/RP0/CPU0:r1`."""
    found = re.match(r"[\w./-]+(?::[\w.-]+)?", _bare(prompt))
    return found[0] if found else ""


@dataclass
class Said:
    """What the device printed in a dialogue, with what was typed in between as it echoed it.

    What stands before the echo that is `awaited` belongs to something earlier: a second prompt of the login.
    """

    prompt: str = ""
    awaited: str = ""
    _text: str = ""
    _seen: int = 0
    _hidden: list[str] = field(default_factory=list)

    def heard(self, text: str) -> None:
        self._text += text
        if self.awaited and (echo := re.compile(_echo_of(self.awaited)).search(self._text, self._seen)):
            if self._seen:
                self._seen = echo.end()
            else:
                self._text = self._text[echo.start() :]
            self.awaited = ""

    def answered(self, answer: Answer) -> None:
        """What was printed up to now asks nothing any more."""
        self._seen = len(self._text)
        if isinstance(answer, Passage):
            self.awaited = answer.text.reveal()  # a line of it may look like a prompt
        if answer.hidden and answer.text:
            self._hidden.append(answer.text.reveal())

    @property
    def unanswered(self) -> str:
        """What was printed since the last answer."""
        return self._text[self._seen :].rstrip()

    @property
    def last_line(self) -> str:
        """The line at which the device stands, as far as it came after the last answer."""
        return "" if self.awaited else re.split(r"[\r\n]", self._text[self._seen :])[-1].strip()

    def reply(self, command: str) -> str:
        """What was printed since the last answer, or all of it where there was none; without the prompt."""
        return self.unanswered.removesuffix(self.prompt).strip("\r\n") if self._seen else self.text(command)

    def text(self, command: str) -> str:
        """All of it, without the command's echo and the prompt at the end; hidden answers are masked."""
        text = re.sub(r"\r+\n", "\n", self._text).lstrip("\n")
        first, _, rest = text.partition("\n")
        text = rest if first.strip().endswith(command.strip()) else text
        for secret in self._hidden:
            text = text.replace(secret, MASK)
        return text.rstrip().removesuffix(self.prompt).strip("\r\n")
