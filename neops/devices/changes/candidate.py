"""Changes on platforms with a candidate: lines are collected, and a commit makes all of them run at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from neops.devices.changes.shell import ConfigShell, Leftovers, Waiting, Wording, durations, save, say
from neops.devices.changes.staging import ChangePlan, StagedChange
from neops.devices.config_change import ConfirmStrength
from neops.errors import CommandRejected, ConfigLocked, SessionLost

Load = Callable[[ConfigShell, Wording, ChangePlan, str], Awaitable[None]]
"""Puts a plan's configuration into the open candidate; the text is the running configuration."""


@dataclass(frozen=True, kw_only=True)
class CandidateCommands:
    """What one platform is told, as data.

    Commands may name the candidate (`{name}`) and the time to confirm (`{minutes}`, `{seconds}`, `{timer}`: hh:mm:ss).
    Committing and discarding lead back to operational mode. `discard` is for the candidate that is open in this
    session, `drop` for one that another session left; `renew` clears one that was found under our name. `confirm` and
    `revert` are for a commit that waits; where there is no `revert`, the old configuration is loaded. `save` keeps a
    configuration over a reboot.
    """

    enter: str
    load: Load
    diff: str
    commit: tuple[str, ...]
    commit_confirmed: tuple[str, ...]
    discard: tuple[str, ...]
    confirm: tuple[str, ...]
    revert: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    renew: tuple[str, ...] = ()
    save: tuple[str, ...] = ()
    wording: Wording = field(default_factory=Wording)
    waiting: Waiting | None = None
    leftovers: Leftovers | None = None


class CandidateProcedure:
    """The steps of a change over such commands."""

    def __init__(self, commands: CandidateCommands) -> None:
        self._commands, self._wording = commands, commands.wording

    async def prepare(self, shell: ConfigShell, plan: ChangePlan) -> StagedChange:
        commands = self._commands
        if commands.waiting is not None and not plan.undoes:
            await commands.waiting.refuse(shell)
        if commands.leftovers is not None and not plan.undoes:
            await commands.leftovers.clear(shell)
        before = (await shell.get_config("running")).running
        await self._wording.enter(shell, commands.enter.format(name=plan.name))
        shell.candidate_open = True
        await say(shell, commands.renew)
        await commands.load(shell, self._wording, plan, before)
        diff = self._wording.cleaned(await shell.exchange(commands.diff))
        return StagedChange(plan=plan, diff=diff, before=before)

    async def commit(self, shell: ConfigShell, staged: StagedChange, confirm_within: float | None) -> ConfirmStrength:
        if not shell.candidate_open:
            raise SessionLost(shell.device.name, "the session with the candidate is gone")
        final = confirm_within is None
        commands = self._commands.commit if final else self._commands.commit_confirmed
        commit, *after = [
            command.format(name=staged.plan.name, **durations(confirm_within or 0)) for command in commands
        ]
        await self._wording.type(shell, commit, slow=True)
        await say(shell, after)
        shell.candidate_open = False
        if final:
            await save(shell, self._wording, self._commands.save, staged.plan)
        return ConfirmStrength.NONE if final else ConfirmStrength.NATIVE

    async def confirm(self, shell: ConfigShell, staged: StagedChange, strength: ConfirmStrength) -> None:
        if strength is ConfirmStrength.NATIVE:
            await self._keep(shell, staged.plan)
        await save(shell, self._wording, self._commands.save, staged.plan)

    async def _keep(self, shell: ConfigShell, plan: ChangePlan) -> None:
        try:
            for command in self._commands.confirm:
                await self._wording.enter(shell, command.format(name=plan.name), slow=True)
        except (CommandRejected, ConfigLocked):  # where confirming takes a lock, it must not outlive a refusal
            await say(shell, (command.format(name=plan.name) for command in self._commands.discard))
            raise

    async def revert(self, shell: ConfigShell, staged: StagedChange) -> None:
        commands = (command.format(name=staged.plan.name) for command in self._commands.revert)
        await say(shell, commands, slow=True)

    async def discard(self, shell: ConfigShell, plan: ChangePlan) -> None:
        commands = self._commands.discard if shell.candidate_open else self._commands.drop
        await say(shell, (command.format(name=plan.name) for command in commands))
        shell.candidate_open = False
