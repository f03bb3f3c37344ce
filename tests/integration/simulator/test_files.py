"""Files on simulated devices, over SCP and SFTP, and what commands say about them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncssh
import pytest

from neops.testing.simulator import Fault, FaultKind, SimulatedDevice, SimulatedNetwork

Login = Callable[..., Awaitable[asyncssh.SSHClientConnection]]
PLATFORMS = ("cisco_ios", "cisco_nxos", "cisco_xr", "arista_eos", "juniper_junos", "huawei_vrp", "linux")
FOLDERS = {"cisco_ios": "flash:/", "cisco_nxos": "bootflash:", "cisco_xr": "harddisk:/", "huawei_vrp": "flash:/"}
IMAGE = bytes(range(256)) * 400


@pytest.fixture
async def network() -> AsyncIterator[SimulatedNetwork]:
    devices = [SimulatedDevice(name=name, platform=name) for name in PLATFORMS]
    small = SimulatedDevice(name="small", platform="cisco_ios", storage_bytes=1_000, files={"flash:/old.bin": b"old"})
    closed = SimulatedDevice(name="closed", platform="cisco_ios", running_config="hostname closed")
    async with SimulatedNetwork([*devices, small, closed]) as running:
        yield running


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "new.bin"
    path.write_bytes(IMAGE)
    return path


def folder(platform: str) -> str:
    return FOLDERS.get(platform, "/mnt/flash/" if platform == "arista_eos" else "/var/tmp/")


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_file_goes_there_and_back_over_scp(
    platform: str, network: SimulatedNetwork, login: Login, image: Path, tmp_path: Path
) -> None:
    async with await login(network[platform]) as connection:
        await asyncssh.scp(str(image), (connection, f"{folder(platform)}new.bin"))
        await asyncssh.scp((connection, f"{folder(platform)}new.bin"), str(tmp_path / "back.bin"))

    assert (tmp_path / "back.bin").read_bytes() == IMAGE
    assert list(network[platform].files.values()) == [IMAGE]


@pytest.mark.parametrize("platform", [name for name in PLATFORMS if name not in ("cisco_ios", "juniper_junos")])
async def test_sftp_puts_lists_renames_and_removes(
    platform: str, network: SimulatedNetwork, login: Login, image: Path
) -> None:
    async with await login(network[platform]) as connection, connection.start_sftp_client() as sftp:
        await sftp.put(str(image), f"{folder(platform)}new.bin.part")
        await sftp.posix_rename(f"{folder(platform)}new.bin.part", f"{folder(platform)}new.bin")
        listed = await sftp.listdir(folder(platform))
        size = (await sftp.stat(f"{folder(platform)}new.bin")).size
        room = await sftp.statvfs(folder(platform))
        await sftp.remove(f"{folder(platform)}new.bin")

    assert (listed, size) == (["new.bin"], len(IMAGE))
    assert room.blocks - room.bavail == len(IMAGE)
    assert not network[platform].files


@pytest.mark.parametrize(
    ("platform", "command", "algorithm"),
    [
        ("cisco_ios", "verify /md5 flash:/new.bin", "md5"),
        ("cisco_nxos", "show file bootflash:new.bin md5sum", "md5"),
        ("arista_eos", "verify /sha512 flash:/new.bin", "sha512"),
        ("juniper_junos", "file checksum sha-256 /var/home/neops/new.bin", "sha256"),
        ("linux", "sha512sum -- new.bin", "sha512"),
    ],
)
async def test_a_device_computes_checksums(
    platform: str, command: str, algorithm: str, network: SimulatedNetwork, login: Login, image: Path
) -> None:
    async with await login(network[platform]) as connection:
        await asyncssh.scp(str(image), (connection, "new.bin"))
        answer = await connection.run(command)

    assert hashlib.new(algorithm, IMAGE).hexdigest() in str(answer.stdout)


async def test_commands_see_change_and_miss_files(network: SimulatedNetwork, login: Login) -> None:
    async def ask(command: str) -> str:
        return str((await connection.run(command)).stdout)

    async with await login(network["small"]) as connection:
        listed = await ask("dir flash:/old.bin")
        await ask("delete /force flash:old.bin")
        missing = await ask("dir flash:/old.bin")

    assert listed.startswith("Directory of flash:/old.bin\n")
    assert "1000 bytes total (997 bytes free)" in listed
    assert missing == "%Error opening flash:/old.bin (No such file or directory)\n"
    assert not network["small"].files


async def test_a_full_disk_refuses_the_rest(network: SimulatedNetwork, login: Login, image: Path) -> None:
    async with await login(network["small"]) as connection:
        with pytest.raises(asyncssh.SFTPError, match="No space left"):
            await asyncssh.scp(str(image), (connection, "flash:/new.bin"))


async def test_scp_has_to_be_enabled_where_the_platform_wants_it(
    network: SimulatedNetwork, login: Login, image: Path
) -> None:
    async with await login(network["closed"]) as connection:
        with pytest.raises(asyncssh.SFTPError, match="Administratively disabled"):
            await asyncssh.scp(str(image), (connection, "flash:/new.bin"))


async def test_a_client_that_asks_ios_for_sftp_is_refused(network: SimulatedNetwork, login: Login) -> None:
    async with await login(network["cisco_ios"]) as connection:
        with pytest.raises(asyncssh.Error):
            await connection.start_sftp_client()


@pytest.mark.parametrize("kind", [FaultKind.GARBLE, FaultKind.TRUNCATE])
async def test_a_fault_spoils_what_is_stored(
    kind: FaultKind, network: SimulatedNetwork, login: Login, image: Path
) -> None:
    network["cisco_ios"].fault = Fault(kind=kind, command=r"put /flash/new\.bin")

    async with await login(network["cisco_ios"]) as connection:
        await asyncssh.scp(str(image), (connection, "flash:/new.bin"))

    assert network["cisco_ios"].files["/flash/new.bin"] != IMAGE


async def test_a_connection_is_cut_in_mid_transfer(network: SimulatedNetwork, login: Login, image: Path) -> None:
    network["linux"].fault = Fault(kind=FaultKind.DROP, command="put")

    async with await login(network["linux"]) as connection, connection.start_sftp_client() as sftp:
        with pytest.raises((asyncssh.Error, OSError)):
            await sftp.put(str(image), "new.bin")

    assert 0 < len(network["linux"].files["/home/neops/new.bin"]) < len(IMAGE)


async def test_a_transfer_hangs(network: SimulatedNetwork, login: Login, image: Path) -> None:
    network["linux"].fault = Fault(kind=FaultKind.HANG_ON_COMMAND, command="get|put")

    async with await login(network["linux"]) as connection, connection.start_sftp_client() as sftp:
        putting = asyncio.create_task(sftp.put(str(image), "new.bin"))
        done, _ = await asyncio.wait((putting,), timeout=0.2)
        connection.abort()
        with pytest.raises((asyncssh.Error, OSError)):
            await putting

    assert not done
