"""Three FRR routers in a row, r1 - r2 - r3, each in network, mount and host name spaces of its own.

Meant for a process that has a network, mount and PID name space to itself, which `python -m tests.lab` makes: no packet
leaves it, nothing on the machine changes, and when it ends the kernel ends every process of the lab.
"""

from __future__ import annotations

import grp
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

HERE = Path(__file__).parent
ISOLATED: Final = "NEOPS_LAB"
"""Set by `python -m tests.lab` in the name spaces that it made."""

PASSWORD: Final = "lab-only"
PASSWORD_HASH: Final = (
    "$6$neopslab$oP9qDr58haLEksJTy3zSQXqaF/vypCsZf2HI7SP0.d6Y.IFl3aN//rn0RUUtpfUP8iDoEvOvVxNCLouso55wW1"
)
"""`openssl passwd -6 -salt neopslab lab-only`"""

SHELL_USER, VTYSH_USER, PLAIN_USER = "ops", "vty", "guest"
"""Logs in to bash; is forced into vtysh; logs in to bash and may not use vtysh."""

MEMBERS = {"frrvty": (SHELL_USER, VTYSH_USER), "frr": (SHELL_USER, VTYSH_USER), "adm": (SHELL_USER,)}
"""Debian's groups: may use vtysh; may read its files; may ask lldpd."""

FRR = Path("/usr/lib/frr")
DAEMONS = ("zebra", "mgmtd", "staticd", "ospfd", "bgpd")
"""mgmtd since FRR 9."""

SSHD = "/usr/sbin/sshd"
LLDPD = "/usr/sbin/lldpd"
PACKAGES: Final = {
    FRR / "zebra": "frr",
    Path("/usr/bin/vtysh"): "frr",
    Path(SSHD): "openssh-server",
    Path("/usr/bin/ssh-keygen"): "openssh-client",
    Path("/usr/sbin/ip"): "iproute2",
}
READY_S = 40.0


def missing() -> list[str]:
    """What this machine lacks for the lab, as words for people."""
    packages = dict.fromkeys(package for path, package in PACKAGES.items() if not path.exists())
    lacks = [f"the package {package}" for package in packages]
    if os.geteuid() != 0:
        lacks.append("root")
    elif not _may_unshare():
        lacks.append("the right to make name spaces (CAP_SYS_ADMIN)")
    return lacks


def _may_unshare() -> bool:
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "true"]
    return shutil.which("unshare") is not None and subprocess.run(command, capture_output=True).returncode == 0


@dataclass(frozen=True, kw_only=True)
class Router:
    """One running router; `pid` is the process that holds its name spaces."""

    name: str
    number: int
    pid: int
    folder: Path
    daemons: dict[str, int] = field(default_factory=dict)
    """Process ids by name."""

    @property
    def address(self) -> str:
        return f"198.18.{self.number}.2"

    def run(self, *command: str) -> str:
        """Run a command on the router, past SSH; what it printed."""
        done = subprocess.run([*self.entering, *command], capture_output=True, text=True, timeout=READY_S, check=False)
        assert done.returncode == 0, f"{self.name}: {command}: {done.stdout}{done.stderr}"
        return done.stdout

    def vtysh(self, *commands: str) -> str:
        return self.run("vtysh", *(part for command in commands for part in ("-c", command)))

    @contextmanager
    def hanging(self, daemon: str) -> Iterator[None]:
        """The daemon accepts connections and says nothing."""
        os.kill(self.daemons[daemon], signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.daemons[daemon], signal.SIGCONT)

    @property
    def entering(self) -> list[str]:
        return ["nsenter", "--target", str(self.pid), "--mount", "--net", "--uts", "--"]


@dataclass(frozen=True, kw_only=True)
class Lab:
    routers: tuple[Router, ...]
    private_key: Path
    """Lets SHELL_USER and VTYSH_USER in without a password."""

    @property
    def has_lldp(self) -> bool:
        return Path(LLDPD).exists()

    def __getitem__(self, name: str) -> Router:
        return next(router for router in self.routers if router.name == name)


@contextmanager
def running_lab(folder: Path, count: int = 3) -> Iterator[Lab]:
    """The lab, up with BGP converged; everything that was started is ended, after a failure too."""
    with ExitStack() as cleanup:
        run("ip", "link", "set", "lo", "up")
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "host_key"))
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "user_key"))
        routers = [_router(number, count, folder, cleanup) for number in range(1, count + 1)]
        for router in routers:
            _connect(router)
        for left, right in pairwise(routers):
            _link(left, right)
        for router in routers:
            _start(router, cleanup)
        lab = Lab(routers=tuple(routers), private_key=folder / "user_key")
        wait_until(lambda: all(_converged(router, count) for router in routers), "BGP to come up")
        for router in routers if lab.has_lldp else ():
            router.run("lldpcli", "update")  # announce now: who was first announced itself to nobody
        yield lab


def _router(number: int, count: int, parent: Path, cleanup: ExitStack) -> Router:
    name = f"r{number}"
    folder = parent / name
    etc = folder / "etc"
    (etc / "frr").mkdir(parents=True)
    _write_accounts(etc, name)
    _write_sshd_config(folder, parent)
    files = {"frr.conf": _configuration(number, count), "vtysh.conf": "service integrated-vtysh-config\n"}
    for file, text in files.items():
        (etc / "frr" / file).write_text(text)
        (etc / "frr" / file).chmod(0o660)
    (etc / "frr").chmod(0o770)
    run("chown", "-R", "frr:frr", str(etc / "frr"))
    holder = subprocess.Popen(
        ["unshare", "--mount", "--net", "--uts", "sh", str(HERE / "router.sh"), name, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    cleanup.callback(end, holder)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "ready\n", f"{name} did not come up"
    return Router(name=name, number=number, pid=holder.pid, folder=folder)


def _write_accounts(etc: Path, name: str) -> None:
    """The machine's accounts and three more: the files are the router's own, the machine's stay as they are."""
    users = {SHELL_USER: 4001, VTYSH_USER: 4002, PLAIN_USER: 4003}
    shutil.copy("/etc/passwd", etc)
    shutil.copy("/etc/group", etc)
    (etc / "shadow").touch(mode=0o600)
    (etc / "shadow").write_text(Path("/etc/shadow").read_text())
    groups = [_with_members(line) for line in (etc / "group").read_text().splitlines()]
    (etc / "group").write_text("\n".join(groups) + "\n")
    with (etc / "passwd").open("a") as passwd, (etc / "shadow").open("a") as shadow:
        for user, number in users.items():
            passwd.write(f"{user}:x:{number}:{grp.getgrnam('nogroup').gr_gid}::/:/bin/bash\n")
            shadow.write(f"{user}:{PASSWORD_HASH}:19000:0:99999:7:::\n")
    (etc / "hosts").write_text(f"127.0.0.1 {name} localhost\n")


def _with_members(line: str) -> str:
    """A line of group(5), our users added."""
    members = ",".join(MEMBERS.get(line.partition(":")[0], ()))
    return f"{line}{'' if line.endswith(':') else ','}{members}" if members else line


def _write_sshd_config(folder: Path, parent: Path) -> None:
    (folder / "sshd_config").write_text(f"""\
Port 22
HostKey {parent}/host_key
AuthorizedKeysFile {parent}/user_key.pub
StrictModes no
PidFile none
PasswordAuthentication yes
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
MaxStartups 500
Match User {VTYSH_USER}
  ForceCommand /usr/bin/vtysh
""")


def _configuration(number: int, count: int) -> str:
    """eBGP with both neighbours, OSPF over the same links, timers that converge in seconds."""
    neighbors = [other for other in (number - 1, number + 1) if 1 <= other <= count]
    lines = [
        "frr defaults traditional",
        f"hostname r{number}",
        "service integrated-vtysh-config",
        "interface lo",
        f" ip address 10.255.0.{number}/32",
        " ip ospf area 0",
    ]
    for other in neighbors:
        lines += [
            f"interface to-r{other}",
            f" description to r{other}",
            f" ip address {_link_address(number, other)}/24",
            " ip ospf area 0",
            " ip ospf hello-interval 1",
            " ip ospf dead-interval 4",
            " ip ospf network point-to-point",
            " ip ospf retransmit-interval 2",
        ]
    lines += [
        "router ospf",
        f" ospf router-id 10.255.0.{number}",
        " timers throttle spf 0 50 200",
        f"router bgp {65000 + number}",
        f" bgp router-id 10.255.0.{number}",
        " no bgp ebgp-requires-policy",
    ]
    for other in neighbors:
        peer = _link_address(other, number)
        lines += [
            f" neighbor {peer} remote-as {65000 + other}",
            f" neighbor {peer} description r{other}",
            f" neighbor {peer} timers connect 1",
        ]
    lines += [
        " neighbor 203.0.113.1 remote-as 65099",
        " neighbor 203.0.113.1 description nobody",
        " neighbor 203.0.113.1 shutdown",
        " address-family ipv4 unicast",
        f"  network 10.255.0.{number}/32",
    ]
    return "\n".join(lines) + "\n"


def _link_address(number: int, other: int) -> str:
    """The address of a router on its link to another: 10.0.12.1 and 10.0.12.2 between r1 and r2."""
    low, high = sorted((number, other))
    return f"10.0.{low}{high}.{1 if number == low else 2}"


def _connect(router: Router) -> None:
    """The management link: 198.18.N.1 here, 198.18.N.2 on the router (RFC 2544's range)."""
    number, pid = router.number, str(router.pid)
    run("ip", "link", "add", f"mgmt{number}", "type", "veth", "peer", "name", "mgmt", "netns", pid)
    run("ip", "address", "add", f"198.18.{number}.1/30", "dev", f"mgmt{number}")
    run("ip", "link", "set", f"mgmt{number}", "up")
    router.run("ip", "address", "add", f"{router.address}/30", "dev", "mgmt")
    router.run("ip", "link", "set", "mgmt", "up")


def _link(left: Router, right: Router) -> None:
    ends = (f"to-{right.name}", f"to-{left.name}")
    run(
        *("ip", "link", "add", ends[0], "netns", str(left.pid), "type", "veth"),
        *("peer", "name", ends[1], "netns", str(right.pid)),
    )
    for router, end in zip((left, right), ends, strict=True):
        router.run("ip", "link", "set", end, "up")


def _start(router: Router, cleanup: ExitStack) -> None:
    def start(*command: str) -> None:
        log = (router.folder / f"{Path(command[0]).name}.log").open("w")
        cleanup.callback(log.close)
        process = subprocess.Popen([*router.entering, *command], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        cleanup.callback(end, process)
        router.daemons[Path(command[0]).name] = process.pid

    daemons = [daemon for daemon in DAEMONS if (FRR / daemon).exists()]
    for daemon in daemons:
        start(str(FRR / daemon), "-A", "127.0.0.1", "--log", "stdout")
    start(SSHD, "-D", "-e", "-f", str(router.folder / "sshd_config"))
    if Path(LLDPD).exists():
        router.run("install", "-d", "/run/lldpd")
        start(LLDPD, "-d", "-I", "to-*")
        wait_until(lambda: _exists(router, "/run/lldpd.socket"), f"lldpd of {router.name}")
    sockets = [f"/run/frr/{daemon}.vty" for daemon in daemons]
    wait_until(lambda: all(_exists(router, path) for path in sockets), f"the daemons of {router.name}")
    router.run("vtysh", "-b")


def _exists(router: Router, path: str) -> bool:
    return Path(f"/proc/{router.pid}/root{path}").exists()


def _converged(router: Router, count: int) -> bool:
    """Whether BGP brought the loopback of every other router."""
    routes = json.loads(router.vtysh("show ip route bgp json"))
    others = {f"10.255.0.{number}/32" for number in range(1, count + 1)} - {f"10.255.0.{router.number}/32"}
    return others == {prefix for prefix, ways in routes.items() if any(way.get("installed") for way in ways)}


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + READY_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {READY_S:g} s for {what}"
        time.sleep(0.05)


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=READY_S)


def end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
