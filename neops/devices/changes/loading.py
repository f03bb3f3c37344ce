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
    """EOS: lines, one by one; `rollback clean-config` empties a session (EOS User Manual, "Configure Session")."""
    del running
    if plan.mode == "replace":
        await wording.type(shell, "rollback clean-config")
    for line in config_lines(plan.config):
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
    """SR Linux: flat statements; what `info` prints in braces is made flat first."""
    wanted = list(flat(plan.config))
    if plan.mode == "replace":
        there = list(flat(running))
        for line in [line for line in there if line not in set(wanted)]:
            await _delete(shell, wording, line)
        wanted = [line for line in wanted if line not in set(there)]
    for line in wanted:
        await wording.type(shell, line)


async def _delete(shell: ConfigShell, wording: Wording, line: str) -> None:
    """Delete what a `set` line sets. A leaf is deleted by its name alone, a list entry with its key: SR Linux knows."""
    path = line.removeprefix("set ")
    try:
        await wording.type(shell, f"delete {path}")
    except ConfigRejected as error:
        shorter = re.sub(r"""\s+(?:"[^"]*"|\[[^\]]*\]|\S+)$""", "", path)
        answer = await shell.exchange(f"delete {shorter}")
        if wording.refuses(shell.platform, wording.cleaned(answer)):
            raise ConfigRejected(shell.device.name, error.line, error.answer) from None


def flat(config: str) -> Iterator[str]:
    """A configuration in braces as one `set / …` line for each leaf; lines that are statements stay as they are."""
    path: list[str] = []
    depth: list[int] = []
    for raw in config.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
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
