"""Commands that ask back, and reboots, for each plugin on each platform, against simulated devices."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from neops.devices import Interacts, Reboots, SchedulesReboots
from neops.devices.answers import Answer
from neops.entities import Secret
from neops.errors import CapabilityMissing, CommandRejected, DialogueFailed, NotBack, SessionLost
from neops.testing.simulator import Fault, FaultKind, RunningDevice, SimulatedDevice, SimulatedNetwork

Find = Callable[[str], RunningDevice]

PLATFORMS = ("arista_eos", "cisco_ios", "cisco_nxos", "cisco_xr", "huawei_vrp", "juniper_junos", "linux", "nokia_srl")
every_plugin = pytest.mark.parametrize("plugin", ["scrapli", "nornir"])
SLOW = ("nornir", "huawei_vrp")  # netmiko takes two seconds for a login there
every_pair = pytest.mark.parametrize(
    ("plugin", "platform"),
    [
        pytest.param(plugin, platform, marks=[pytest.mark.slow] if (plugin, platform) == SLOW else [])
        for plugin in ("scrapli", "nornir")
        for platform in PLATFORMS
    ],
)
SAVE = Answer(r"Destination filename \[startup-config\]\?")
UNSAVED = {
    "arista_eos": ("configure", "ntp server 192.0.2.9", "end"),
    "cisco_ios": ("configure terminal", "ntp server 192.0.2.9", "end"),
    "cisco_nxos": ("configure terminal", "ntp server 192.0.2.9", "end"),
    "huawei_vrp": ("system-view", "ntp-service unicast-server 192.0.2.9", "return"),
}


@pytest.fixture
def network(request: pytest.FixtureRequest) -> Iterator[SimulatedNetwork]:
    """A device of the platform that the test is about, and one that asks for an enable secret."""
    platform = request.node.callspec.params.get("platform", "cisco_ios")
    about = SimulatedDevice(name=platform, platform=platform, boot_s=0.3)
    asking = SimulatedDevice(name="asking", platform="cisco_ios", enable_secret="up-up-up")
    with SimulatedNetwork([about, asking]) as running:
        yield running


@asynccontextmanager
async def opened(session: Any) -> Any:
    await session.open()
    try:
        yield session
    finally:
        await session.close()


@every_plugin
async def test_a_question_is_answered_and_the_session_goes_on(plugin: str, device: Find, sessions: Any) -> None:
    async with opened(sessions(device("cisco_ios"))) as session:
        saved = await session.send_interactive("copy running-config startup-config", [SAVE])
        await session.reset()
        clock = await session.send_command("show clock")

    assert saved.output.splitlines()[-1] == "[OK]"
    assert not saved.output.startswith("copy")
    assert (saved.rejected, "UTC" in clock.output) == (False, True)


@every_plugin
async def test_a_hidden_answer_shows_nowhere(
    plugin: str, device: Find, sessions: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asked = Answer("Password:", Secret("up-up-up"))

    async with opened(sessions(device("asking"))) as session:
        answer = await session.send_interactive("enable", [asked])

    assert "up-up-up" not in f"{answer!r} {asked!r} {asked.model_dump_json()} {caplog.text}"
    assert not answer.rejected


@every_plugin
async def test_an_unexpected_question_is_cancelled_and_quoted(plugin: str, device: Find, sessions: Any) -> None:
    target = device("cisco_ios")
    async with opened(sessions(target)) as session:
        with pytest.raises(DialogueFailed, match=r"cisco_ios: 'reload' asked .* 'Proceed with reload\? \[confirm\]'"):
            await session.send_interactive("reload", [Answer("Really")])
        clock = await session.send_command("show clock")

    assert "UTC" in clock.output
    assert target.logins == 1


@every_plugin
async def test_a_question_that_does_not_come_is_an_error_but_a_rejection_an_answer(
    plugin: str, device: Find, sessions: Any
) -> None:
    async with opened(sessions(device("cisco_ios"))) as session:
        optional = await session.send_interactive("show clock", [Answer("Really", optional=True)])
        rejected = await session.send_interactive("bogus", [Answer("Really")])
        with pytest.raises(DialogueFailed, match="'show clock' was done without asking 'Really'"):
            await session.send_interactive("show clock", [Answer("Really")])

    assert (optional.rejected, rejected.rejected) == (False, True)


@every_plugin
async def test_a_connection_that_breaks_in_a_dialogue_is_lost(plugin: str, device: Find, sessions: Any) -> None:
    target = device("cisco_ios")
    async with opened(sessions(target)) as session:
        target.fault = Fault(kind=FaultKind.DROP)

        with pytest.raises(SessionLost):
            await asyncio.wait_for(session.send_interactive("show version", []), 5)
        assert not await session.alive()


@every_pair
async def test_a_device_reboots_and_lets_us_in_again(plugin: str, platform: str, device: Find, sessions: Any) -> None:
    target = device(platform)
    told: list[tuple[int, int, str]] = []

    async with opened(sessions(target)) as session:
        rebooted = await session.reboot(within_s=20, progress=lambda *news: told.append(news))
        alive = await session.alive()

    assert rebooted.back
    assert 0 <= rebooted.uptime < 60
    assert not alive
    assert told[0] == (0, 20, f"waiting for {platform}: it never went down")


@pytest.mark.slow
@every_plugin
@pytest.mark.parametrize("platform", UNSAVED)
@pytest.mark.parametrize("save", [True, False, None])
async def test_what_is_not_saved_is_saved_lost_or_keeps_the_device_up(
    plugin: str, platform: str, save: bool | None, device: Find, sessions: Any
) -> None:
    target = device(platform)
    async with opened(sessions(target)) as session:
        for line in UNSAVED[platform]:
            await session.send_command(line)
        if save is None:
            with pytest.raises(DialogueFailed, match="asked something that has no answer"):
                await session.reboot(within_s=20)
        else:
            await session.reboot(save=save, within_s=20)

    assert ("192.0.2.9" in target.running_config) is (save is not False)


@pytest.mark.parametrize("plugin", ["scrapli"])
async def test_a_device_that_never_comes_back_ends_the_wait_at_its_deadline(
    plugin: str, device: Find, sessions: Any
) -> None:
    target = device("cisco_ios")
    async with opened(sessions(target)) as session:
        target.fault = Fault(kind=FaultKind.REFUSE)

        with pytest.raises(NotBack, match=r"cisco_ios: not back from its reboot within 2 s \(\d logins.*refused"):
            await asyncio.wait_for(session.reboot(within_s=2), 4)


@every_plugin
@pytest.mark.parametrize("platform", ["arista_eos", "cisco_ios", "huawei_vrp", "juniper_junos", "linux"])
async def test_a_reboot_is_scheduled_and_cancelled(plugin: str, platform: str, device: Find, sessions: Any) -> None:
    target = device(platform)
    async with opened(sessions(target)) as session:
        await session.schedule_reboot(65)
        await session.cancel_reboot()
        await session.reset()

        assert await session.alive()
    assert SchedulesReboots in sessions.plugin.capabilities(platform)


@every_plugin
async def test_a_reboot_that_is_not_waited_for_says_so(plugin: str, device: Find, sessions: Any) -> None:
    async with opened(sessions(device("cisco_ios"))) as session:
        rebooted = await session.reboot(wait=False)

    assert not rebooted.back


@every_plugin
async def test_a_user_who_may_not_reboot_is_told(plugin: str, device: Find, sessions: Any) -> None:
    async with opened(sessions(device("asking"))) as session:
        with pytest.raises(CommandRejected, match="asking: rejected 'reload'"):
            await session.reboot(within_s=5)


@every_plugin
async def test_frr_does_not_reboot(plugin: str, device: Find, sessions: Any) -> None:
    capabilities = sessions.plugin.capabilities("frr")

    assert Interacts in capabilities
    assert not {Reboots, SchedulesReboots} & capabilities


@pytest.mark.parametrize("plugin", ["nornir"])
async def test_another_nornir_connection_says_that_it_cannot(plugin: str, device: Find, sessions: Any) -> None:
    extras = {"connection": "scrapli", "transport": "paramiko", "auth_strict_key": False}
    async with opened(sessions(device("cisco_ios"), extras=extras)) as session:
        with pytest.raises(CapabilityMissing, match="'scrapli' only runs commands"):
            await session.reboot()
