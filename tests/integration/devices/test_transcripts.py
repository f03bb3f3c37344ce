"""Recorded over real SSH through every plugin, replayed without a device; a recording outlives its process."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from neops.devices import (
    CommandOutput,
    ConnectionPlugin,
    DeviceRuntime,
    PluginCatalogue,
    ReadsConfig,
    ReadsFacts,
    ReadsInterfaces,
    RunsCommands,
    WritesConfig,
)
from neops.devices.transcript import (
    CallLine,
    Level,
    Recorder,
    ReplayPlugin,
    ReplayRuntime,
    Transcript,
    TranscriptMismatch,
)
from neops.entities import REVEAL, Device, Platform, Secret
from neops.errors import CommandRejected, ConfigRejected, DeviceError, OperationTimedOut
from neops.logs import Redactor
from neops.settings import DeviceSettings
from neops.testing.simulator import Fault, FaultKind, RunningDevice, SimulatedDevice, SimulatedNetwork
from neops_napalm import NapalmPlugin
from neops_nornir import NornirPlugin
from neops_scrapli import ScrapliPlugin

PASSWORD, ENABLE, PUSHED = "s3cret-of-all", "up-up-and-99", "Pushed-Secret-7"

PLUGINS: Mapping[str, Callable[[], ConnectionPlugin]] = {
    "scrapli": ScrapliPlugin,
    "nornir": NornirPlugin,
    "napalm": NapalmPlugin,
}
PAIRS = [
    ("scrapli", "cisco_ios"),
    ("scrapli", "juniper_junos"),
    ("scrapli", "nokia_srl"),
    ("nornir", "cisco_ios"),
    ("napalm", "cisco_ios"),
    ("scrapli", "frr"),
]
CHANGES = {
    "cisco_ios": "ntp server 192.0.2.7\nbanner motd #\nask 192.0.2.7\n#\n",
    "arista_eos": "ntp server 192.0.2.7\nbanner motd\nask 192.0.2.7\nEOF\n",
    "juniper_junos": 'interfaces {\n    ge-0/0/1 {\n        description "to the edge";\n    }\n}\n',
    "nokia_srl": "set / system ntp server 192.0.2.7\n",
}
each_level = pytest.mark.parametrize("level", ["operations", "commands"])


class Reads(RunsCommands, ReadsFacts, ReadsInterfaces, ReadsConfig, Protocol): ...


class Changes(RunsCommands, WritesConfig, Protocol): ...


@pytest.fixture(scope="module")
def network() -> Iterator[SimulatedNetwork]:
    platforms = {platform for _, platform in PAIRS} | set(CHANGES)
    devices = [SimulatedDevice(name=one, platform=one, password=PASSWORD) for one in sorted(platforms)]
    locked = SimulatedDevice(name="locked", platform="cisco_ios", password=PASSWORD, enable_secret=ENABLE)
    with SimulatedNetwork([*devices, locked]) as running:
        yield running


def entity(target: RunningDevice) -> Device:
    return Device(
        id=1,
        hostname=target.spec.name,
        ip="127.0.0.1",
        port=target.port,
        username=target.spec.username,
        password=Secret(target.spec.password),
        connection_options=Secret(f'{{"neops": {{"extras": {{"enable_secret": "{ENABLE}"}}}}}}'),
        platform=Platform(short_name=target.platform.inventory_name),
    )


def elsewhere(device: Device) -> Device:
    """The same device as a test knows it: no address that answers, and no credentials."""
    return Device(id=7, hostname=device.hostname, ip="192.0.2.1", platform=device.platform)


@dataclass(frozen=True, kw_only=True)
class Tape:
    """Records through a plugin, and replays."""

    path: Path
    known_hosts: Path

    async def record(self, plugin: ConnectionPlugin, device: Device, work: Any) -> Any:
        redactor = Redactor()
        settings = DeviceSettings(known_hosts=self.known_hosts)
        with (
            Recorder.to(self.path, redactor=redactor) as recorder,
            DeviceRuntime(
                settings, catalogue=PluginCatalogue.of(plugin), redactor=redactor, observer=recorder
            ) as runtime,
        ):
            done = await work(runtime, device)
        assert recorder.failure is None
        return done

    async def replay(self, device: Device, work: Any, level: Level = "operations") -> Any:
        with ReplayPlugin(self.path, level=level) as replay, ReplayRuntime(replay) as runtime:
            return await work(runtime, elsewhere(device))

    def calls(self) -> dict[str, CallLine]:
        return {event.method: event for event in Transcript.read(self.path).events if isinstance(event, CallLine)}


@pytest.fixture
def tape(network: SimulatedNetwork, tmp_path: Path) -> Tape:
    known_hosts = network.write_known_hosts(tmp_path / "known_hosts")
    return Tape(path=tmp_path / "x.jsonl.zst", known_hosts=known_hosts)


async def read_all(runtime: DeviceRuntime, device: Device) -> list[Any]:
    router = runtime.connect(device, Reads)
    answers: list[Any] = [
        await router.get_facts(),
        await router.get_interfaces(),
        await router.send_command("show version"),
        *await router.send_commands(["show version", "show nonsense"]),
    ]
    with pytest.raises(CommandRejected) as rejected:
        (await router.send_command("show nonsense")).raise_for_status()
    return [*answers, str(rejected.value)]


def settled(answers: list[Any]) -> list[Any]:
    """Without what is measured anew where parsers run again."""
    return [one.model_copy(update={"elapsed_s": 0.0}) if isinstance(one, CommandOutput) else one for one in answers]


@each_level
@pytest.mark.parametrize(("plugin", "platform"), PAIRS)
async def test_what_a_plugin_read_is_read_again(
    plugin: str, platform: str, level: Level, network: SimulatedNetwork, tape: Tape
) -> None:
    device = entity(network[platform])
    live = await tape.record(PLUGINS[plugin](), device, read_all)

    told = await tape.replay(device, read_all, level)

    assert settled(told) == settled(live)
    assert level == "commands" or told == live


async def test_parsers_run_again_over_what_was_printed(network: SimulatedNetwork, tape: Tape, tmp_path: Path) -> None:
    async def work(runtime: DeviceRuntime, device: Device) -> Any:
        return await runtime.connect(device, ReadsFacts).get_facts()

    device = entity(network["cisco_ios"])
    live = await tape.record(ScrapliPlugin(), device, work)
    read = Transcript.read(tape.path)
    wrong = [event.model_copy(update={"result": {"vendor": "of an old parser"}}) for event in read.events]
    old = Transcript(header=read.header, devices=read.devices, events=tuple(wrong))

    replay = ReplayPlugin(old, level="commands")
    with replay, ReplayRuntime(replay) as runtime:
        assert await work(runtime, elsewhere(device)) == live


async def test_a_parser_that_types_something_else_is_shown_what_was_typed(
    network: SimulatedNetwork, tape: Tape
) -> None:
    async def work(runtime: DeviceRuntime, device: Device) -> Any:
        return await runtime.connect(device, ReadsFacts).get_facts()

    device = entity(network["cisco_ios"])
    await tape.record(ScrapliPlugin(), device, work)
    read = Transcript.read(tape.path)
    call = tape.calls()["get_facts"]
    typed = [one.model_copy(update={"command": "show vers"}) for one in call.exchanges]
    other = call.model_copy(update={"exchanges": tuple(typed)})

    replay = ReplayPlugin(Transcript(header=read.header, devices=read.devices, events=(other,)), level="commands")
    with ReplayRuntime(replay) as runtime, pytest.raises(TranscriptMismatch) as refused:
        await work(runtime, elsewhere(device))

    assert "get_facts types something else than was recorded, at command 1 of" in str(refused.value)
    assert "asked:    'show version'\n  recorded: 'show vers'" in str(refused.value)


async def change_and_confirm(runtime: DeviceRuntime, device: Device) -> list[Any]:
    router = runtime.connect(device, Changes)
    config = CHANGES[device.platform_name or ""]
    async with router.change(config) as change:
        await change.commit(confirm_within=60)
        await change.confirm()
    async with router.change(config) as again:
        await again.commit()
    with pytest.raises(ConfigRejected) as refused:
        async with router.change("frobnicate 7\n") as bad:
            await bad.commit()
    ended = [change.diff, change.outcome, change.strength, again.diff, again.outcome, str(refused.value)]
    async with router.change(_undone(device, config)) as unconfirmed:
        await unconfirmed.commit(confirm_within=60)
    return [*ended, unconfirmed.outcome]


def _undone(device: Device, config: str) -> str:
    """Another change, to be left unconfirmed."""
    return config.replace("192.0.2.7", "192.0.2.8").replace("to the edge", "to nowhere")


@each_level
@pytest.mark.parametrize("platform", list(CHANGES))
async def test_a_change_on_four_vendors_is_replayed_to_the_same_end(
    platform: str, level: Level, network: SimulatedNetwork, tape: Tape
) -> None:
    device = entity(network[platform])
    live = await tape.record(ScrapliPlugin(), device, change_and_confirm)

    assert await tape.replay(device, change_and_confirm, level) == live


async def test_no_secret_of_a_real_login_is_in_the_file(network: SimulatedNetwork, tape: Tape) -> None:
    async def work(runtime: DeviceRuntime, device: Device) -> None:
        router = runtime.connect(device, Changes)
        await router.send_command(f"show {PASSWORD} {ENABLE}")
        async with router.change(f"username backup secret 0 {PUSHED}\n") as change:
            await change.commit()

    device = entity(network["locked"])
    await tape.record(ScrapliPlugin(), device, work)

    text = "\n".join(event.model_dump_json() for event in Transcript.read(tape.path).events)
    assert "username backup" in text
    for secret in (PASSWORD, ENABLE, PUSHED):
        assert secret not in text


async def test_a_refused_login_is_refused_again(network: SimulatedNetwork, tape: Tape) -> None:
    async def work(runtime: DeviceRuntime, device: Device) -> str:
        with pytest.raises(DeviceError) as refused:
            await runtime.connect(device, ReadsFacts).get_facts()
        return type(refused.value).__name__

    device = entity(network["cisco_ios"]).model_copy(update={"password": Secret("not this one")})

    assert await tape.record(ScrapliPlugin(), device, work) == "AuthenticationFailed"
    assert await tape.replay(device, work) == "AuthenticationFailed"


@each_level
async def test_a_command_that_hangs_is_the_same_deadline_without_waiting_for_it(
    level: Level, network: SimulatedNetwork, tape: Tape
) -> None:
    async def work(runtime: DeviceRuntime, device: Device) -> list[str]:
        router = runtime.connect(device, Reads)
        before = (await router.get_facts()).hostname
        with pytest.raises(OperationTimedOut) as late:
            await router.send_commands(["show clock", "show version"])
        return [before, str(late.value)]

    target = network["cisco_ios"]
    options = '{"neops": {"extras": {"command_timeout": 0.3}}}'
    device = entity(target).model_copy(update={"connection_options": Secret(options)})
    target.fault = Fault(kind=FaultKind.HANG_ON_COMMAND, command="show clock")
    try:
        live = await tape.record(ScrapliPlugin(), device, work)
    finally:
        target.fault = None

    assert "show clock" in [exchange.command for exchange in tape.calls()["send_commands"].exchanges]
    assert await tape.replay(device, work, level) == live


KILLED = """
import asyncio, sys
from pathlib import Path
from neops.devices import DeviceRuntime, PluginCatalogue, RunsCommands
from neops.devices.transcript import Recorder
from neops.entities import Device
from neops.logs import Redactor
from neops.settings import DeviceSettings
from neops_scrapli import ScrapliPlugin

async def main(device, path, known_hosts):
    redactor, settings = Redactor(), DeviceSettings(known_hosts=Path(known_hosts))
    recorder = Recorder.to(Path(path), redactor=redactor)
    catalogue = PluginCatalogue.of(ScrapliPlugin())
    with DeviceRuntime(settings, catalogue=catalogue, redactor=redactor, observer=recorder) as runtime:
        router = runtime.connect(Device.model_validate_json(device), RunsCommands)
        while True:
            await router.send_command("show version")
            print("asked", flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


def test_a_recording_that_was_killed_is_readable_up_to_the_last_answer(network: SimulatedNetwork, tape: Tape) -> None:
    arguments = [entity(network["cisco_ios"]).model_dump_json(context=REVEAL), str(tape.path), str(tape.known_hosts)]
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = [process.stdout.readline() for _ in range(5)]
        process.kill()
        rest = process.stdout.read()
        assert said == ["asked\n"] * 5, process.stderr.read()

    read = Transcript.read(tape.path)
    asked = len(said) + rest.count("asked\n")
    assert process.returncode == -signal.SIGKILL
    assert not read.complete
    assert len([event for event in read.events if isinstance(event, CallLine)]) in (asked, asked + 1)
