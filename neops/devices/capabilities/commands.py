"""Running commands."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Sequence
from typing import Protocol, runtime_checkable

from neops.devices.answers import Answer
from neops.devices.results import CommandOutput, Parse


@runtime_checkable
class RunsCommands(Protocol):
    """Runs operational commands in the most privileged mode that the credentials give."""

    @abstractmethod
    def send_command(self, command: str, *, parse: Parse | None = None) -> Awaitable[CommandOutput]:
        """Send one command and wait for the prompt.

        A rejected command is an answer, not an exception: look at `rejected` or call `raise_for_status()`.

        Raises:
            ParseFailed: `parse` was asked and the output does not match, or no template is known for the command;
                its `output` has what the device said. Output that matches and holds nothing is an empty list.
            OperationTimedOut: no prompt before the command deadline; the session was closed.
        """
        ...

    @abstractmethod
    def send_commands(
        self, commands: Sequence[str], *, parse: Parse | None = None
    ) -> Awaitable[tuple[CommandOutput, ...]]:
        """Send commands one after the other on the same session; a rejected one does not stop the rest."""
        ...


@runtime_checkable
class Interacts(Protocol):
    """Runs commands that ask something back."""

    @abstractmethod
    def send_interactive(
        self, command: str, answers: Sequence[Answer], *, within_s: float | None = None
    ) -> Awaitable[CommandOutput]:
        r"""Send a command and answer its questions, in their order, until the prompt is back.

        ```python
        await router.send_interactive("copy running-config flash:", [Answer(r"filename \[.*\]\?", "backup.cfg")])
        ```

        `within_s` is the longest silence in between, the command deadline unless told. A question that has no answer
        is cancelled; the session is back at its prompt then, or closed.

        Raises:
            DialogueFailed: the device asked something else, or did not ask what is not optional.
            SessionLost: the connection ended, and no answer given before said that it may.
            OperationTimedOut: there was silence for too long; the session was closed.
        """
        ...
