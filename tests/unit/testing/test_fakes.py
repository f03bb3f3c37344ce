from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import pytest

from neops.concurrency import Deadline, deadline
from neops.devices import (
    Answer,
    DeviceRuntime,
    Facts,
    Interacts,
    PluginCatalogue,
    ReadsAddresses,
    ReadsArp,
    ReadsConfig,
    ReadsFacts,
    ReadsInterfaces,
    ReadsMacTable,
    ReadsVlans,
    Reboots,
    RemoteFile,
    RunsCommands,
    SchedulesReboots,
    TransfersFiles,
)
from neops.entities import Device, Platform
from neops.errors import AuthenticationFailed, CapabilityMissing, OperationTimedOut, TransferFailed
from neops.settings import DeviceSettings
from neops.testing import FakePlugin, InTurn, NotScripted, Slow

Start = Callable[..., DeviceRuntime]


@pytest.fixture
def device() -> Device:
    return Device(id=1, hostname="r1", ip="192.0.2.1", platform=Platform(short_name="cisco_ios"))


async def test_replies_may_be_as_short_as_the_test_wants(fake_devices: Start, device: Device) -> None:
    runtime = fake_devices(replies={"get_facts": {"os_version": "17.9"}, "get_config": "hostname r1"})

    facts = await runtime.connect(device, ReadsFacts).get_facts()
    assert facts == Facts(hostname="r1", vendor="", model="", serial_number="", os_version="17.9")
    assert (await runtime.connect(device, ReadsConfig).get_config()).running == "hostname r1"


async def test_tables_are_scripted_as_plain_data(fake_devices: Start, device: Device) -> None:
    mac = {"mac": "02:00:5E:10:00:01", "interface": "Gi0/1"}
    runtime = fake_devices(
        replies={
            "get_interfaces_ip": {"Gi0/1": {"ipv4": {"192.0.2.1": {"prefix_length": 24}}}},
            "get_arp_table": [mac | {"ip": "192.0.2.9"}],
            "get_mac_address_table": [mac | {"vlan": 10, "static": False}],
            "get_vlans": {"10": {"name": "users", "interfaces": ["Gi0/1"]}},
        }
    )

    addresses = await runtime.connect(device, ReadsAddresses).get_interfaces_ip()
    [arp] = await runtime.connect(device, ReadsArp).get_arp_table()
    [seen] = await runtime.connect(device, ReadsMacTable).get_mac_address_table()
    vlans = await runtime.connect(device, ReadsVlans).get_vlans()

    assert addresses["Gi0/1"].ipv4["192.0.2.1"].prefix_length == 24
    assert (arp.ip, arp.age) == ("192.0.2.9", -1.0)
    assert (seen.mac, seen.vlan, seen.moves) == (arp.mac, 10, -1)
    assert (vlans["10"].name, vlans["10"].interfaces) == ("users", ("Gi0/1",))


async def test_it_has_the_capabilities_that_are_scripted(fake_devices: Start, device: Device) -> None:
    runtime = fake_devices(replies={"get_facts": {}})

    with pytest.raises(CapabilityMissing, match="has no ReadsInterfaces"):
        runtime.connect(device, ReadsInterfaces)
    with pytest.raises(CapabilityMissing, match="has no RunsCommands"):
        runtime.connect(device, RunsCommands)


async def test_a_platform_narrows_what_it_serves(fake_devices: Start, device: Device) -> None:
    runtime = fake_devices(replies={"get_facts": {}}, platform="arista_eos")

    with pytest.raises(CapabilityMissing, match="does not serve this platform"):
        runtime.connect(device, ReadsFacts)


async def test_commands_are_parsed_and_rejected_as_on_a_device(fake_devices: Start, device: Device) -> None:
    replies = {
        "show ip interface brief": "Interface   IP-Address   OK? Method Status   Protocol\n"
        "Gi0/0       192.0.2.1    YES manual up       up\n",
        "show nothing": "                 ^\n% Invalid input detected at '^' marker.\n",
        "show json": [{"vlan": 10}],
    }
    router = fake_devices(replies=replies).connect(device, RunsCommands)

    brief, nothing, listed = await router.send_commands(list(replies), parse="textfsm")

    assert brief.parsed[0]["ip_address"] == "192.0.2.1"
    assert nothing.rejected
    assert listed.parsed == [{"vlan": 10}]


async def test_one_device_may_answer_differently(fake_devices: Start, device: Device) -> None:
    plugin = FakePlugin({"show clock": "12:00"}, devices={"r2": {"show clock": "13:00"}})
    runtime = fake_devices(plugin)
    other = device.model_copy(update={"id": 2, "hostname": "r2", "ip": "192.0.2.2"})

    answers = [await runtime.connect(one, RunsCommands).send_command("show clock") for one in (device, other)]

    assert [answer.output for answer in answers] == ["12:00", "13:00"]
    assert plugin.commands("r2") == ["show clock"]
    assert plugin.commands() == ["show clock", "show clock"]


async def test_replies_in_turn_functions_and_errors(fake_devices: Start, device: Device) -> None:
    replies = {
        "show bgp": InTurn("Idle", "Established"),
        "ping": InTurn(ZeroDivisionError("lost"), "ok"),
        "send_command": lambda command: f"you said {command}",
    }
    router = fake_devices(replies=replies).connect(device, RunsCommands)

    assert [(await router.send_command("show bgp")).output for _ in range(3)] == ["Idle", "Established", "Established"]
    with pytest.raises(ZeroDivisionError):
        await router.send_command("ping")
    assert (await router.send_command("ping")).output == "ok"
    assert (await router.send_command("anything")).output == "you said anything"


async def test_the_login_can_fail(fake_devices: Start, device: Device) -> None:
    refused = AuthenticationFailed("r1", "admin is refused")

    with pytest.raises(AuthenticationFailed):
        await fake_devices(replies={"open": refused, "get_facts": {}}).connect(device, ReadsFacts).get_facts()


async def test_a_slow_reply_ends_with_the_deadline(fake_devices: Start, device: Device) -> None:
    router = fake_devices(replies={"get_facts": Slow({}, after_s=60)}).connect(device, ReadsFacts)

    with deadline(Deadline.after(0.05)), pytest.raises(OperationTimedOut):
        await router.get_facts()


async def test_a_slow_reply_comes_after_its_time(fake_devices: Start, device: Device) -> None:
    router = fake_devices(replies={"get_facts": Slow({"model": "X"}, after_s=0.001)}).connect(device, ReadsFacts)

    assert (await router.get_facts()).model == "X"


async def test_what_is_not_scripted_is_named(fake_devices: Start, device: Device) -> None:
    router = fake_devices(replies={"show clock": "12:00"}).connect(device, RunsCommands)

    with pytest.raises(NotScripted, match="r1: no reply is scripted for 'show version'; scripted: show clock"):
        await router.send_command("show version")


async def test_a_fake_device_keeps_files(fake_devices: Start, device: Device, tmp_path: Path) -> None:
    image, other, told = tmp_path / "new.bin", tmp_path / "other.bin", []
    image.write_bytes(b"17.12")
    other.write_bytes(b"other")
    runtime = fake_devices(replies={"files": {"flash:/old.bin": b"17.9"}})
    router = runtime.connect(device, TransfersFiles)

    first = await router.put_file(image, "flash:/new.bin", progress=lambda *news: told.append(news))
    second = await router.put_file(image, "flash:/new.bin")
    with pytest.raises(TransferFailed, match="overwrite=True replaces it"):
        await router.put_file(other, "flash:/new.bin")
    await router.put_file(other, "flash:/new.bin", overwrite=True)
    await router.get_file("flash:/old.bin", tmp_path / "back.bin")
    await router.remove_file("flash:/old.bin")
    with pytest.raises(TransferFailed, match=r"there is no file flash:/old\.bin"):
        await router.remove_file("flash:/old.bin")

    assert (first.transferred, second.transferred) == (True, False)
    assert (tmp_path / "back.bin").read_bytes() == b"17.9"
    assert await router.list_files("flash:/") == [RemoteFile(name="new.bin", size=5)]
    assert told == [(5, 5, "flash:/new.bin")]


async def test_a_transfer_may_be_scripted_to_fail(fake_devices: Start, device: Device, tmp_path: Path) -> None:
    runtime = fake_devices(replies={"files": {}, "put_file": TransferFailed("r1", "no room")})

    with pytest.raises(TransferFailed, match="no room"):
        await runtime.connect(device, TransfersFiles).put_file(tmp_path / "x", "x")


async def test_reboots_and_dialogues_are_scripted(fake_devices: Start, device: Device) -> None:
    runtime = fake_devices(replies={"reboot": {"took_s": 300.0}, "send_interactive": "[OK]", "schedule_reboot": None})

    rebooted = await runtime.connect(device, Reboots).reboot(save=True)
    answer = await runtime.connect(device, Interacts).send_interactive("copy a b", [Answer("Source")])
    await runtime.connect(device, SchedulesReboots).schedule_reboot(5)

    assert (rebooted.device, rebooted.back, rebooted.took_s) == ("r1", True, 300.0)
    assert (answer.command, answer.output) == ("copy a b", "[OK]")


async def test_a_long_operation_may_take_longer_than_a_command(device: Device) -> None:
    catalogue = PluginCatalogue.of(FakePlugin({"reboot": Slow({}, after_s=0.4)}))

    with DeviceRuntime(DeviceSettings(command_timeout_s=0.1), catalogue=catalogue) as runtime:
        router = runtime.connect(device, Reboots)
        assert (await router.reboot(within_s=5)).back
        with pytest.raises(OperationTimedOut):
            await router.reboot(within_s=0.1)


class ReadsOptics(Protocol):
    def get_optics(self) -> Awaitable[dict[str, float]]:
        """Light levels."""
        ...


async def test_a_capability_of_your_own_can_be_scripted(fake_devices: Start, device: Device) -> None:
    runtime = fake_devices({"get_optics": {"eth0": -3.5}}, capabilities=[ReadsOptics])

    assert await runtime.connect(device, ReadsOptics).get_optics() == {"eth0": -3.5}


@pytest.mark.parametrize(
    ("key", "advice"), [("get_fact", "did you mean get_facts?"), ("get_optics", "name yours in `capabilities`")]
)
def test_a_reply_for_a_method_that_there_is_not_is_told_so(key: str, advice: str) -> None:
    with pytest.raises(TypeError, match=re.escape(advice)):
        FakePlugin(devices={"r1": {key: {}}})


def test_a_command_may_look_like_a_method() -> None:
    assert RunsCommands in FakePlugin({"check_raid": "ok"}).capabilities("linux")
