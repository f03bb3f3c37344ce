"""What is typed when a step of a platform with a candidate is refused half-way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from neops.devices import Configs, ConfirmStrength
from neops.devices.changes.platforms import procedure_of
from neops.devices.changes.shell import ConfigShell
from neops.devices.changes.staging import ChangePlan, StagedChange
from neops.entities import Device
from neops.errors import CommandRejected, ConfigLocked

STAGED = StagedChange(plan=ChangePlan(name="neops-1", config=""), diff="+", before="")


@dataclass
class Typed:
    """A device that answers some commands and is silent to all others."""

    answers: dict[str, str]
    commands: list[str] = field(default_factory=list)

    def __call__(self, command: str) -> str:
        self.commands.append(command)
        return self.answers.get(command, "")


class Shell(ConfigShell):
    def __init__(self, platform: str, device: Typed) -> None:
        super().__init__(device=Device(id=1, hostname="r1", ip="192.0.2.1"), platform=platform)
        self._typed = device

    async def exchange(self, command: str) -> str:
        return self._typed(command)

    async def feed(self, command: str, ready: str, text: str) -> str:
        raise NotImplementedError

    async def get_config(self, retrieve: str = "running") -> Configs:
        raise NotImplementedError

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    def abort(self) -> None: ...
    async def alive(self) -> bool:
        return True


async def confirmed(platform: str, device: Typed) -> None:
    procedure: Any = procedure_of(platform)
    await procedure.confirm(Shell(platform, device), STAGED, ConfirmStrength.NATIVE)


async def test_a_confirmation_that_junos_refuses_does_not_keep_its_lock() -> None:
    device = Typed({"commit": "error: commit script refused"})

    with pytest.raises(CommandRejected, match="commit script refused"):
        await confirmed("juniper_junos", device)

    assert device.commands == ["configure exclusive", "commit", "rollback 0", "exit configuration-mode"]


async def test_a_confirmation_that_finds_junos_locked_is_told_who_holds_it() -> None:
    with pytest.raises(ConfigLocked, match="user admin"):
        await confirmed(
            "juniper_junos", Typed({"configure exclusive": "error: configuration database locked by:\n  user admin"})
        )


@pytest.mark.parametrize("platform", ["arista_eos", "nokia_srl", "juniper_junos"])
async def test_a_confirmation_that_is_taken_discards_nothing(platform: str) -> None:
    device = Typed({})

    await confirmed(platform, device)

    assert not {"abort", "rollback 0"} & set(device.commands)
