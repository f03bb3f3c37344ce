"""A configuration that can be changed without a device: what WritesConfig works on in tests of blocks."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field

from neops.devices import ConfirmStrength
from neops.devices.changes import ChangePlan, StagedChange
from neops.errors import ConfigRejected, NeopsError


@dataclass(frozen=True, kw_only=True)
class FakeConfig:
    """What a fake device is configured as, and how it takes changes. Script it under `"change"`.

    A merge adds lines that are not there yet; a replacement takes the place of all. A line that fits the regular
    expression `refuses` is refused. `on_commit` and `on_confirm` are raised instead of doing it.
    """

    running: str = ""
    refuses: str | None = None
    strength: ConfirmStrength = ConfirmStrength.NATIVE
    on_commit: NeopsError | None = None
    on_confirm: NeopsError | None = None


@dataclass
class ConfigState:
    """The configuration of one fake device now, and the one to go back to while a commit waits to be confirmed."""

    spec: FakeConfig
    running: str = field(init=False)
    before: str | None = None

    def __post_init__(self) -> None:
        self.running = self.spec.running

    def staged(self, device: str, plan: ChangePlan) -> StagedChange:
        lines = plan.config.splitlines()
        for line in lines:
            if self.spec.refuses and re.search(self.spec.refuses, line):
                raise ConfigRejected(device, line, "% Invalid input")
        there = self.running.splitlines()
        wanted = lines if plan.mode == "replace" else [*there, *(line for line in lines if line not in there)]
        diff = "\n".join(difflib.unified_diff(there, wanted, "running", "candidate", lineterm=""))
        return StagedChange(plan=plan, diff=diff, before=self.running, lines=tuple(wanted), confirms=self.spec.strength)

    def commit(self, staged: StagedChange, confirm_within: float | None) -> ConfirmStrength:
        if self.spec.on_commit is not None and not staged.plan.undoes:
            raise self.spec.on_commit
        self.before = None if confirm_within is None else self.running
        self.running = "".join(f"{line}\n" for line in staged.lines)
        return ConfirmStrength.NONE if confirm_within is None else self.spec.strength

    def confirm(self) -> None:
        if self.spec.on_confirm is not None:
            raise self.spec.on_confirm
        self.before = None

    def revert(self) -> None:
        if self.before is not None:
            self.running, self.before = self.before, None
