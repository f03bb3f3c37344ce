"""Devices that only a jump host reaches: their names mean something there and nowhere else."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Self

import asyncssh
import pytest

from neops.devices import (
    DeviceRuntime,
    EntityCredentials,
    EnvironmentCredentials,
    LoginEvent,
    PluginCatalogue,
    ReadsConfig,
    ReadsFacts,
    RunsCommands,
    TransfersFiles,
)
from neops.entities import ConnectionState, Device, Platform, Secret
from neops.errors import ConnectFailed, HostKeyRejected, SessionLost, Unreachable
from neops.logs import MASK, Redactor
from neops.settings import DeviceSettings
from neops.testing.simulator import Fault, FaultKind, SimulatedDevice, SimulatedNetwork
from neops_frr import FrrPlugin
from neops_napalm import NapalmPlugin
from neops_netconf import NetconfPlugin
from neops_nornir import NornirPlugin
from neops_scrapli import ScrapliPlugin
from neops_scrapli.session import ScrapliSession

PLUGINS: dict[str, Callable[[], Any]] = {
    "frr": FrrPlugin,
    "napalm": NapalmPlugin,
    "netconf": NetconfPlugin,
    "nornir": NornirPlugin,
    "scrapli": ScrapliPlugin,
}
every_plugin = pytest.mark.parametrize("plugin", ["scrapli", "nornir", "napalm"])
LONG = "\n".join(f"line {number} {'x' * 60}" for number in range(8000))
BASTION_PASSWORD = "of-the-bastion"
PROMPTLY_S = 3.0
"""Longest wait for something that is said to happen at once; a loaded machine is slow."""


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A private key's file, and the public key."""
    pair = asyncssh.generate_private_key("ssh-ed25519")
    file = tmp_path_factory.mktemp("keys") / "bastion"
    pair.write_private_key(file)
    return file, pair.export_public_key().decode()


@pytest.fixture(scope="module")
def network(key: tuple[Path, str]) -> Iterator[SimulatedNetwork]:
    bastion: dict[str, Any] = {"username": "ops", "password": BASTION_PASSWORD, "is_jump_host": True}
    with SimulatedNetwork(
        [
            *(SimulatedDevice(name=f"r{number}", platform="cisco_ios") for number in range(50)),
            SimulatedDevice(name="core", platform="juniper_junos"),
            SimulatedDevice(name="eos", platform="arista_eos"),
            SimulatedDevice(name="shell", platform="linux", answers={"cat /var/log/all": LONG}),
            SimulatedDevice(name="outer", platform="linux", public_keys=(key[1],), **bastion),
            SimulatedDevice(name="inner", platform="linux", **bastion),
        ]
    ) as running:
        yield running


@pytest.fixture(autouse=True)
def healthy(network: SimulatedNetwork) -> Iterator[None]:
    yield
    for device in network:
        device.fault = None
        device.forget()


@pytest.fixture
def known_hosts(network: SimulatedNetwork, tmp_path: Path) -> Path:
    """The devices by the names that they have behind the jump hosts."""
    file = network.write_known_hosts(tmp_path / "known_hosts")
    names = ",".join([*(f"r{number}" for number in range(50)), "inner", "shell", "[core]:830"])
    file.write_text(f"{file.read_text()}{names} {network.public_key}\n")
    return file


@pytest.fixture
def make_runtime(known_hosts: Path) -> Iterator[Callable[..., DeviceRuntime]]:
    started: list[DeviceRuntime] = []

    def make(plugin: str = "scrapli", **options: Any) -> DeviceRuntime:
        settings = {"known_hosts": known_hosts, "host_keys": "strict", **options.pop("settings", {})}
        catalogue = PluginCatalogue.of(PLUGINS[plugin]())
        runtime = DeviceRuntime(DeviceSettings(**settings), catalogue=catalogue, **options)
        runtime.start()
        started.append(runtime)
        return runtime

    yield make
    for runtime in started:
        runtime.stop()


@pytest.fixture
def outer(network: SimulatedNetwork) -> dict[str, Any]:
    """The jump host that can be reached from here, as an inventory has it."""
    return {"host": "127.0.0.1", "port": network["outer"].port, "username": "ops", "password": BASTION_PASSWORD}


@pytest.fixture
def device() -> Callable[..., Device]:
    def make(name: str = "r1", *hops: Any, entries: Any = None, **fields: Any) -> Device:
        given = {"username": "neops", "password": Secret("simulated"), "platform": Platform(short_name="cisco_ios")}
        options: dict[str, Any] = {"neops": {"extras": {"jump_hosts": list(hops)}}} if hops else {}
        text = Secret(json.dumps(options | (entries or {})))
        number = int(name.removeprefix("r")) + 1 if name.startswith("r") else 1000
        return Device(id=number, hostname=name, connection_options=text, **(given | fields))

    return make


INNER = {"host": "inner", "username": "ops", "password": BASTION_PASSWORD}


@every_plugin
async def test_a_device_behind_a_jump_host_answers(
    plugin: str, make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any
) -> None:
    router = make_runtime(plugin).connect(device("r1", outer), ReadsFacts)

    facts = await router.get_facts()

    assert facts.hostname == "r1"
    assert (network["outer"].logins, network["r1"].logins) == (1, 1)


@every_plugin
async def test_two_jump_hosts_are_gone_through_one_after_the_other(
    plugin: str, make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any
) -> None:
    router = make_runtime(plugin).connect(device("r1", outer, INNER), RunsCommands)

    answer = await router.send_command("show version")

    assert "r1" in answer.output
    assert (network["outer"].logins, network["inner"].logins) == (1, 1)
    assert (network["outer"].forwarded, network["inner"].forwarded) == (1, 1)


class Shell(asyncssh.SSHServer):
    """A host that runs FRR, as far as a login asks."""

    def begin_auth(self, username: str) -> bool:  # asyncssh's signature
        return False


def vtysh(process: asyncssh.SSHServerProcess[str]) -> None:
    process.stdout.write("FRRouting 8.4.4 (far) on Linux(6.1).\n")
    process.exit(0)


async def test_frr_is_reached_through_a_jump_host(make_runtime: Any, outer: Any, device: Any) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    router = await asyncssh.listen("127.0.0.1", 0, server_factory=Shell, process_factory=vtysh, server_host_keys=[key])
    fields = {"ip": "127.0.0.1", "port": router.get_port(), "platform": Platform(short_name="frr")}
    runtime = make_runtime("frr", settings={"host_keys": "off"})

    async with router:
        answer = await runtime.connect(device("far", outer, **fields), RunsCommands).send_command("show version")
        runtime.stop()

    assert "FRRouting 8.4.4 (far)" in answer.output


async def test_netconf_goes_through_a_jump_host(
    make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any
) -> None:
    behind = device("core", outer, platform=Platform(short_name="juniper_junos"))
    runtime = make_runtime("netconf", settings={"plugins": ("netconf",)})

    configs = await runtime.connect(behind, ReadsConfig).get_config()

    assert "core" in configs.running
    assert (network["outer"].forwarded, network["core"].logins) == (1, 1)


@pytest.mark.parametrize(("name", "face"), [("eos", "eapi"), ("core", "ssh")])
async def test_the_apis_that_napalm_speaks_to_are_reached_through_a_jump_host(
    name: str, face: Literal["eapi", "ssh"], make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any
) -> None:
    arguments = {"transport": "http"} if face == "eapi" else {}
    behind = device(
        name,
        outer,
        entries={"napalm": {"port": network[name].ports[face], "extras": {"optional_args": arguments}}},
        ip="127.0.0.1",
        platform=Platform(short_name=network[name].spec.platform),
    )
    runtime = make_runtime("napalm", settings={"plugins": ("napalm",), "host_keys": "off"})

    facts = await runtime.connect(behind, ReadsFacts).get_facts()

    assert facts.hostname == name
    assert network["outer"].logins == 1
    assert network["outer"].forwarded >= 1


async def test_another_connection_of_nornir_goes_through_a_port_on_loopback(
    make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any
) -> None:
    entries = {"nornir": {"extras": {"connection": "scrapli"}}, "scrapli": {"extras": {"transport": "paramiko"}}}
    behind = device("r1", outer, entries=entries)

    answer = await make_runtime("nornir").connect(behind, RunsCommands).send_command("show version")

    assert "r1" in answer.output
    assert network["r1"].logins == 1


async def test_fifty_devices_share_one_login_at_their_jump_host(
    make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any
) -> None:
    runtime = make_runtime()
    routers = [runtime.connect(device(f"r{number}", outer), RunsCommands) for number in range(50)]

    answers = await asyncio.gather(*(router.send_command("show version") for router in routers))

    assert all(f"r{number}" in answer.output for number, answer in enumerate(answers))
    assert (network["outer"].logins, network["outer"].sessions, network["outer"].forwarded) == (1, 1, 50)


async def test_more_devices_than_one_connection_bears_get_another(
    make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neops.devices.jumps.trunk.CHANNELS", 2)
    runtime = make_runtime()
    routers = [runtime.connect(device(f"r{number}", outer), RunsCommands) for number in range(5)]

    await asyncio.gather(*(router.send_command("show clock") for router in routers))

    assert (network["outer"].logins, network["outer"].forwarded) == (3, 5)


async def test_jump_hosts_of_the_settings_hold_for_devices_that_name_none(
    make_runtime: Any, network: SimulatedNetwork, key: tuple[Path, str], device: Any
) -> None:
    providers = EntityCredentials(), EnvironmentCredentials({"NEOPS_JUMP_PRIVATE_KEY": str(key[0])})
    settings = {"jump_hosts": f"ops@127.0.0.1:{network['outer'].port}"}
    runtime = make_runtime(settings=settings, credentials=providers)
    here: dict[str, Any] = {"neops": {"extras": {"jump_hosts": []}}}
    direct = device("r2", entries=here, ip="127.0.0.1", port=network["r2"].port)

    await runtime.connect(device("r1"), RunsCommands).send_command("show version")
    await runtime.connect(direct, RunsCommands).send_command("show version")

    assert (network["outer"].logins, network["outer"].forwarded) == (1, 1)
    assert network["r2"].logins == 1


@every_plugin
async def test_the_proxy_jump_of_an_ssh_config_file_is_followed(
    plugin: str, make_runtime: Any, network: SimulatedNetwork, key: tuple[Path, str], device: Any, tmp_path: Path
) -> None:
    config = tmp_path / "ssh_config"
    config.write_text(
        f"Host core\n  HostName r1\n  ProxyJump bastion\n"
        f"Host bastion\n  HostName 127.0.0.1\n  Port {network['outer'].port}\n  User ops\n  IdentityFile {key[0]}\n"
    )
    entries = {"netmiko": {"extras": {"ssh_config_file": str(config)}}}

    answer = (
        await make_runtime(plugin).connect(device("core", entries=entries), RunsCommands).send_command("show clock")
    )

    assert answer.device == "core"
    assert (network["outer"].logins, network["r1"].logins) == (1, 1)


async def test_a_jump_host_that_refuses_the_password_is_asked_no_more_than_a_device_would_be(
    make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any
) -> None:
    events: list[LoginEvent] = []
    runtime = make_runtime(on_login=events.append)
    wrong = outer | {"password": "not-this-one"}

    for number in range(5):
        with pytest.raises(Unreachable, match=rf"r{number}: jump host ops@127.0.0.1:\d+: .*(refused|not tried)"):
            await runtime.connect(device(f"r{number}", wrong), RunsCommands).send_command("show version")

    assert network["outer"].failed_logins == 3
    assert {event.state for event in events} == {ConnectionState.UNREACHABLE}


async def test_a_jump_host_must_show_a_key_that_is_known(
    make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any, tmp_path: Path
) -> None:
    runtime = make_runtime(settings={"known_hosts": tmp_path / "empty"})

    with pytest.raises(HostKeyRejected, match=r"r1: jump host .* which is unknown"):
        await runtime.connect(device("r1", outer), RunsCommands).send_command("show version")

    assert (network["outer"].logins, network["outer"].failed_logins) == (0, 0)


@every_plugin
async def test_the_devices_own_key_is_checked_under_its_own_name(
    plugin: str, make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any, known_hosts: Path
) -> None:
    lines = known_hosts.read_text().splitlines()
    known_hosts.write_text("".join(f"{line}\n" for line in lines if "r1," not in line))

    with pytest.raises(HostKeyRejected, match=r"r1: r1 shows .*unknown|r1: .*no key|which is unknown"):
        await make_runtime(plugin).connect(device("r1", outer), RunsCommands).send_command("show version")

    assert (network["r1"].logins, network["r1"].failed_logins) == (0, 0)


async def test_a_new_key_behind_a_jump_host_is_remembered_under_the_devices_name(
    make_runtime: Any, outer: Any, device: Any, tmp_path: Path
) -> None:
    file = tmp_path / "new"
    runtime = make_runtime("nornir", settings={"known_hosts": file, "host_keys": "accept-new"})

    await runtime.connect(device("r1", outer), RunsCommands).send_command("show version")

    assert [line.split()[0] for line in file.read_text().splitlines()] == [f"[127.0.0.1]:{outer['port']}", "r1"]


@every_plugin
async def test_a_jump_host_that_is_not_there_is_named_with_the_device(
    plugin: str, make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any
) -> None:
    network["outer"].fault = Fault(kind=FaultKind.REFUSE)

    with pytest.raises(Unreachable, match=rf"^r1: jump host ops@127.0.0.1:{outer['port']}: .*Connection refused"):
        await make_runtime(plugin).connect(device("r1", outer), RunsCommands).send_command("show version")


async def test_a_jump_host_that_hangs_is_asked_once_for_all_who_wait(
    make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any
) -> None:
    network["outer"].fault = Fault(kind=FaultKind.HANG)
    runtime = make_runtime(settings={"connect_timeout_s": 0.5})
    routers = [runtime.connect(device(f"r{number}", outer), RunsCommands) for number in range(20)]
    started = time.monotonic()

    results = await asyncio.gather(*(one.send_command("show clock") for one in routers), return_exceptions=True)

    assert time.monotonic() - started < 0.5 + PROMPTLY_S
    assert {type(one) for one in results} == {Unreachable}
    assert all(f"r{number}: jump host ops@" in str(one) for number, one in enumerate(results))


async def test_a_dead_jump_host_is_not_tried_once_for_each_device_behind_it(
    make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any
) -> None:
    runtime = make_runtime(settings={"breaker_failures": 3, "breaker_hold_off_s": 0.3, "host_keys": "off"})
    knocks: list[asyncio.StreamWriter] = []

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        knocks.append(writer)
        writer.close()

    async def behind(number: int) -> str:
        with pytest.raises(Unreachable, match=rf"^r{number}: jump host ops@127.0.0.1:{port}: ") as caught:
            await runtime.connect(device(f"r{number}", outer | {"port": port}), RunsCommands).send_command("show clock")
        return str(caught.value)

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as dead:
        port = dead.sockets[0].getsockname()[1]
        said = [await behind(number) for number in range(20)]
        (breaker,) = runtime.open_breakers()
        await asyncio.sleep(breaker.tried_again_in_s)
        said += [await behind(number) for number in range(20)]

    assert len(knocks) == 4
    assert sum("not tried, held off" in one for one in said) == 36


@every_plugin
@pytest.mark.parametrize("name", ["r1", "nowhere"])
async def test_a_jump_host_that_does_not_lead_to_the_device_says_so(
    plugin: str, name: str, make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any
) -> None:
    if name == "r1":
        network["outer"].fault = Fault(kind=FaultKind.REFUSE_FORWARDING)

    with pytest.raises(
        Unreachable, match=rf"{name}: jump host ops@.* does not reach {name}:22: (its rules forbid it|nowhere: no such)"
    ):
        await (
            make_runtime(plugin, settings={"host_keys": "off"})
            .connect(device(name, outer), RunsCommands)
            .send_command("show version")
        )


@every_plugin
async def test_a_jump_host_that_dies_ends_the_commands_behind_it_and_the_next_ones_find_another_way(
    plugin: str, make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any
) -> None:
    router = make_runtime(plugin).connect(device("r1", outer), RunsCommands)
    await router.send_command("show clock")
    network["r1"].fault = Fault(kind=FaultKind.HANG_ON_COMMAND, command="show version")
    waiting = asyncio.create_task(router.send_command("show version"))
    await until(lambda: "show version" in network["r1"].commands)

    network["outer"].hang_up()

    with pytest.raises(SessionLost, match=r"^r1: .*via ops@127.0.0.1"):
        await asyncio.wait_for(waiting, PROMPTLY_S)
    assert (await router.send_command("show clock")).output
    assert network["outer"].logins == 2


class Wire:
    """A TCP connection that can fall silent without being closed."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.silent = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await asyncio.gather(*self._tasks)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        for source, sink in ((reader, back), (there, writer)):
            self._tasks.add(asyncio.create_task(self._copy(source, sink)))

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                if not self.silent:
                    sink.write(data)
        sink.close()


async def test_a_jump_host_that_falls_silent_is_found_out_by_the_signs_of_life_that_it_owes(
    make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any
) -> None:
    async with Wire(outer["port"]) as wire:
        runtime = make_runtime(settings={"keepalive_s": 0.05, "host_keys": "off"})
        router = runtime.connect(device("r1", outer | {"port": wire.port}), RunsCommands)
        await router.send_command("show clock")

        wire.silent = True

        with pytest.raises(SessionLost, match=r"^r1: .*via ops@127.0.0.1"):
            await asyncio.wait_for(router.send_command("show version"), PROMPTLY_S)
        runtime.stop()


@every_plugin
async def test_what_is_aborted_behind_a_jump_host_leaves_the_others_alone(
    plugin: str, make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any
) -> None:
    runtime = make_runtime(plugin)
    other = runtime.connect(device("r2", outer), RunsCommands)
    await other.send_command("show clock")
    network["r1"].fault = Fault(kind=FaultKind.HANG_ON_COMMAND, command="show version")
    waiting = asyncio.create_task(
        runtime.connect(device("r1", outer), RunsCommands, job="j1").send_command("show version")
    )
    await until(lambda: "show version" in network["r1"].commands)

    runtime.abort(job="j1")

    with pytest.raises(SessionLost):
        await asyncio.wait_for(waiting, PROMPTLY_S)
    await until(lambda: network["r1"].sessions == 0)
    assert (await other.send_command("show clock")).output
    assert (network["outer"].logins, network["outer"].sessions) == (1, 1)


@pytest.mark.parametrize("plugin", ["scrapli", "nornir"])
async def test_a_long_answer_arrives_whole(plugin: str, make_runtime: Any, outer: Any, device: Any) -> None:
    shell = device("shell", outer, platform=Platform(short_name="linux"))

    answer = await make_runtime(plugin).connect(shell, RunsCommands).send_command("cat /var/log/all")

    assert answer.output.splitlines() == LONG.splitlines()


@pytest.mark.parametrize("plugin", ["scrapli", "nornir"])
async def test_a_file_goes_there_and_back_whole(
    plugin: str, make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any, tmp_path: Path
) -> None:
    image, copy = tmp_path / "image", tmp_path / "copy"
    image.write_bytes(bytes(range(256)) * 20_000)
    shell = make_runtime(plugin).connect(device("shell", outer, platform=Platform(short_name="linux")), TransfersFiles)

    await shell.put_file(image, "image.bin", overwrite=True)
    await shell.get_file("image.bin", copy)

    assert copy.read_bytes() == image.read_bytes()
    assert network["outer"].logins == 1


async def test_a_jump_host_is_left_when_nobody_was_behind_it_for_a_while(
    make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any
) -> None:
    runtime = make_runtime(settings={"idle_ttl_s": 0})

    await runtime.connect(device("r1", outer), RunsCommands).send_command("show clock")

    await until(lambda: network["outer"].sessions == 0)
    await runtime.connect(device("r1", outer), RunsCommands).send_command("show clock")
    assert network["outer"].logins == 2


@every_plugin
async def test_nothing_is_left_after_the_runtime_stopped(
    plugin: str, make_runtime: Any, network: SimulatedNetwork, outer: Any, device: Any
) -> None:
    runtime = make_runtime(plugin)
    await runtime.connect(device("r1", outer, INNER), RunsCommands).send_command("show clock")

    runtime.stop()

    await until(lambda: [network[name].sessions for name in ("r1", "inner", "outer")] == [0, 0, 0])
    await until(lambda: not [one for one in threading.enumerate() if one.name.startswith("neops-device")])


async def test_a_plugin_that_knows_no_jump_hosts_is_not_let_past_them(
    make_runtime: Any, outer: Any, device: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScrapliSession, "knows_jump_hosts", False)

    with pytest.raises(ConnectFailed, match="r1: scrapli knows no jump hosts"):
        await make_runtime().connect(device("r1", outer), RunsCommands).send_command("show clock")


async def test_a_jump_hosts_password_is_masked_from_then_on(make_runtime: Any, outer: Any, device: Any) -> None:
    redactor = Redactor()

    await make_runtime(redactor=redactor).connect(device("r1", outer), RunsCommands).send_command("show clock")

    assert redactor.redact(f"the word is {BASTION_PASSWORD}") == f"the word is {MASK}"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PROMPTLY_S):
        while not condition():
            await asyncio.sleep(0.01)
