"""Changes of configuration by vtysh. FRR has neither candidate nor timer: lines take effect one by one.

The difference is computed, and a change that is not confirmed is taken back by us, over the network.
"""

from __future__ import annotations

import logging
import re
from abc import abstractmethod
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Final

from neops.concurrency import in_thread
from neops.devices import ConfirmStrength
from neops.devices.changes import ChangePlan, ConfigSession, StagedChange
from neops.devices.changes.computing import config_lines, merged, replaced
from neops.devices.changes.texts import unfolded
from neops.devices.parsing import CommandSession
from neops.errors import CommandRejected, ConfigRejected

logger = logging.getLogger(__name__)

DIALECT: Final = "CISCO_IOS"
"""hier-config's; FRR negates with `no`, nests by indentation and has the same lists of neighbours and networks."""

SAVE: Final = "write memory"

SAVED: Final = re.compile(r"^\[OK\]|configuration saved to", re.MULTILINE | re.IGNORECASE)
"""Without `[OK]` when a user who is not root could not give the file to frr (vtysh.c, vtysh_write_integrated)."""

_STRUCTURE = re.compile(r"^\s*(?:exit(?:-[a-z0-9-]+)?|end|!.*)\s*$\n?", re.MULTILINE)


def substance(config: str) -> str:
    """A configuration without the lines that only end sections: indentation says it, hier-config wants no two."""
    return _STRUCTURE.sub("", config if config.endswith("\n") else f"{config}\n")


_OBJECTION = re.compile(
    r"^(?:%(?!\s*warning)|BGP (?:instance )?is already running"
    r"|(?:cannot|can't|could not|unable to|malformed|invalid|unknown|no such|there (?:is no|isn't)|must|please) "
    r"|.* (?:does not exist|doesn't exist|not found|is invalid|is not valid)\b)",
    re.MULTILINE | re.IGNORECASE,
)
"""Daemons mostly begin with `%`, and else with such words (FRR 8.4 to 10, before CMD_WARNING_CONFIG_FAILED)."""


def refused(answer: str) -> bool:
    """Whether vtysh did not take a line of configuration."""
    return _OBJECTION.search(answer) is not None


def locked(answer: str) -> bool:
    """Whether somebody else configures exclusively (lib/vty.c, vty_config_enter)."""
    return "VTY configuration is locked by other VTY" in answer


class FrrChanges(CommandSession, ConfigSession):
    """The steps of a change."""

    @abstractmethod
    def configure(self, lines: Sequence[str]) -> Awaitable[None]:
        """Type lines in configuration mode, and stop at the first that is refused.

        Raises:
            ConfigRejected: a line was refused; those before it took effect.
            ConfigLocked: somebody else configures exclusively.
        """
        ...

    async def prepare_change(self, plan: ChangePlan) -> StagedChange:
        before = (await self.get_config("running")).running
        compute = merged if plan.mode == "merge" else replaced
        old, new = substance(before), substance(plan.config)
        result = await in_thread(partial(compute, old, new, dialect=DIALECT))
        return StagedChange(
            plan=plan,
            diff=result.diff,
            before=before,
            lines=config_lines(plan.config) if plan.mode == "merge" else result.lines,  # an author's exits count
            atomic=False,
            reached=lambda running: result.reached(substance(running)),
            confirms=ConfirmStrength.SESSION,
        )

    async def commit_change(self, staged: StagedChange, confirm_within: float | None) -> ConfirmStrength:
        await self.configure([unfolded(line) for line in staged.lines])
        if confirm_within is not None:
            return ConfirmStrength.SESSION
        try:
            await self._save()
        except CommandRejected as error:
            if not staged.plan.undoes:
                raise ConfigRejected(self.device.name, SAVE, error.output) from error
            logger.warning("a change that was taken back is not saved", extra={"device": self.device.name})
        return ConfirmStrength.NONE

    async def confirm_change(self, staged: StagedChange, strength: ConfirmStrength) -> None:  # noqa: ARG002
        await self._save()

    async def revert_change(self, staged: StagedChange) -> None:
        """There is nothing on the device that could: the runtime puts the old configuration back."""

    async def discard_change(self, plan: ChangePlan) -> None:
        """There is no candidate."""

    async def _save(self) -> None:
        answer = await self.send_command(SAVE)
        if not SAVED.search(answer.output):
            raise CommandRejected(self.device.name, SAVE, answer.output)
