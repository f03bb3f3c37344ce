"""Two ways into vtysh, both with a channel for each command: its end is the answer's end, no prompt is guessed.

A login to a shell starts `vtysh -c COMMAND`. A login that sshd forces into vtysh (`ForceCommand`) starts it whatever
was asked; it reads the command from its input and echoes it behind its prompt.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from neops.devices import ConnectionOptions
from neops.errors import ConnectFailed, DeviceError


class FrrExtras(BaseModel):
    """What `connection_options.frr.extras` may hold.

    `vtysh` is how it is called in a shell: `sudo vtysh`, `vtysh -N blue` for a path space. `lldpctl` likewise.
    `configuration` is the file that FRR starts from. `ssh` are arguments of `asyncssh.connect`; they win over ours.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    vtysh: str = "vtysh"
    lldpctl: str = "lldpctl"
    configuration: str = "/etc/frr/frr.conf"
    ssh: dict[str, Any] = Field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one channel gave: both outputs, and the exit status."""

    stdout: str
    stderr: str
    status: int

    @property
    def text(self) -> str:
        """The output; when there is none, what was complained about instead."""
        return self.stdout if self.stdout.strip() else self.complaint

    @property
    def complaint(self) -> str:
        return _PAM.sub("", self.stderr).strip()


_PAM = re.compile(r"vtysh_pam: .*?\(\d+\)")
"""vtysh says so, without a line break, to every user whom PAM does not know, and goes on (vtysh_user.c, FRR 8.4)."""


LoginKind = Literal["shell", "vtysh"]

PROBE = "show version"


def request(kind: LoginKind, vtysh: str, command: str) -> tuple[str, str]:
    """What to start on the channel, and its input."""
    return (f"{vtysh} -c {shlex.quote(command)}", "") if kind == "shell" else ("", f"{command}\n")


def read(kind: LoginKind, answer: Answer) -> str:
    """The answer to a command as vtysh gave it."""
    if kind == "shell":
        return answer.text
    match = _DIALOGUE.search(answer.stdout)
    output = match["output"] if match else answer.stdout
    return output if output.strip() else answer.complaint


_DIALOGUE = re.compile(r"^(?P<prompt>\S+[#>] )[^\n]*\n(?P<output>.*?)(?P=prompt)\s*\Z", re.MULTILINE | re.DOTALL)
"""Prompt and echo in one line (readline shortens a long one), the output, and the prompt at which the input ended."""


def kind_of(device: str, where: str, probe: Answer) -> LoginKind:
    """Which login this is, by what `vtysh -c 'show version'` gave.

    Raises:
        ConnectFailed: neither: vtysh is not there, or this user may not use it.
    """
    if re.search(r"^Hello, this is FRRouting", probe.stdout, re.MULTILINE):
        return "vtysh"
    if probe.status == 0 and probe.stdout.startswith("FRRouting "):
        return "shell"
    said = probe.complaint or probe.stdout.strip() or f"exit status {probe.status}"
    advice = "is vtysh installed, is FRR running, is the user in the groups frr and frrvty?"
    raise ConnectFailed(device, f"{where}: logged in, but vtysh answers {said!r}; {advice}")


def extras_of(device: str, options: ConnectionOptions) -> FrrExtras:
    """The extras, checked.

    Raises:
        DeviceError: one of them has the wrong type.
    """
    try:
        return FrrExtras.model_validate(dict(options.extras))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DeviceError(device, f"connection_options.frr.extras.{where}: {first['msg']}") from None
