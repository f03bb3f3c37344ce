"""Changes on platforms where each line takes effect at once: what comes out is computed, and undone by the old one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from neops.concurrency import in_thread
from neops.devices.changes.computing import config_lines, merged, replaced
from neops.devices.changes.shell import ConfigShell, Waiting, Wording, durations, save
from neops.devices.changes.staging import ChangePlan, StagedChange
from neops.devices.config_change import ConfirmStrength
from neops.errors import CommandRejected, ConfigRejected


@dataclass(frozen=True, kw_only=True)
class LineCommands:
    """What one platform is told, as data. `{minutes}` is the time to confirm; `dialect` is hier-config's name of it.

    `enter_with_timer` makes the device go back to the configuration of that moment; where it does not know it, we do.
    """

    dialect: str
    enter: str
    enter_with_timer: str
    leave: str
    confirm: str
    revert: str
    save: tuple[str, ...] = ()
    wording: Wording = field(default_factory=Wording)
    waiting: Waiting | None = None


class LineProcedure:
    """The steps of a change over such commands. Nothing is on the device before the commit."""

    def __init__(self, commands: LineCommands) -> None:
        self._commands, self._wording = commands, commands.wording

    async def prepare(self, shell: ConfigShell, plan: ChangePlan) -> StagedChange:
        if self._commands.waiting is not None and not plan.undoes:
            await self._commands.waiting.refuse(shell)
        before = (await shell.get_config("running")).running
        compute = merged if plan.mode == "merge" else replaced
        if plan.mode == "merge":
            self._wording.check(shell.device.name, config_lines(plan.config))
        result = await in_thread(lambda: compute(before, plan.config, dialect=self._commands.dialect))
        self._wording.check(shell.device.name, result.lines)
        return StagedChange(
            plan=plan,
            diff=result.diff,
            before=before,
            lines=result.lines,
            atomic=False,
            reached=result.reached,
            confirms=ConfirmStrength.DEVICE_TIMER,
        )

    async def commit(self, shell: ConfigShell, staged: StagedChange, confirm_within: float | None) -> ConfirmStrength:
        strength = await self._enter(shell, confirm_within)
        try:
            for line in staged.lines:
                await self._wording.type(shell, line)
        except ConfigRejected:
            await shell.exchange(self._commands.leave)
            raise
        await shell.exchange(self._commands.leave)
        if confirm_within is None:
            await save(shell, self._wording, self._commands.save, staged.plan)
        return strength

    async def _enter(self, shell: ConfigShell, confirm_within: float | None) -> ConfirmStrength:
        """Start to configure, with a timer if one is wanted and the device has it."""
        if confirm_within is not None:
            command = self._commands.enter_with_timer.format(**durations(confirm_within))
            with suppress(CommandRejected):
                if not (await self._wording.enter(shell, command, slow=True)).lstrip().startswith("%"):
                    return ConfirmStrength.DEVICE_TIMER
        await self._wording.enter(shell, self._commands.enter)
        return ConfirmStrength.NONE if confirm_within is None else ConfirmStrength.SESSION

    async def confirm(self, shell: ConfigShell, staged: StagedChange, strength: ConfirmStrength) -> None:
        if strength is ConfirmStrength.DEVICE_TIMER:
            await self._wording.enter(shell, self._commands.confirm, slow=True)
        await save(shell, self._wording, self._commands.save, staged.plan)

    async def revert(self, shell: ConfigShell, staged: StagedChange) -> None:
        del staged
        await shell.exchange_slowly(self._commands.revert)

    async def discard(self, shell: ConfigShell, plan: ChangePlan) -> None:
        """There is no candidate."""
