"""Where platforms keep files, how they are reached, and what they compute of them. Data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from neops.devices.answers import Answer
from neops.devices.results import RemoteFile

Protocol = Literal["sftp", "scp"]
Algorithm = Literal["md5", "sha256", "sha512"]


@dataclass(frozen=True, kw_only=True)
class Digest:
    """A command that prints a file's checksum, in hexadecimal digits."""

    algorithm: Algorithm
    command: str

    def found_in(self, output: str) -> str | None:
        length = {"md5": 32, "sha256": 64, "sha512": 128}[self.algorithm]
        match = re.search(rf"(?<![0-9a-fA-F])[0-9a-fA-F]{{{length}}}(?![0-9a-fA-F])", output)
        return match[0].lower() if match else None


@dataclass(frozen=True, kw_only=True)
class FileCommands:
    """What the command line does with files, where the protocol only copies them.

    The groups `size` and `name` of `entry` are a file's; `free` finds the room left, in bytes, in the folder's listing.
    """

    listing: str
    entry: str
    missing: str
    remove: str
    rename: str
    asks: tuple[Answer, ...] = ()
    free: str = r"(?!)"

    def files(self, output: str) -> tuple[RemoteFile, ...]:
        found = re.finditer(self.entry, output, re.MULTILINE)
        return tuple(RemoteFile(name=match["name"].rpartition("/")[2], size=int(match["size"])) for match in found)

    def room(self, output: str) -> int | None:
        match = re.search(self.free, output)
        return int(match[1]) if match else None


@dataclass(frozen=True, kw_only=True)
class FileSystem:
    """How files get on one platform. `folder` is where names without one are; `enable` is what lets clients in."""

    protocol: Protocol
    folder: str
    digests: tuple[Digest, ...] = ()
    commands: FileCommands | None = None
    enable: str = ""

    def path(self, name: str) -> str:
        return name if re.search(r"[:/]", name) else f"{self.folder}{name}"


_IOS: Final = FileSystem(
    protocol="scp",
    folder="flash:/",
    # Cisco IOS Configuration Fundamentals Command Reference, "dir", "delete", "rename", "verify"
    digests=(Digest(algorithm="md5", command="verify /md5 {path}"),),
    commands=FileCommands(
        listing="dir {path}",
        entry=r"^\s*\d+\s+-[rwx-]+\s+(?P<size>\d+)\s+.*\s(?P<name>\S+)\s*$",
        missing=r"%Error opening|No such file",
        remove="delete /force {path}",
        rename="rename {path} {new}",
        asks=(Answer(r"filename.*\?", optional=True),),
        free=r"\((\d+) bytes free\)",
    ),
    enable="ip scp server enable",
)

_VRP: Final = FileSystem(protocol="sftp", folder="/", enable="sftp server enable")

FILE_SYSTEMS: Mapping[str, FileSystem] = MappingProxyType(
    {
        # SCP only: https://www.cisco.com/c/en/us/support/docs/troubleshooting/220371-scp-from-clients-on-openssh9-0-to-ios-xe.html
        "cisco_ios": _IOS,
        "cisco_xe": _IOS,
        # Cisco Nexus 9000 NX-OS Fundamentals Configuration Guide, "Working with Files"; `feature scp-server`
        "cisco_nxos": FileSystem(
            protocol="scp",
            folder="bootflash:",
            digests=(Digest(algorithm="md5", command="show file {path} md5sum"),),
            commands=FileCommands(
                listing="dir {path}",
                entry=r"^\s*(?P<size>\d+)\s+\w{3} +\d+ [\d:]+ \d{4}\s+(?P<name>\S+[^/\s])\s*$",
                missing=r"No such file",
                remove="delete {path} no-prompt",
                rename="move {path} {new}",
                free=r"(\d+) bytes free",
            ),
            enable="feature scp-server",
        ),
        # SFTP is a part of the SSH server: System Security Configuration Guide for NCS 5000, IOS XR 7.4;
        # `show md5 file` wants the slash in front (netmiko 4.8, cisco_xr.py)
        "cisco_xr": FileSystem(
            protocol="sftp",
            folder="/harddisk:/",
            digests=(Digest(algorithm="md5", command="show md5 file {path}"),),
            enable="ssh server v2",
        ),
        # Arista EOS User Manual 4.31, "File Management"; netmiko 4.8 copies with SCP to the same folder
        "arista_eos": FileSystem(
            protocol="scp",
            folder="/mnt/flash/",
            digests=(
                Digest(algorithm="sha512", command="verify /sha512 file:{path}"),
                Digest(algorithm="md5", command="verify /md5 file:{path}"),
            ),
            commands=FileCommands(
                listing="dir file:{path}",
                entry=r"^\s*-[rwx-]+\s+(?P<size>\d+)\s+.*\s(?P<name>\S+)\s*$",
                missing=r"No such file",
                remove="delete file:{path}",
                rename="rename file:{path} file:{new}",
                free=r"\((\d+) bytes free\)",
            ),
        ),
        # Junos OS CLI Reference, "file list", "file checksum sha-256"; SFTP has to be allowed apart, SCP comes with SSH
        "juniper_junos": FileSystem(
            protocol="scp",
            folder="/var/tmp/",  # noqa: S108  # a device's, where its vendor wants packages
            digests=(
                Digest(algorithm="sha256", command="file checksum sha-256 {path}"),
                Digest(algorithm="md5", command="file checksum md5 {path}"),
            ),
            commands=FileCommands(
                listing="file list detail {path}",
                entry=r"^-[rwxsSt-]+\s+\d+\s+\S+\s+\S+\s+(?P<size>\d+)\s+.*\s(?P<name>\S+)\s*$",
                missing=r"No such file",
                remove="file delete {path}",
                rename="file rename {path} {new}",
            ),
        ),
        # Huawei S5700 V200R019 Configuration Guide, "Managing files using SFTP": `flash:` is the root
        "huawei_vrp": _VRP,
        "huawei_vrpv8": _VRP,
        "huawei": _VRP,
        "linux": FileSystem(
            protocol="sftp",
            folder="",
            digests=(
                Digest(algorithm="sha512", command="sha512sum {path}"),
                Digest(algorithm="md5", command="md5sum {path}"),
            ),
        ),
    }
)


def files_of(platform: str) -> FileSystem | None:
    """How files get on this platform; None where nobody has described it."""
    return FILE_SYSTEMS.get(platform)
