"""Files put on devices and got from them, for each plugin on each platform, against simulated devices."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from neops.devices import HostKeys, RemoteFile, TransfersFiles
from neops.errors import DeviceError, HostKeyRejected, OperationTimedOut, SessionLost, TransferFailed, UsageError
from neops.testing.simulator import Fault, FaultKind, RunningDevice, SimulatedDevice, SimulatedNetwork

Find = Callable[[str], RunningDevice]

PLATFORMS = {
    "arista_eos": ("/mnt/flash/new.bin", "sha512"),
    "cisco_ios": ("/flash/new.bin", "md5"),
    "cisco_nxos": ("/bootflash/new.bin", "md5"),
    "cisco_xr": ("/harddisk:/new.bin", "md5"),
    "frr": ("/home/neops/new.bin", "sha512"),
    "huawei_vrp": ("/new.bin", "size"),
    "juniper_junos": ("/var/tmp/new.bin", "sha256"),
    "linux": ("/home/neops/new.bin", "sha512"),
}
PROTOCOLS = ("cisco_ios", "linux")  # SCP with the command line, and SFTP
every_plugin = pytest.mark.parametrize("plugin", ["scrapli", "nornir"])
SLOW = ("nornir", "huawei_vrp")  # netmiko takes two seconds for a login there
every_pair = pytest.mark.parametrize(
    ("plugin", "platform"),
    [
        pytest.param(plugin, platform, marks=[pytest.mark.slow] if (plugin, platform) == SLOW else [])
        for platform in PLATFORMS
        for plugin in (("frr",) if platform == "frr" else ("scrapli", "nornir"))
    ],
)
every_protocol = pytest.mark.parametrize("platform", PROTOCOLS)
IMAGE = os.urandom(300_000)


@pytest.fixture
def network(request: pytest.FixtureRequest) -> Iterator[SimulatedNetwork]:
    """A device of the platform that the test is about, one with little room, and one whose SCP is off."""
    platform = request.node.callspec.params.get("platform", "cisco_ios")
    about = SimulatedDevice(name=platform, platform=platform)
    small = SimulatedDevice(name="small", platform=platform, storage_bytes=len(IMAGE) - 1)
    closed = SimulatedDevice(name="closed", platform="cisco_ios", running_config="hostname closed")
    with SimulatedNetwork([about, small, closed]) as running:
        yield running


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "new.bin"
    path.write_bytes(IMAGE)
    return path


@asynccontextmanager
async def opened(session: Any) -> Any:
    await session.open()
    try:
        yield session
    finally:
        await session.close()


@every_pair
async def test_a_file_goes_there_and_back_verified(
    plugin: str, platform: str, device: Find, sessions: Any, image: Path, tmp_path: Path
) -> None:
    (path, verified), told = PLATFORMS[platform], []

    async with opened(sessions(device(platform))) as session:
        put = await session.put_file(image, "new.bin", progress=lambda *news: told.append(news))
        listed = await session.list_files()
        got = await session.get_file("new.bin", tmp_path / "back.bin")
        await session.send_command("display version" if platform == "huawei_vrp" else "show version")

    assert device(platform).files == {path: IMAGE}
    assert (tmp_path / "back.bin").read_bytes() == IMAGE
    assert listed == [RemoteFile(name="new.bin", size=len(IMAGE))]
    assert put.transferred
    assert put.verified == got.verified == verified
    assert verified == "size" or put.digest == hashlib.new(verified, IMAGE).hexdigest()
    assert told[-1] == (len(IMAGE), len(IMAGE), "new.bin")


@every_pair
async def test_a_file_is_replaced_only_when_asked_and_removed(
    plugin: str, platform: str, device: Find, sessions: Any, image: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.bin"
    other.write_bytes(b"other")

    async with opened(sessions(device(platform))) as session:
        await session.put_file(other, "new.bin")
        with pytest.raises(TransferFailed, match=f"{platform}: .*new.bin exists and .*; overwrite=True replaces it"):
            await session.put_file(image, "new.bin")
        await session.put_file(image, "new.bin", overwrite=True)
        replaced = dict(device(platform).files)
        await session.remove_file("new.bin")
        with pytest.raises(TransferFailed, match=r"there is no file .*new\.bin"):
            await session.remove_file("new.bin")

    assert replaced == {PLATFORMS[platform][0]: IMAGE}
    assert not device(platform).files


@every_plugin
@every_protocol
async def test_the_same_content_is_not_sent_twice(
    plugin: str, platform: str, device: Find, sessions: Any, image: Path
) -> None:
    async with opened(sessions(device(platform))) as session:
        await session.put_file(image, "new.bin")
        device(platform).fault = Fault(kind=FaultKind.DROP, command="put")

        assert not (await session.put_file(image, "new.bin")).transferred


@every_pair
async def test_without_room_nothing_is_left_behind(
    plugin: str, platform: str, device: Find, sessions: Any, image: Path
) -> None:
    async with opened(sessions(device("small"))) as session:
        with pytest.raises(TransferFailed, match=r"small: .*(needs 300000 bytes, 299999 are free|[Ss]pace left|bytes)"):
            await session.put_file(image, "new.bin")

    assert not device("small").files


@every_pair
@pytest.mark.parametrize("kind", [FaultKind.GARBLE, FaultKind.TRUNCATE])
async def test_what_arrives_wrong_never_has_the_name(
    plugin: str, platform: str, kind: FaultKind, device: Find, sessions: Any, image: Path
) -> None:
    if platform == "huawei_vrp" and kind is FaultKind.GARBLE:
        pytest.skip("VRP computes no checksum: a file of the right size is taken")
    target = device(platform)
    async with opened(sessions(target)) as session:
        target.fault = Fault(kind=kind, command="put")

        with pytest.raises(TransferFailed, match=r"there and (another one|\d+) here"):
            await session.put_file(image, "new.bin")

    assert not target.files


@every_plugin
@every_protocol
async def test_a_spoiled_copy_does_not_replace_a_local_file(
    plugin: str, platform: str, device: Find, sessions: Any, image: Path, tmp_path: Path
) -> None:
    target, kept = device(platform), tmp_path / "kept.bin"
    kept.write_bytes(b"kept")
    async with opened(sessions(target)) as session:
        await session.put_file(image, "new.bin")
        target.fault = Fault(kind=FaultKind.GARBLE, command="get")

        with pytest.raises(TransferFailed, match="another one here"):
            await session.get_file("new.bin", kept)

    assert kept.read_bytes() == b"kept"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file() and "hosts" not in path.name) == [
        "kept.bin",
        "new.bin",
    ]


@every_pair
async def test_a_connection_that_breaks_in_mid_transfer_leaves_no_file_under_the_name(
    plugin: str, platform: str, device: Find, sessions: Any, image: Path
) -> None:
    target, path = device(platform), PLATFORMS[platform][0]
    async with opened(sessions(target)) as session:
        target.fault = Fault(kind=FaultKind.DROP, command="put", times=1)
        with pytest.raises(SessionLost, match=f"{platform}: put"):
            await session.put_file(image, "new.bin")
        broken = dict(target.files)
        again = await session.put_file(image, "new.bin")

    assert not broken
    assert again.transferred
    assert target.files == {path: IMAGE}


@every_plugin
@every_protocol
async def test_a_transfer_that_stops_moving_ends_at_the_command_deadline(
    plugin: str, platform: str, device: Find, sessions: Any, image: Path
) -> None:
    target = device(platform)
    async with opened(sessions(target, command_timeout_s=1.0)) as session:
        target.fault = Fault(kind=FaultKind.HANG_ON_COMMAND, command="put|get")

        with pytest.raises(OperationTimedOut, match=f"{platform}: (put|stat) .*: nothing moved for 1 s"):
            await asyncio.wait_for(session.put_file(image, "new.bin"), 10)

    assert PLATFORMS[platform][0] not in target.files


@every_plugin
@every_protocol
async def test_a_cancelled_transfer_ends_within_a_second_and_leaves_no_file_under_the_name(
    plugin: str, platform: str, device: Find, sessions: Any, image: Path
) -> None:
    target = device(platform)
    async with opened(sessions(target)) as session:
        target.fault = Fault(kind=FaultKind.HANG_ON_COMMAND, command="put")
        putting = asyncio.create_task(session.put_file(image, "new.bin"))
        await until(lambda: any(name.endswith("part") for name in target.files))
        putting.cancel()

        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(putting, 2)

    await until(lambda: target.sessions == 0)
    assert PLATFORMS[platform][0] not in target.files


@every_plugin
async def test_a_whole_transfer_has_a_deadline(plugin: str, device: Find, sessions: Any, image: Path) -> None:
    target = device("cisco_ios")
    async with opened(sessions(target)) as session:
        target.fault = Fault(kind=FaultKind.HANG_ON_COMMAND, command="put")

        with pytest.raises(OperationTimedOut, match=r"not transferred within 0\.5 s"):
            await asyncio.wait_for(session.put_file(image, "new.bin", within_s=0.5), 10)


@every_plugin
async def test_a_device_that_does_not_let_files_in_is_told_apart(
    plugin: str, device: Find, sessions: Any, image: Path
) -> None:
    async with opened(sessions(device("closed"))) as session:
        with pytest.raises(TransferFailed, match="may lack 'ip scp server enable'"):
            await session.put_file(image, "new.bin")


@every_plugin
@every_protocol
async def test_what_cannot_be_transferred_is_said_before_anything_is_sent(
    plugin: str, platform: str, device: Find, sessions: Any, tmp_path: Path, image: Path
) -> None:
    async with opened(sessions(device(platform))) as session:
        with pytest.raises(TransferFailed, match=r"cannot read .*nowhere\.bin: No such file"):
            await session.put_file(tmp_path / "nowhere.bin", "new.bin")
        with pytest.raises(TransferFailed, match="it is no file"):
            await session.put_file(tmp_path, "new.bin")
        with pytest.raises(UsageError, match="cannot be a file's name"):
            await session.put_file(image, "two words; reload")
        with pytest.raises(TransferFailed, match=r"there is no file .*nothing\.bin"):
            await session.get_file("nothing.bin", tmp_path / "back.bin")
        await session.put_file(image, "new.bin")
        with pytest.raises(TransferFailed, match=r"cannot write .*nowhere"):
            await session.get_file("new.bin", tmp_path / "nowhere" / "back.bin")
        os.mkfifo(tmp_path / "pipe")
        for target in (tmp_path, tmp_path / "pipe"):
            with pytest.raises(TransferFailed, match="it is there and is no file"):
                await session.get_file("new.bin", target)


@every_plugin
async def test_the_connection_for_files_looks_at_the_host_key_too(
    plugin: str, device: Find, sessions: Any, image: Path
) -> None:
    target = device("cisco_ios")
    other = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
    session = sessions(target, host_keys=HostKeys(known_hosts=sessions.known_hosts))
    async with opened(session):
        sessions.known_hosts.write_text(f"[127.0.0.1]:{target.port} ssh-ed25519 {other}\n")
        if plugin == "scrapli":
            with pytest.raises(HostKeyRejected):
                await session.put_file(image, "new.bin")
        else:  # pinned to the key of the connection that is open
            assert (await session.put_file(image, "new.bin")).transferred


@every_plugin
async def test_platforms_whose_files_nobody_has_described_transfer_none(
    plugin: str, device: Find, sessions: Any
) -> None:
    assert TransfersFiles not in sessions.plugin.capabilities("nokia_srl")
    assert issubclass(TransferFailed, DeviceError)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)
