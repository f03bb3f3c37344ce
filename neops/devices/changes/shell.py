"""What procedures type into, and how they understand the answers."""

from __future__ import annotations

import asyncio
import logging
import math
import re
from abc import abstractmethod
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from neops.devices.acting.dialogue import DialogueSession, Passage
from neops.devices.answers import Answer
from neops.devices.capabilities import ReadsConfig
from neops.devices.changes.staging import CANDIDATE_PREFIX, ChangePlan, StagedChange
from neops.devices.changes.texts import Text, never_ends
from neops.devices.config_change import ConfirmStrength
from neops.devices.parsing import CommandSession, rejected
from neops.devices.plugin import COMMIT_S
from neops.errors import ChangeFailed, CommandRejected, ConfigLocked, ConfigRejected, DialogueFailed

logger = logging.getLogger(__name__)

SAVE_TRIES: Final = 3
BUSY_S: Final = 5.0
"""Between two tries to save where somebody else saves at the moment: a Catalyst needs some seconds."""

READS_TEXT: Final = r"Enter TEXT message"
"""What IOS and EOS say before they read a banner: `…  End with the character '#'.`, `… Type 'EOF' on its own line`."""


class TextSession(CommandSession):
    """A command session that can also hand over text of many lines: what changing a configuration takes."""

    @property
    def commit_timeout_s(self) -> float:
        """How long a commit may take; sessions return that of their options."""
        return COMMIT_S

    async def exchange_slowly(self, command: str, answers: Sequence[Answer] = ()) -> str:
        """`exchange`, for a command that may take as long as a commit; sessions with a deadline override it.

        Where questions can be answered, it may ask those.

        Raises:
            DialogueFailed: it asked something else, which was cancelled.
        """
        if answers and isinstance(self, DialogueSession):
            return (await self.converse(command, answers, within_s=self.commit_timeout_s)).text(command)
        return await self.exchange(command)

    async def give_text(self, command: str, ready: str, text: str) -> str:
        """Send a command, wait until the device says `ready` (a regular expression), send lines of text with their end
        mark, wait for the prompt; what it said then, or instead.

        Raises:
            DialogueFailed: it said neither that nor that it takes no such command, or this session has no dialogues.
        """
        if not isinstance(self, DialogueSession):
            raise DialogueFailed(self.device.name, command, "takes text", "this session cannot type several lines")
        return (await self.converse(command, [Passage(question=ready, text=text)])).reply(command)

    @abstractmethod
    def feed(self, command: str, ready: str, text: str) -> Awaitable[str]:
        """Send a command, wait until the device says `ready`, send lines of text and Ctrl-D, wait for the prompt.

        It may take as long as a commit.

        Raises:
            SessionLost: the connection broke.
            OperationTimedOut: the device was not ready, or showed no prompt, in time.
        """
        ...


class ConfigShell(TextSession, ReadsConfig):
    """What procedures work on. They keep `candidate_open`: whether this session edits a candidate now."""

    candidate_open: bool = False


class Procedure(Protocol):
    """The steps of `ConfigSession`, over a shell."""

    async def prepare(self, shell: ConfigShell, plan: ChangePlan) -> StagedChange: ...

    async def commit(
        self, shell: ConfigShell, staged: StagedChange, confirm_within: float | None
    ) -> ConfirmStrength: ...

    async def confirm(self, shell: ConfigShell, staged: StagedChange, strength: ConfirmStrength) -> None: ...

    async def revert(self, shell: ConfigShell, staged: StagedChange) -> None: ...

    async def discard(self, shell: ConfigShell, plan: ChangePlan) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What a platform says while it is configured: regular expressions for starts of lines.

    `refused`: a line or a commit was not taken, besides what `rejected` knows. `locked`: somebody else is at it.
    `prompt_head`: the first line of a prompt of two, which stays at the end of every answer. `command`: a line that
    acts at once, or ends what only the steps of a change may end. `helps`: what a device answers with help when it is
    typed, in the middle of a line. `asked`: lines that may ask something back, and the answers; `asked_to_save`:
    answers to what it may ask before it saves. `busy`: it cannot save because somebody else does.
    """

    refused: str = r"(?!)"
    locked: str = r"(?!)"
    prompt_head: str = r"(?!)"
    command: str = r"(?!)"
    helps: str = r"(?!)"
    asked: tuple[tuple[str, Answer], ...] = ()
    asked_to_save: tuple[Answer, ...] = ()
    busy: str = r"(?!)"

    def cleaned(self, answer: str) -> str:
        """An answer without the first line of the prompt that follows it."""
        return re.sub(rf"^(?:{self.prompt_head})\s*\Z", "", answer.strip("\r\n"), flags=re.MULTILINE).strip("\r\n")

    def check(self, device: str, lines: Iterable[str]) -> None:
        """Look for what cannot be typed line by line, before anything is.

        Raises:
            ConfigRejected: there is a command, a text without an end, or what asks for help.
        """
        for line in lines:
            if re.match(rf"\s*(?:{self.command})", line):
                raise ConfigRejected(device, line, "it is a command, not configuration")
            if never_ends(line):
                raise ConfigRejected(device, line, "its text has no end")
            opening = _typed(device, line)[0]
            if re.search(self.helps, opening):
                raise ConfigRejected(device, opening, "typed, its question mark would ask the device for help")

    def refuses(self, platform: str, answer: str) -> bool:
        return rejected(platform, answer) or re.search(rf"^\s*(?:{self.refused})", answer, re.MULTILINE) is not None

    async def enter(self, shell: ConfigShell, command: str, *, slow: bool = False) -> str:
        """Start to configure, or confirm; a `slow` command may take as long as a commit.

        Raises:
            ConfigLocked: somebody else does.
            CommandRejected: the device does not let us.
        """
        answer = self.cleaned(await (shell.exchange_slowly if slow else shell.exchange)(command))
        if re.search(rf"^\s*(?:{self.locked})", answer, re.MULTILINE):
            raise ConfigLocked(shell.device.name, answer)
        if self.refuses(shell.platform, answer):
            raise CommandRejected(shell.device.name, command, answer)
        return answer

    async def type(self, shell: ConfigShell, line: str, *, slow: bool = False) -> str:
        """Type a line that has to be taken; a `slow` one may take as long as a commit.

        Raises:
            ConfigRejected: it was not.
        """
        opening, text = _typed(shell.device.name, line)
        try:
            answer = self.cleaned(await self._exchange(shell, opening, text, slow=slow))
        except DialogueFailed as error:
            raise ConfigRejected(shell.device.name, opening, error.output) from error
        if self.refuses(shell.platform, answer):
            raise ConfigRejected(shell.device.name, opening, answer)
        return answer

    async def _exchange(self, shell: ConfigShell, opening: str, text: str, *, slow: bool) -> str:
        answers = [answer for line, answer in self.asked if re.match(rf"\s*(?:{line})", opening)]
        if text:
            return await shell.give_text(opening, READS_TEXT, text)
        return await (shell.exchange_slowly(opening, answers) if slow or answers else shell.exchange(opening))


def _typed(device: str, line: str) -> tuple[str, str]:
    """A line as it is typed, and the text that the device reads then."""
    if (text := Text.of(line)) is None:
        return line, ""
    try:
        return text.typed
    except ValueError as error:
        raise ConfigRejected(device, text.head, str(error)) from None


async def say(shell: ConfigShell, lines: Iterable[str], *, slow: bool = False) -> None:
    """Type lines whose answers do not matter: what they come to is looked at afterwards."""
    for line in lines:
        await (shell.exchange_slowly if slow else shell.exchange)(line)


async def save(
    shell: ConfigShell, wording: Wording, commands: Iterable[str], plan: ChangePlan, *, pause_s: float = BUSY_S
) -> None:
    """Keep what runs over a reboot. Of what was only taken back a failure is a warning.

    Raises:
        ChangeFailed: the device does not.
    """
    for command in commands:
        problem = await _saved(shell, wording, command)
        for _ in range(1, SAVE_TRIES):
            if re.search(wording.busy, problem):
                await asyncio.sleep(pause_s)
                problem = await _saved(shell, wording, command)
        if problem and not plan.undoes:
            raise ChangeFailed(shell.device.name, f"the change runs but cannot be saved: {problem}")
        if problem:
            said = {"device": shell.device.name, "problem": problem}
            logger.warning("a change that was taken back is not saved", extra=said)


async def _saved(shell: ConfigShell, wording: Wording, command: str) -> str:
    """What keeps the device from it; empty for nothing."""
    try:
        answer = wording.cleaned(await shell.exchange_slowly(command, wording.asked_to_save))
    except DialogueFailed as error:
        return error.message
    return f"{command!r}: {' '.join(answer.split())}" if wording.refuses(shell.platform, answer) else ""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How a platform shows a commit that waits to be confirmed: `sign` is searched in the answer to `show`."""

    show: str
    sign: str

    async def refuse(self, shell: ConfigShell) -> None:
        """Let nobody commit on top of it: that commit would confirm it, or fall with it.

        Raises:
            ConfigLocked: one waits.
        """
        if re.search(self.sign, await shell.exchange(self.show), re.MULTILINE):
            raise ConfigLocked(shell.device.name, "a commit waits to be confirmed, or to be taken back by the device")


@dataclass(frozen=True, kw_only=True)
class Leftovers:
    """How a platform lists candidates, and drops one.

    `listed` finds a name and, as second group, its state; in the state `waiting` it is committed and to be confirmed.
    """

    show: str
    listed: str
    waiting: str
    drop: str

    async def clear(self, shell: ConfigShell) -> None:
        """Drop what earlier changes of ours left behind; they are known by their names.

        Raises:
            ConfigLocked: a commit waits to be confirmed, whoever made it.
        """
        found = re.findall(self.listed, await shell.exchange(self.show), re.MULTILINE)
        if waiting := [name for name, state in found if re.fullmatch(self.waiting, state)]:
            raise ConfigLocked(shell.device.name, f"the commit of {waiting[0]} waits to be confirmed")
        await say(shell, (self.drop.format(name=name) for name, _ in found if name.startswith(CANDIDATE_PREFIX)))


def durations(seconds: float) -> dict[str, str]:
    """A time to confirm in the units that platforms count in, rounded up."""
    whole = max(1, math.ceil(seconds))
    clock = f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
    return {"seconds": str(whole), "minutes": str(math.ceil(whole / 60)), "timer": clock}
