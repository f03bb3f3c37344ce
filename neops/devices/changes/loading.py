"""How a configuration gets into an open candidate."""

from __future__ import annotations

import re
from collections.abc import Iterator

from neops.devices.changes.computing import config_lines
from neops.devices.changes.shell import ConfigShell, Wording
from neops.devices.changes.staging import ChangePlan
from neops.errors import ConfigRejected

_VERBS = ("set ", "delete ", "deactivate ", "activate ", "rename ", "insert ", "annotate ", "protect ", "unprotect ")
"""First words of Junos statements that `load set` takes (Junos CLI User Guide, "Load a Configuration File")."""


async def load_lines(shell: ConfigShell, wording: Wording, plan: ChangePlan, running: str) -> None:
    """EOS: lines, one by one; `rollback clean-config` empties a session (EOS User Manual, "Configure Session").

    Raises:
        ConfigRejected: a line was refused, or would end the session.
    """
    del running
    lines = config_lines(plan.config)
    wording.check(shell.device.name, lines)
    if plan.mode == "replace":
        await wording.type(shell, "rollback clean-config")
    for line in lines:
        await wording.type(shell, line)


async def load_terminal(shell: ConfigShell, wording: Wording, plan: ChangePlan, running: str) -> None:
    """Junos: a configuration in braces, or `set` lines (Junos CLI User Guide, "load").

    Raises:
        ConfigRejected: Junos names the line's number; also for `set` lines that shall replace everything.
    """
    del running
    lines = [line for line in plan.config.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    in_set_form = bool(lines) and all(line.lstrip().startswith(_VERBS) for line in lines)
    if in_set_form and plan.mode == "replace":
        raise ConfigRejected(shell.device.name, lines[0], "set lines cannot replace a configuration: give it in braces")
    how = "set" if in_set_form else "override" if plan.mode == "replace" else "merge"
    text = "\n".join(lines)
    answer = wording.cleaned(await shell.feed(f"load {how} terminal", "[Type ^D at a new line to end input]", text))
    if (number := re.search(r"^terminal:(\d+):", answer, re.MULTILINE)) is not None:
        at = int(number[1])
        raise ConfigRejected(
            shell.device.name, lines[at - 1] if 0 < at <= len(lines) else "?", answer[number.start() :]
        )
    if re.search(r"^\s*(?:error:|load complete \(\d+ errors?\)|syntax error)", answer, re.MULTILINE):
        raise ConfigRejected(shell.device.name, f"load {how} terminal", answer)


async def load_statements(shell: ConfigShell, wording: Wording, plan: ChangePlan, running: str) -> None:
    """SR Linux: flat statements; what `info` prints in braces is made flat first.

    Raises:
        ConfigRejected: a statement that is not there yet holds a text of several lines, which nobody can type.
    """
    wanted, gone = list(flat(plan.config)), []
    if plan.mode == "replace":
        there, kept = dict.fromkeys(flat(running)), frozenset(wanted)
        gone = [line for line in there if line not in kept]
        wanted = [line for line in wanted if line not in there]
    for line in wanted:
        if "\n" in line:
            raise ConfigRejected(shell.device.name, line.partition("\n")[0], "a text of several lines cannot be typed")
    for line in gone:
        await _delete(shell, wording, line)
    for line in wanted:
        await wording.type(shell, line)


_LAST_WORD = re.compile(r"""\s+(?:"[^"]*"|\[[^\]]*\]|\S+)$""")


async def _delete(shell: ConfigShell, wording: Wording, line: str) -> None:
    """Delete what a `set` line sets. A leaf is deleted by its name alone, a list entry with its key: SR Linux knows."""
    path = line.removeprefix("set ")
    shorter = _LAST_WORD.sub("", path)
    typed = shorter if "\n" in path else path
    try:
        await wording.type(shell, f"delete {typed}")
    except ConfigRejected as error:
        answer = await shell.exchange(f"delete {shorter}")
        if wording.refuses(shell.platform, wording.cleaned(answer)):
            raise ConfigRejected(shell.device.name, error.line, error.answer) from None


def flat(config: str) -> Iterator[str]:
    """A configuration in braces as one `set / …` line for each leaf; lines that are statements stay as they are."""
    path: list[str] = []
    depth: list[int] = []
    for line in _statements(config):
        if line.endswith("{"):
            path.append(line.removesuffix("{").strip())
            depth.append(0)
        elif line == "}" and path:
            empty = not depth.pop()
            if empty:
                yield f"set / {' '.join(path)}"
            path.pop()
            if depth:
                depth[-1] += 1
        elif path or not line.startswith(("set ", "delete ", "/")):
            yield f"set / {' '.join((*path, line))}"
            if depth:
                depth[-1] += 1
        else:
            yield line


_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)


def _statements(config: str) -> Iterator[str]:
    """Lines that say something. A list in brackets becomes one line; a text in quotes keeps its line breaks."""
    statement = ""
    for raw in config.splitlines():
        bare = _QUOTED.sub("", statement)
        if '"' in bare:
            statement += f"\n{raw}"
        elif statement:
            statement += f" {raw.strip()}"
        else:
            statement = "" if raw.lstrip().startswith("#") else raw.strip()
        bare = _QUOTED.sub("", statement)
        if statement and '"' not in bare and bare.count("[") <= bare.count("]"):
            yield statement.rstrip()
            statement = ""
    if statement:
        yield statement
