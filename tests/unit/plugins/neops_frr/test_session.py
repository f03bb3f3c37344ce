"""Sessions over real SSH, with a router that answers from recordings; `tests/lab` has the real ones."""

from __future__ import annotations

import asyncio
import hashlib
import shlex
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import asyncssh
import pytest

from neops.devices import (
    ConnectionOptions,
    Credentials,
    DeviceRuntime,
    HostKeys,
    PluginCatalogue,
    ReadsBgp,
    ReadsFacts,
    ReadsNeighbors,
    ReadsRoutes,
    RunsCommands,
    TransfersFiles,
)
from neops.devices.transcript import Level, Recorder, ReplayPlugin, ReplayRuntime
from neops.entities import Device, Platform, Secret
from neops.errors import (
    AuthenticationFailed,
    CapabilityMissing,
    CommandRejected,
    ConfigRejected,
    HostKeyRejected,
    OperationTimedOut,
    SessionLost,
    Unreachable,
)
from neops.logs import Redactor
from neops.settings import DeviceSettings
from neops_frr import FrrPlugin

DATA = Path(__file__).parent / "data"
PASSWORD = "s3cret"
HELLO = "\nHello, this is FRRouting (version 8.4.4).\nCopyright 1996-2005 Kunihiro Ishiguro, et al.\n\n"
KERNEL = {
    "ip -s -j -4 neigh show": '[{"dst":"10.0.12.1","dev":"to-r1","lladdr":"02:00:5e:10:00:09","state":["STALE"]}]\n',
    "bridge -j fdb show": '[{"mac":"02:00:5e:10:00:09","ifname":"swp1","vlan":10,"master":"br0","state":""}]\n',
}
Connect = Callable[..., Awaitable[Any]]
each_login = pytest.mark.parametrize("user", ["shell", "vtysh"])


class Speaker(RunsCommands, ReadsFacts, ReadsBgp, ReadsRoutes, ReadsNeighbors, Protocol): ...


class Router(asyncssh.SSHServer):
    """Lets `shell` and `vtysh` in by password."""

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return password == PASSWORD


async def serve(process: asyncssh.SSHServerProcess[str]) -> None:
    if process.get_extra_info("username") == "vtysh" or process.command == "vtysh":
        with suppress(BrokenPipeError):  # the client went away, as it may
            await converse(process)
        return
    words = [word for word in shlex.split(process.command or "") if not word.startswith("PATH=")]
    output, status = await vtysh(words[-1], process) if words[:2] == ["vtysh", "-c"] else ("", 127)
    if words[0] == "sha512sum":
        output, status = f"{hashlib.sha512(Path(words[1]).read_bytes()).hexdigest()}  {words[1]}\n", 0
    if words == ["cat", "/proc/uptime"]:
        output, status = "86400.50 1.00\n", 0
    if " ".join(words) in KERNEL:
        output, status = KERNEL[" ".join(words)], 0
    if status == 127:
        process.stderr.write(f"bash: line 1: {words[0]}: command not found\n")
    process.stdout.write(output)
    process.exit(status)


async def converse(process: asyncssh.SSHServerProcess[str]) -> None:
    prompt = "r2# "
    process.stdout.write(f"{HELLO}{prompt}")
    async for line in process.stdin:
        configuring = "(config" in prompt
        if line.startswith(("configure terminal", "interface")):
            prompt, answer = "r2(config)# ", ""
        elif configuring:
            answer = "% Unknown command: frobnicate\n" if "frobnicate" in line else "% Warning: odd\n"
        else:
            answer, _ = await vtysh(line.strip(), process)
        process.stdout.write(f"{line}{answer}{prompt}")
    process.stdout.write("\n")
    process.exit(0)


async def vtysh(command: str, process: asyncssh.SSHServerProcess[str]) -> tuple[str, int]:
    if command == "show hang":
        await asyncio.Event().wait()
    if command == "show drop":
        process.get_extra_info("connection").abort()
    file = DATA / f"{command.replace(' ', '_')}.txt"
    return (file.read_text(), 0) if file.exists() else (f"% Unknown command: {command}\n", 1)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Router,
        process_factory=serve,
        sftp_factory=True,
        server_host_keys=[key],
        line_editor=False,
    )
    async with server:
        yield server.get_port()


@pytest.fixture
async def connect(port: int, tmp_path: Path) -> AsyncIterator[Connect]:
    async with AsyncExitStack() as opened:

        async def open_session(user: str, **changes: Any) -> Any:
            options = ConnectionOptions(
                host="127.0.0.1",
                port=port,
                platform="frr",
                credentials=Credentials(username=user, password=Secret(PASSWORD)),
                host_keys=HostKeys(known_hosts=tmp_path / "known_hosts"),
                connect_timeout_s=10.0,
                command_timeout_s=10.0,
            )
            session = FrrPlugin().session(Device(id=2, hostname="r2"), replace(options, **changes))
            opened.push_async_callback(session.close)
            await session.open()
            return session

        yield open_session


@each_login
async def test_getters_are_the_same_through_both_logins(user: str, connect: Connect) -> None:
    session = await connect(user)

    facts, bgp, routes = await session.get_facts(), await session.get_bgp_neighbors(), await session.get_route_to()
    addresses = await session.get_interfaces_ip()

    assert (facts.hostname, facts.uptime) == ("r2", 86400.5 if user == "shell" else -1.0)
    assert bgp["global"].peers["10.0.12.1"].is_up
    assert {"10.255.0.1/32", "fe80::/64"} <= set(routes)
    assert addresses["to-r1"].ipv4["10.0.12.2"].prefix_length == 24


@each_login
async def test_a_rejected_command_is_an_answer_and_fails_a_getter(user: str, connect: Connect) -> None:
    session = await connect(user)

    answer = await session.send_command("show bogus")

    assert (answer.rejected, answer.output) == (True, "% Unknown command: show bogus")
    with pytest.raises(CommandRejected, match="r2"):
        await session.get_route_to("192.0.2.1")


@each_login
async def test_a_command_without_end_is_given_up_at_its_deadline(user: str, connect: Connect) -> None:
    session = await connect(user, command_timeout_s=0.3)

    with pytest.raises(OperationTimedOut, match=r"within 0\.3 s after 'show hang'"):
        await session.send_command("show hang")

    assert not await session.alive()


@each_login
async def test_an_abort_wakes_who_waits(user: str, connect: Connect) -> None:
    session = await connect(user)
    waiting = asyncio.create_task(session.send_command("show hang"))
    await asyncio.wait([waiting], timeout=0.2)

    session.abort()

    with pytest.raises(SessionLost, match="aborted"):
        await asyncio.wait_for(waiting, 2.0)


@each_login
async def test_a_connection_that_breaks_is_a_lost_session(user: str, connect: Connect) -> None:
    session = await connect(user)

    with pytest.raises(SessionLost, match="'show drop'"):
        await session.send_command("show drop")

    assert not await session.alive()


@each_login
async def test_configuring_stops_at_the_line_that_is_refused(user: str, connect: Connect) -> None:
    session = await connect(user)

    await session.configure(["interface to-r1", " description x"])
    with pytest.raises(ConfigRejected, match="'frobnicate 7': % Unknown command: frobnicate") as refused:
        await session.configure(["interface to-r1", " frobnicate 7", " frobnicate 8"])

    assert refused.value.line == " frobnicate 7"


async def test_a_closed_session_runs_nothing_and_closes_again(connect: Connect) -> None:
    session = await connect("shell")
    await session.close()
    await session.close()

    with pytest.raises(SessionLost, match="is not open"):
        await session.send_command("show version")


@pytest.mark.parametrize(("user", "why"), [("shell", "lldpctl: command not found"), ("vtysh", "forced into vtysh")])
async def test_neighbors_that_nobody_knows_are_no_empty_answer(user: str, why: str, connect: Connect) -> None:
    session = await connect(user)

    with pytest.raises(CapabilityMissing, match=why):
        await session.get_lldp_neighbors()


async def test_a_shell_tells_what_the_kernel_knows(connect: Connect) -> None:
    session = await connect("shell")

    [entry] = await session.get_arp_table()
    [seen] = await session.get_mac_address_table()

    assert (entry.interface, entry.ip, entry.mac) == ("to-r1", "10.0.12.1", "02:00:5E:10:00:09")
    assert (seen.interface, seen.vlan) == ("swp1", 10)
    with pytest.raises(CommandRejected, match=r"neigh show vrf blue.*command not found"):
        await session.get_arp_table(vrf="blue")


@pytest.mark.parametrize("getter", ["get_arp_table", "get_mac_address_table"])
async def test_a_login_without_a_shell_tells_nothing_of_the_kernel(getter: str, connect: Connect) -> None:
    session = await connect("vtysh")

    with pytest.raises(CapabilityMissing, match="asks the kernel in a shell: the login is forced into vtysh"):
        await getattr(session, getter)()


async def test_a_startup_configuration_that_may_not_be_read_is_told(connect: Connect) -> None:
    session = await connect("shell")

    with pytest.raises(CommandRejected):
        await session.get_config("startup")


async def test_a_wrong_password_is_told(connect: Connect) -> None:
    with pytest.raises(AuthenticationFailed, match=r"r2: .* refused user shell"):
        await connect("shell", credentials=Credentials(username="shell", password=Secret("guessed")))


async def test_a_host_key_is_judged_before_the_password_leaves(connect: Connect, tmp_path: Path) -> None:
    with pytest.raises(HostKeyRejected, match="unknown"):
        await connect("shell", host_keys=HostKeys(policy="strict", known_hosts=tmp_path / "none"))


async def test_nothing_that_listens_is_told_from_nothing_that_answers(connect: Connect) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable, match="Connection refused"):
            await connect("shell", port=silent.getsockname()[1])
        silent.listen()
        with pytest.raises(Unreachable, match=r"no answer within 0\.3 s"):
            await connect("shell", port=silent.getsockname()[1], connect_timeout_s=0.3)


async def test_an_abort_ends_a_login(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        options = ConnectionOptions(host="127.0.0.1", port=silent.getsockname()[1], platform="frr")
        session = FrrPlugin().session(Device(id=2, hostname="r2"), options)
        opening = asyncio.create_task(session.open())
        await asyncio.wait([opening], timeout=0.2)

        session.abort()

        with pytest.raises(SessionLost, match=r"the login .* aborted"):
            await asyncio.wait_for(opening, 2.0)


@each_login
@pytest.mark.parametrize("level", ["operations", "commands"])
async def test_what_was_recorded_of_a_router_is_replayed_without_one(
    user: str, level: Level, port: int, tmp_path: Path
) -> None:
    async def work(runtime: DeviceRuntime, device: Device) -> Any:
        router = runtime.connect(device, Speaker)
        answers = [await router.get_facts(), await router.get_bgp_neighbors(), await router.get_route_to()]
        with pytest.raises(CapabilityMissing) as missing:
            await router.get_lldp_neighbors()
        return [*answers, (await router.send_command("show bogus")).output, str(missing.value)]

    elsewhere = Device(id=2, hostname="r2", ip="192.0.2.1", platform=Platform(short_name="frr"))
    here = {"ip": "127.0.0.1", "port": port, "username": user, "password": Secret(PASSWORD)}
    settings, path = DeviceSettings(known_hosts=tmp_path / "known_hosts"), tmp_path / "r2.jsonl.zst"
    with (
        Recorder.to(path, redactor=Redactor()) as recorder,
        DeviceRuntime(settings, catalogue=PluginCatalogue.of(FrrPlugin()), observer=recorder) as runtime,
    ):
        live = await work(runtime, elsewhere.model_copy(update=here))

    replay = ReplayPlugin(path, level=level)
    with replay, ReplayRuntime(replay) as runtime:
        assert await work(runtime, elsewhere) == live


async def test_files_of_the_host_are_put_and_got_over_sftp(connect: Connect, tmp_path: Path) -> None:
    source, host = tmp_path / "frr.conf", tmp_path / "on_the_host.conf"
    source.write_bytes(b"hostname r2\n" * 1000)
    session = await connect("shell")

    put = await session.put_file(source, str(host))
    got = await session.get_file(str(host), tmp_path / "back.conf")
    again = await session.put_file(source, str(host), overwrite=True)

    assert host.read_bytes() == (tmp_path / "back.conf").read_bytes() == source.read_bytes()
    assert (put.transferred, again.transferred) == (True, False)
    assert put.verified == got.verified == "sha512"
    assert not list(tmp_path.glob("*.neops-part"))
    assert TransfersFiles in FrrPlugin().capabilities("frr")


async def test_a_login_that_is_forced_into_vtysh_has_no_files(connect: Connect, tmp_path: Path) -> None:
    with pytest.raises(CapabilityMissing, match="forced into vtysh, which has no files"):
        await (await connect("vtysh")).get_file("/etc/frr/frr.conf", tmp_path / "back.conf")
