"""The way from a login to an answer, on devices that are a few lines of text."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from neops.concurrency import current_deadline
from neops.devices import CommandOutput, Parse
from neops.devices.detection import AUTODETECT, Detection, Greeting, UnknownDevice, detect
from neops.entities import Device, Platform, Secret
from neops.errors import AuthenticationFailed, OperationTimedOut, SessionLost


@dataclass
class Shell:
    """An unknown device, and what it was asked."""

    greeting: Greeting | Exception
    answers: Mapping[str, str | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    left_s: list[float] = field(default_factory=list)

    async def get_greeting(self) -> Greeting:
        self.left_s.append(current_deadline().remaining())
        if isinstance(self.greeting, Exception):
            raise self.greeting
        return self.greeting

    async def send_command(self, command: str, *, parse: Parse | None = None) -> CommandOutput:
        del parse
        self.asked.append(command)
        answer = self.answers.get(command, "% Invalid input detected")
        if isinstance(answer, Exception):
            raise answer
        return CommandOutput(device="r1", command=command, output=answer, elapsed_s=0.0)


def unknown(shell: Shell) -> UnknownDevice:
    return cast("UnknownDevice", shell)


async def looked_at(shell: Shell, **fields: Any) -> tuple[Detection, Device]:
    """What is found, and the device as it was connected to."""
    asked: list[Device] = []

    def connect(device: Device) -> UnknownDevice:
        asked.append(device)
        return unknown(shell)

    found = await detect(Device(id=7, hostname="r1", **fields), connect)
    return found, asked[0]


SW1 = Greeting(ssh_version="SSH-2.0-Cisco-1.25", prompt="sw1#")


async def test_a_device_is_asked_until_it_is_enough() -> None:
    shell = Shell(SW1, {"show version": "Cisco IOS XR Software, Version 7.9.2"})

    found, _ = await looked_at(shell)

    assert (found.device, found.platform, found.problem) == ("r1", "cisco_xr", None)
    assert shell.asked == ["show version"]
    assert [one.source for one in found.evidence] == ["ssh version", "prompt", "show version"]


async def test_a_device_without_a_prompt_is_asked_nothing() -> None:
    shell = Shell(Greeting(ssh_version="SSH-2.0-HUAWEI-1.5", text="Change now? [Y/N]:"))

    found, _ = await looked_at(shell)

    assert (found.platform, shell.asked) == (None, [])
    assert found.candidates[0].platform == "huawei_vrp"


async def test_a_device_that_nobody_knows_is_no_error_and_shows_what_was_seen() -> None:
    found, _ = await looked_at(Shell(Greeting(prompt="toaster>")))

    assert (found.platform, found.candidates, found.problem) == (None, (), None)
    assert found.evidence[0].text == "toaster>"
    assert {one.text for one in found.evidence[1:]} == {"% Invalid input detected"}


@pytest.mark.parametrize("broken", [OperationTimedOut("r1", "no prompt"), SessionLost("r1", "it hung up")])
async def test_a_device_that_breaks_off_is_judged_by_what_it_said(broken: Exception) -> None:
    found, _ = await looked_at(Shell(SW1, {"show version": broken}))

    assert found.platform is None
    assert found.problem in ("no prompt", "it hung up")
    assert [one.source for one in found.evidence] == ["ssh version", "prompt"]


async def test_a_refused_password_is_an_error() -> None:
    with pytest.raises(AuthenticationFailed):
        await looked_at(Shell(AuthenticationFailed("r1", "permission denied")))


async def test_nothing_seen_before_it_broke_is_an_error() -> None:
    with pytest.raises(OperationTimedOut):
        await looked_at(Shell(OperationTimedOut("r1", "no prompt")))


async def test_all_of_it_has_one_deadline() -> None:
    shell = Shell(SW1)

    await detect(Device(id=7, hostname="r1"), lambda _: unknown(shell), within_s=5)

    assert 0 < shell.left_s[0] <= 5
    assert current_deadline().timeout() is None


async def test_the_platform_of_the_inventory_does_not_count_and_stays_as_it_is() -> None:
    options = {"neops": {"platform": "ios", "port": 2222}, "scrapli": {"platform": "cisco_iosxe", "extras": {"x": 1}}}
    platform = Platform(short_name="linux")

    _, asked = await looked_at(Shell(SW1), platform=platform, connection_options=Secret(json.dumps(options)))

    assert asked.platform_name == AUTODETECT
    assert json.loads(asked.connection_options or "") == {"neops": {"port": 2222}, "scrapli": {"extras": {"x": 1}}}
    assert platform.short_name == "linux"


async def test_connection_options_that_cannot_be_read_are_left_to_their_reader() -> None:
    _, asked = await looked_at(Shell(SW1), connection_options=Secret("not JSON"))

    assert asked.connection_options == "not JSON"


async def test_a_cancelled_detection_ends() -> None:
    class Hanging(Shell):
        async def get_greeting(self) -> Greeting:
            await asyncio.Event().wait()
            raise AssertionError

    task = asyncio.create_task(detect(Device(id=7), lambda _: unknown(Hanging(SW1))))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
