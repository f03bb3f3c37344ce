"""core.neops.io/command: what a device answers to read-only commands."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue

from neops.blocks import (
    FunctionBlock,
    FunctionBlockParams,
    FunctionBlockResult,
    FunctionBlockResultData,
    Registration,
    WorkflowContext,
    register_function_block,
)
from neops.devices import CommandOutput, ParseName, RunsCommands
from neops.library import PACKAGE

CHANGING = frozenset(
    {
        *("configure", "edit", "set", "commit", "rollback", "write", "copy", "delete", "erase", "format", "install"),
        *("reload", "reboot", "reset", "restart", "request", "shutdown", "poweroff", "halt", "clear", "enter"),
        *("system-view", "admin", "tools", "undo", "sudo", "rm", "mv", "dd", "kill", "systemctl"),
    }
)
"""First words of commands that change a device, on the platforms we know. Abbreviations of three letters count too."""


def reading(command: str) -> str:
    """The command, if it is one line and does not begin like one that changes the device.

    Raises:
        ValueError: it does.
    """
    words = command.split()
    if not words or len(command.splitlines()) != 1:
        raise ValueError("must be one line with a command in it")
    first = words[0].lower()
    if first in CHANGING or any(len(first) > 2 and known.startswith(first) for known in CHANGING):
        raise ValueError(f"{command!r} may change the device, and this block only reads")
    return command


ReadCommand = Annotated[str, AfterValidator(reading)]


class CommandParams(FunctionBlockParams):
    """`parse` says how to read the output.

    "textfsm" takes the template of ntc-templates, "ttp" that of ttp-templates, "json" what the device prints as JSON.
    """

    command: ReadCommand | Annotated[list[ReadCommand], Field(min_length=1)]
    parse: ParseName | None = None


class CommandAnswer(FunctionBlockResultData):
    """One command's output; `parsed` and `template` are there when a parse was asked.

    An empty list in `parsed` means that there is nothing.
    """

    command: str
    output: str
    rejected: bool
    parsed: JsonValue = None
    template: str | None = None


class CommandData(FunctionBlockResultData):
    """The answers in the order of the commands."""

    answers: list[CommandAnswer]


@register_function_block(
    Registration(
        name="command",
        package=PACKAGE,
        version=(1, 0, 0),
        description="Run read-only commands and keep what the device answers",
        run_on="device",
        fb_type="execute",
        param_cls=CommandParams,
        result_cls=CommandData,
        is_pure=True,
        is_idempotent=True,
    )
)
class RunCommand(FunctionBlock[CommandParams, CommandData]):
    """Runs one or more commands that only read, on one session, in order.

    A command that the device rejects is a failure; the answers to the others are kept. A command that begins like
    one that changes the device (`configure`, `reload`, `clear`, …) is refused before any login.
    """

    async def run(self, params: CommandParams, context: WorkflowContext) -> FunctionBlockResult[CommandData]:
        commands = [params.command] if isinstance(params.command, str) else params.command
        outputs = await context.connect(RunsCommands).send_commands(commands, parse=params.parse)
        rejected = [output.command for output in outputs if output.rejected]
        return FunctionBlockResult(
            success=not rejected,
            message=f"rejected: {', '.join(rejected)}" if rejected else _count(len(outputs)),
            data=CommandData(answers=[_answer(output) for output in outputs]),
            retryable=False if rejected else None,
        )


def _count(answers: int) -> str:
    return "1 answer" if answers == 1 else f"{answers} answers"


def _answer(output: CommandOutput) -> CommandAnswer:
    return CommandAnswer(
        command=output.command,
        output=output.output,
        rejected=output.rejected,
        parsed=output.parsed,
        template=output.template,
    )
