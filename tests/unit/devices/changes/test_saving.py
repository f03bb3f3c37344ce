from __future__ import annotations

from collections.abc import Sequence

import pytest

from neops.devices import Configs
from neops.devices.answers import Answer
from neops.devices.changes.platforms import CISCO_IOS
from neops.devices.changes.shell import SAVE_TRIES, ConfigShell, save
from neops.devices.changes.staging import ChangePlan
from neops.entities import Device
from neops.errors import ChangeFailed, DialogueFailed

BUSY = "startup-config file open failed (Device or resource busy)"
PLAN = ChangePlan(name="neops-1", config="hostname r2")


class Ios(ConfigShell):
    """Says one thing after the other to a command that saves."""

    def __init__(self, *says: str) -> None:
        super().__init__(device=Device(id=1, hostname="r1", ip="192.0.2.1"), platform="cisco_ios")
        self._says, self.asked = list(says), 0

    async def exchange_slowly(self, command: str, answers: Sequence[Answer] = ()) -> str:
        assert answers
        self.asked += 1
        if (said := self._says.pop(0)).endswith("?"):
            raise DialogueFailed("r1", command, f"asked something that has no answer: {said!r}", said)
        return said

    async def exchange(self, command: str) -> str:
        raise NotImplementedError

    async def feed(self, command: str, ready: str, text: str) -> str:
        raise NotImplementedError

    async def get_config(self, retrieve: str = "running") -> Configs:
        raise NotImplementedError

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    def abort(self) -> None: ...
    async def alive(self) -> bool:
        return True


async def saved(ios: Ios, plan: ChangePlan = PLAN) -> None:
    await save(ios, CISCO_IOS.wording, CISCO_IOS.save, plan, pause_s=0)


async def test_a_device_on_which_somebody_else_saves_is_waited_for() -> None:
    ios = Ios(BUSY, BUSY, "Building configuration...\n[OK]")

    await saved(ios)

    assert ios.asked == SAVE_TRIES


async def test_it_is_not_waited_for_without_end() -> None:
    ios = Ios(*[BUSY] * 9)

    with pytest.raises(ChangeFailed, match=r"runs but cannot be saved: 'write memory': startup-config .* busy"):
        await saved(ios)

    assert ios.asked == SAVE_TRIES


@pytest.mark.parametrize("said", ["startup-config file open failed (Permission denied)", "Erase everything?"])
async def test_what_will_not_go_away_is_not_tried_again(said: str) -> None:
    ios = Ios(said)

    with pytest.raises(ChangeFailed, match=r"Permission denied|no answer: 'Erase everything\?'"):
        await saved(ios)

    assert ios.asked == 1


async def test_what_was_only_taken_back_need_not_be_saved(caplog: pytest.LogCaptureFixture) -> None:
    await saved(
        Ios("startup-config file open failed (Permission denied)"), ChangePlan(name="n", config="", undoes=True)
    )

    assert "a change that was taken back is not saved" in caplog.text
