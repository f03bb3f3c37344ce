"""Bases for a session that can send commands: what it sends becomes rejections, parsed output and getters.

A plugin author writes `open`, `close`, `abort`, `alive` and `exchange`, and lets `session_class` add the getters that
the platform's table has:

    class TelnetSession(CommandSession):
        async def exchange(self, command: str) -> str: ...

    session_class(TelnetSession, "cisco_ios")(device=device, platform="cisco_ios")
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from neops.concurrency import in_thread
from neops.devices.capabilities import RunsCommands
from neops.devices.parsing.outputs import check_asked, check_list, read_output
from neops.devices.parsing.reads import Answers, Read
from neops.devices.parsing.rejections import rejected
from neops.devices.plugin import ConnectionOptions, Session
from neops.devices.results import CommandOutput, Parse
from neops.entities import Device
from neops.errors import SessionLost

R = TypeVar("R")

PARSED_IN_THREAD = 65_536
"""Characters from which TextFSM leaves the loop that all sessions share: it reads about 2 MB/s (textfsm 2.1)."""


class CommandSession(Session, RunsCommands):
    """A session that runs commands, out of one method: `exchange`.

    `platform` is our name of it (netmiko's device type): rejections and templates are looked up under it. A session
    that sees prompts says so: the one that `open` ends at with `settled_at`, the one after each command with `now_at`.
    """

    _home: str | None = None
    _prompt: str | None = None

    def __init__(self, *, device: Device, platform: str, clock: Callable[[], float] = time.perf_counter) -> None:
        self.device, self.platform = device, platform
        self._clock = clock

    @abstractmethod
    def exchange(self, command: str) -> Awaitable[str]:
        """Send one command, wait for the prompt; the answer without echo and prompt, blank lines around it or not.

        Write it as `async def`, or as `@run_in_thread def` over a blocking library.

        Raises:
            SessionLost: the connection broke.
            OperationTimedOut: there was no prompt in time.
        """
        ...

    def settled_at(self, prompt: str) -> None:
        """Every operation starts from this prompt."""
        self._home = self._prompt = prompt.strip()

    def now_at(self, prompt: str) -> None:
        """The device shows this prompt now."""
        self._prompt = prompt.strip()

    @property
    def clean(self) -> bool:
        return type(self).reset is CommandSession.reset and not self._astray

    @property
    def _astray(self) -> bool:
        return self._home is not None and self._prompt != self._home

    async def reset(self) -> None:
        """Give the session up when a command left another prompt: a configuration mode, another directory."""
        if self._astray:
            raise SessionLost(self.device.name, f"a command left the prompt {self._prompt!r} instead of {self._home!r}")

    async def send_command(self, command: str, *, parse: Parse | None = None) -> CommandOutput:
        check_asked(command, parse)
        started = self._clock()
        output = (await self.exchange(command)).strip("\r\n")
        answer = CommandOutput(
            device=self.device.name,
            command=command,
            output=output,
            elapsed_s=self._clock() - started,
            rejected=rejected(self.platform, output),
        )
        return answer if parse is None or answer.rejected else await self._parsed(answer, parse)

    async def send_commands(self, commands: Sequence[str], *, parse: Parse | None = None) -> tuple[CommandOutput, ...]:
        check_list(commands)
        return tuple([await self.send_command(command, parse=parse) for command in commands])

    async def read(self, read: Read[R]) -> R:
        """Run a getter that is data; every command that is not optional must be accepted.

        Raises:
            CommandRejected: the device knows one of the commands not, or not for this user.
            ParseFailed: an answer is not what the getter expects.
        """
        outputs = {}
        for command in read.commands:
            answer = await self.send_command(command)
            left_out = answer.rejected and command in read.optional
            outputs[command] = "" if left_out else answer.raise_for_status().output
        answers = Answers(device=self.device.name, platform=self.platform, outputs=outputs)
        if sum(map(len, outputs.values())) < PARSED_IN_THREAD:
            return read.of(answers)
        return await in_thread(lambda: read.of(answers))

    async def _parsed(self, answer: CommandOutput, parse: Parse) -> CommandOutput:
        def read() -> CommandOutput:
            parsed, template = read_output(self.platform, answer, parse)
            return answer.model_copy(update={"parsed": parsed, "template": template})

        return read() if len(answer.output) < PARSED_IN_THREAD else await in_thread(read)


def platform_name(device: Device, options: ConnectionOptions, platforms: Mapping[str, str]) -> str:
    """Our name of the platform that a session was asked for, where `options` only has the library's.

    `platforms` is the plugin's table. Several of our names may share one of the library's: the device's own wins.
    """
    own = device.platform_name
    if own is not None and platforms.get(own) == options.platform:
        return own
    return next((name for name, theirs in platforms.items() if theirs == options.platform), own or options.platform)
