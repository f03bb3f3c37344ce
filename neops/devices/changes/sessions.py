"""Changes for sessions that type commands, where the platform's procedure is known.

change_session_class(TelnetSession, "cisco_ios")  # TelnetSession is a TextSession
"""

from __future__ import annotations

from functools import cache
from types import new_class
from typing import TypeVar, cast

from neops.devices.capabilities import WritesConfig
from neops.devices.changes.platforms import procedure_of
from neops.devices.changes.shell import ConfigShell, Procedure, TextSession
from neops.devices.changes.staging import ChangePlan, ConfigSession, StagedChange
from neops.devices.config_change import ConfirmStrength


class ChangedByCommands(ConfigShell, ConfigSession):
    """The steps of a change, as the platform's procedure has them."""

    @property
    def _procedure(self) -> Procedure:
        if (procedure := procedure_of(self.platform)) is None:
            raise TypeError("this platform has no procedure: take the class from change_session_class()")
        return procedure

    async def prepare_change(self, plan: ChangePlan) -> StagedChange:
        return await self._procedure.prepare(self, plan)

    async def commit_change(self, staged: StagedChange, confirm_within: float | None) -> ConfirmStrength:
        return await self._procedure.commit(self, staged, confirm_within)

    async def confirm_change(self, staged: StagedChange, strength: ConfirmStrength) -> None:
        await self._procedure.confirm(self, staged, strength)

    async def revert_change(self, staged: StagedChange) -> None:
        await self._procedure.revert(self, staged)

    async def discard_change(self, plan: ChangePlan) -> None:
        await self._procedure.discard(self, plan)


S = TypeVar("S", bound=TextSession)


def change_capabilities(platform: str) -> frozenset[type]:
    """WritesConfig where the platform's procedure is known."""
    return frozenset({WritesConfig} if procedure_of(platform) else ())


def change_session_class(base: type[S], platform: str) -> type[S]:
    """`base`, able to change configurations where the platform's procedure is known."""
    return cast("type[S]", _joined(base)) if procedure_of(platform) else base


@cache
def _joined(base: type) -> type:
    return new_class(base.__name__, (base, ChangedByCommands))
