"""Reboots for sessions that type commands, where the platform's way is known."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence
from typing import Self

from neops.devices.acting.dialogue import DialogueSession, Said
from neops.devices.acting.reboots import Later, RebootCommands, reboot_of
from neops.devices.acting.returning import Departure, await_return, uptime_of
from neops.devices.answers import Answer
from neops.devices.capabilities import REBOOT_S, Progress, Reboots, SchedulesReboots
from neops.devices.parsing import rejected
from neops.devices.results import Reboot
from neops.errors import CommandRejected, UsageError


class ActingSession(DialogueSession):
    """A dialogue session that can be opened once more, when the device has gone away and come back."""

    @abstractmethod
    def again(self) -> Self:
        """A session like this one that is not open: the same device, options and credentials."""
        ...

    @property
    def reboot_commands(self) -> RebootCommands:
        if (commands := reboot_of(self.platform)) is None:
            raise TypeError(
                "nobody has described how this platform reboots: take the class from acting_session_class()"
            )
        return commands

    async def carry_out(self, command: str, answers: Sequence[Answer] = (), *, ends: bool = False) -> Said:
        """Have a dialogue that must not be rejected.

        Raises:
            CommandRejected: the device knows the command not, or not for this user.
        """
        said = await self.converse(command, answers, ends=ends)
        if rejected(self.platform, said.text(command)):
            raise CommandRejected(self.device.name, command, said.text(command))
        return said


class RebootsByCommands(ActingSession, Reboots):
    """The platform's own command, then a login now and then until it lets us in."""

    async def reboot(
        self,
        *,
        save: bool | None = None,
        wait: bool = True,
        within_s: float = REBOOT_S,
        progress: Progress | None = None,
    ) -> Reboot:
        commands = self.reboot_commands
        uptime_s = await uptime_of(self) if wait else -1.0
        if save and commands.save:
            await self.carry_out(commands.save)
        at_s = time.monotonic()
        answers = commands.answers(commands.asks, save=save)
        said = await self.carry_out(commands.command, answers, ends=not commands.asks)
        departure = Departure(device=self.device.name, at_s=at_s, uptime_s=uptime_s, hung_up=not said.prompt)
        self.abort()  # it may live for a while yet, on a device that goes down
        if not wait:
            return Reboot(device=self.device.name, back=False, took_s=departure.took_s)
        return await await_return(departure, self.again, within_s, progress)


class SchedulesRebootsByCommands(ActingSession, SchedulesReboots):
    """The platform's own timer."""

    @property
    def _later(self) -> Later:
        if (later := self.reboot_commands.later) is None:
            raise TypeError("this platform has no timer: take the class from acting_session_class()")
        return later

    async def schedule_reboot(self, in_minutes: int, *, save: bool | None = None) -> None:
        if in_minutes < 1:
            raise UsageError(f"a reboot is scheduled in at least one minute, not in {in_minutes}")
        commands, later = self.reboot_commands, self._later
        if save and commands.save:
            await self.carry_out(commands.save)
        timer = f"{in_minutes // 60:02}:{in_minutes % 60:02}"
        command = later.command.format(minutes=in_minutes, timer=timer)
        await self.carry_out(command, commands.answers(later.asks, save=save))

    async def cancel_reboot(self) -> None:
        await self.carry_out(self._later.cancel)
