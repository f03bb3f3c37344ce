"""What a device prints: outputs and refusals, out of the templates of its platform."""

from __future__ import annotations

import json
from collections import ChainMap
from typing import Any

from neops.testing.simulator.commands import Match, NoMatch
from neops.testing.simulator.device import DeviceState
from neops.testing.simulator.editing import Editing
from neops.testing.simulator.filing import file_values
from neops.testing.simulator.replacing import compared
from neops.testing.simulator.replies import Reply
from neops.testing.simulator.template import Scope, render, render_data
from neops.testing.simulator.variables import narrowed


class Wording:
    """The words of one device; `editing` is the configuration that the session is in, if it is in one."""

    def __init__(self, device: DeviceState) -> None:
        self._device = device
        self._platform = device.platform.data

    def text(self, found: Match, editing: Editing | None) -> str:
        """What a command prints."""
        command = found.command
        if command.data is not None:
            return json.dumps(render_data(command.data, self.scope(found, editing)), indent=2)
        return render(command.say, self.scope(found, editing)) if command.say else ""

    def scope(self, found: Match, editing: Editing | None) -> Scope:
        """The values for a command's templates."""
        scope = self._device.scope()
        extra: dict[str, Any] = dict(found.arguments)
        if editing:
            extra |= editing.values()
        elif (session := found.arguments.get("session")) in self._device.datastore.candidates:
            extra |= Editing(self._device, "named", name=str(session)).start().values()
        if "interface" in found.arguments:
            extra["interface"] = self._interface(found.arguments["interface"], scope)
            extra |= narrowed(extra["interface"], scope)
        values: Scope = ChainMap(extra, scope)  # type: ignore[arg-type]  # read only
        extra |= file_values(self._device.storage, found.command, values)
        if found.command.compares:
            extra["difference"] = compared(self._device, extra["file"], found.command.compares)
        if found.command.show:
            extra["section"] = self._device.section(render(found.command.show, values))
        return values

    def error(self, why: NoMatch, line: str, prompt: str) -> Reply:
        """The refusal of a line that is no command."""
        errors = self._platform.errors
        text = {"ambiguous": errors.ambiguous, "incomplete": errors.incomplete}.get(why.reason, "")
        return self.refusal(text or (errors.later if why.at else "") or errors.unknown, line, prompt, why.at)

    def refusal(self, template: str, line: str, prompt: str, word: int, number: int = 0) -> Reply:
        """One of the platform's errors, about the word of a line; `number` is that of the line in a text."""
        words = line.split()
        at = min(word, len(words) - 1)
        column = len(prompt.rsplit("\n", 1)[-1]) + len(" ".join(words[:at])) + (1 if at else 0)
        scope = {
            "line": line,
            "number": number,
            "word": words[at],
            "caret": " " * column + "^",
            "command": words[0],
            "hostname": self._device.hostname,
        }
        return Reply(text=render(template, scope), failed=True)

    def prompt_scope(self) -> Scope:
        """The values for a prompt outside of the configuration."""
        return {
            "hostname": self._device.hostname,
            "username": self._device.spec.username,
            "marks": self._device.marks(changed=False),
        }

    def _interface(self, typed: str, scope: Scope) -> str:
        """The interface that was meant: `gi1/0/1` is `GigabitEthernet1/0/1`."""
        name = self._platform.full_interface_name(typed)
        return next((entry["name"] for entry in scope["interfaces"] if entry["name"].lower() == name.lower()), name)
