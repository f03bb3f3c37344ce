"""A real NETCONF server, netconfd of yuma123, behind OpenSSH on loopback, in the name spaces of the lab."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from neops.entities import Device, Platform
from tests.lab.network import SSHD, end, run, wait_until

NETCONFD: Final = Path("/usr/sbin/netconfd")
SUBSYSTEM: Final = "/usr/sbin/netconf-subsystem"
PACKAGE: Final = "netconfd"

HOLD: Final = (
    "mount -t tmpfs -o mode=755 tmpfs /run && install -d -m 755 /run/sshd && echo ready && exec sleep infinity"
)
"""sshd wants its own folder in /run; the machine's stays as it is."""


@dataclass(frozen=True, kw_only=True)
class NetconfServer:
    """One running server. Its users log in as root with `private_key`, which is a key of the lab alone."""

    port: int
    pid: int
    private_key: Path
    log: Path

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """The server accepts sessions and says nothing."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)


def device_at(port: int, private_key: Path) -> Device:
    """The server as an inventory has it."""
    extras = {"private_key": str(private_key)}
    return Device(
        id=port,
        hostname="yuma",
        ip="127.0.0.1",
        port=port,
        username="root",
        platform=Platform(short_name="netconf"),
        connection_options=json.dumps({"neops": {"extras": extras}}),
    )


def hostname(name: str) -> str:
    """A configuration of ietf-system (RFC 7317)."""
    return f'<system xmlns="urn:ietf:params:xml:ns:yang:ietf-system"><hostname>{name}</hostname></system>'


@contextmanager
def running_netconf(folder: Path, port: int, target: Literal["candidate", "running"]) -> Iterator[NetconfServer]:
    """A server whose configurations are edited in the candidate, or directly; ended with all that belongs to it."""
    with ExitStack() as cleanup:

        def start(*command: str) -> subprocess.Popen[str]:
            log = cleanup.enter_context((folder / f"{Path(command[0]).name}.log").open("w"))
            environment = {**os.environ, "HOME": str(folder)}
            process = subprocess.Popen(
                [*entering, *command], stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment, text=True
            )
            cleanup.callback(end, process)
            return process

        run("ip", "link", "set", "lo", "up")
        for key in ("host_key", "user_key"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key))
        (folder / "sshd_config").write_text(_sshd_config(folder, port))
        holder = subprocess.Popen(["unshare", "--mount", "sh", "-c", HOLD], stdout=subprocess.PIPE, text=True)
        cleanup.callback(end, holder)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        entering = ["nsenter", "--target", str(holder.pid), "--mount", "--"]
        netconfd = start(
            str(NETCONFD),
            *(f"--module={name}" for name in ("ietf-interfaces", "iana-if-type", "ietf-system")),
            *("--superuser=root", "--no-startup", f"--target={target}", f"--port={port}", "--log-level=info"),
            f"--ncxserver-sockname={folder}/ncx.sock",
        )
        start(SSHD, "-D", "-e", "-f", str(folder / "sshd_config"))
        wait_until(lambda: (folder / "ncx.sock").is_socket() and _answers(port), f"netconfd on port {port}")
        yield NetconfServer(
            port=port, pid=netconfd.pid, private_key=folder / "user_key", log=folder / f"{NETCONFD.name}.log"
        )


def _sshd_config(folder: Path, port: int) -> str:
    return f"""\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
PidFile none
UsePAM no
UseDNS no
MaxStartups 100
Subsystem netconf "{SUBSYSTEM} --ncxserver-sockname={port}@{folder}/ncx.sock"
"""


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
