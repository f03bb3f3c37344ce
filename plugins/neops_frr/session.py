"""A login on a host that runs FRRouting. Importing this module imports asyncssh."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Literal, TypeVar

import asyncssh

from neops.devices import (
    ArpEntry,
    BgpInstance,
    Configs,
    ConnectionOptions,
    Facts,
    InterfaceAddresses,
    InterfaceDetails,
    LldpNeighbor,
    MacEntry,
    ReadsAddresses,
    ReadsArp,
    ReadsBgp,
    ReadsFacts,
    ReadsInterfaces,
    ReadsMacTable,
    ReadsNeighbors,
    ReadsRoutes,
    Route,
)
from neops.devices.acting import FileWire, TransfersOverSsh
from neops.devices.acting.file_systems import FILE_SYSTEMS, FileSystem
from neops.devices.acting.ssh_wires import ssh_wire
from neops.devices.parsing import Answers, ParsedConfig, Read
from neops.devices.parsing.platforms import linux
from neops.devices.ssh_login import SshLogin
from neops.entities import Device
from neops.errors import CapabilityMissing, CommandRejected, ConfigLocked, ConfigRejected, Considered
from neops_frr import reads
from neops_frr.changes import FrrChanges, locked, refused
from neops_frr.login import PROBE, Answer, LoginKind, extras_of, kind_of, read, request

R = TypeVar("R")

ANSWER = "end of the answer"
"""What is waited for."""

_PROMPT = re.compile(r"(?:^|\n)[\w.()-]+# ")
"""`r1# ` and `r1(config-router)# `; the echo of a line ends with a line break before the next one."""


class FrrSession(
    ParsedConfig,
    FrrChanges,
    TransfersOverSsh,
    ReadsFacts,
    ReadsInterfaces,
    ReadsAddresses,
    ReadsNeighbors,
    ReadsArp,
    ReadsMacTable,
    ReadsBgp,
    ReadsRoutes,
):
    """One SSH connection; each command has a vtysh of its own, so no command can leave a mode behind."""

    asks_before_login = True
    knows_jump_hosts = True

    def __init__(self, *, device: Device, options: ConnectionOptions) -> None:
        super().__init__(device=device, platform="frr")
        self._options, self._extras = options, extras_of(device.name, options)
        self._login = SshLogin(device.name, options, plugin="frr", arguments=self._extras.ssh)
        self._kind: LoginKind = "shell"

    async def open(self) -> None:
        await self._login.open(self._look_around)

    async def close(self) -> None:
        await self._login.close()

    def abort(self) -> None:
        self._login.abort()

    async def alive(self) -> bool:
        return self._login.alive

    async def exchange(self, command: str) -> str:
        start, text = request(self._kind, self._extras.vtysh, command)
        return read(self._kind, await self._run(start, text, command))

    async def get_facts(self) -> Facts:
        facts = await self.read(reads.FACTS)
        return facts.model_copy(update={"uptime": await self._uptime()})

    async def get_interfaces(self) -> Mapping[str, InterfaceDetails]:
        return await self.read(reads.INTERFACES)

    async def get_interfaces_ip(self) -> Mapping[str, InterfaceAddresses]:
        return await self.read(reads.ADDRESSES)

    async def get_arp_table(self, vrf: str = "") -> Sequence[ArpEntry]:
        """What the kernel knows.

        Raises:
            CapabilityMissing: the login has no shell.
        """
        return await self._of_kernel("ReadsArp", linux.arp(vrf))

    async def get_mac_address_table(self) -> Sequence[MacEntry]:
        """Of the kernel's bridges.

        Raises:
            CapabilityMissing: the login has no shell.
        """
        return await self._of_kernel("ReadsMacTable", linux.MAC_TABLE)

    async def get_bgp_neighbors(self) -> Mapping[str, BgpInstance]:
        return await self.read(reads.BGP_NEIGHBORS)

    async def get_route_to(
        self, destination: str = "", protocol: str = "", longer: bool = False
    ) -> Mapping[str, Sequence[Route]]:
        protocol = protocol.lower()
        commands = reads.route_commands(destination, protocol, longer)
        return await self.read(Read(commands=commands, parse=partial(reads.routes, protocol=protocol)))

    async def get_lldp_neighbors(self) -> Mapping[str, Sequence[LldpNeighbor]]:
        """What lldpd has heard; FRR has no LLDP of its own.

        Raises:
            CapabilityMissing: there is no lldpd, this user may not ask it, or the login has no shell.
        """
        if self._kind != "shell":
            raise self._no_neighbors("the login is forced into vtysh")
        answer = await self._run(f"PATH=$PATH:/usr/sbin {self._extras.lldpctl} -f keyvalue", "", linux.LLDP)
        if answer.status != 0:
            raise self._no_neighbors(answer.complaint or answer.stdout.strip() or f"exit status {answer.status}")
        outputs = {linux.LLDP: answer.stdout}
        return linux.neighbors(Answers(device=self.device.name, platform="linux", outputs=outputs))

    async def get_config(self, retrieve: Literal["running", "startup", "candidate", "all"] = "running") -> Configs:
        """As vtysh shows them; in a shell the startup configuration is the file that FRR starts from.

        vtysh knows nothing of that file when it is an integrated one, which is the default: then `startup` is empty.
        """
        configs = await super().get_config(retrieve)
        if self._kind == "vtysh" or retrieve not in ("startup", "all"):
            return configs
        file = self._extras.configuration
        answer = await self._run(f"cat {shlex.quote(file)}", "", f"cat {file}")
        if answer.status != 0:
            raise CommandRejected(self.device.name, f"cat {file}", answer.complaint)
        return configs.model_copy(update={"startup": answer.stdout})

    async def _of_kernel(self, capability: str, read: Read[R]) -> R:
        if self._kind != "shell":
            reason = "it asks the kernel in a shell: the login is forced into vtysh"
            told = [Considered(plugin="frr", reason=reason)]
            raise CapabilityMissing(self.device.name, self.platform, [capability], told)
        outputs = {}
        for command in read.commands:
            answer = await self._run(f"PATH=$PATH:/usr/sbin {command}", "", command)
            if answer.status != 0:
                raise CommandRejected(self.device.name, command, answer.complaint or f"exit status {answer.status}")
            outputs[command] = answer.stdout
        return read.of(Answers(device=self.device.name, platform="linux", outputs=outputs))

    @property
    def file_system(self) -> FileSystem:
        return FILE_SYSTEMS["linux"]

    def file_wire(self, protocol: str) -> AbstractAsyncContextManager[FileWire]:
        """SFTP, beside vtysh.

        Raises:
            CapabilityMissing: the login has no shell: sshd forces what would serve files into vtysh too.
        """
        if self._kind != "shell":
            told = Considered(plugin="frr", reason="the login is forced into vtysh, which has no files")
            raise CapabilityMissing(self.device.name, self.platform, ["TransfersFiles"], [told])
        return ssh_wire(self.device.name, self._options, protocol, **self._extras.ssh)

    async def compute(self, command: str, within_s: float) -> str:
        del within_s  # a host reads its disk faster than a switch its flash
        return (await self._run(command, "", command)).stdout

    async def _uptime(self) -> float:
        """Of the host, as other platforms' uptime is; vtysh does not know it."""
        answer = await self._run("cat /proc/uptime", "", "cat /proc/uptime") if self._kind == "shell" else None
        return float(answer.stdout.split()[0]) if answer and answer.status == 0 else -1.0

    async def _look_around(self, _connection: asyncssh.SSHClientConnection) -> None:
        probe = await self._run(*request("shell", self._extras.vtysh, PROBE), PROBE)
        self._kind = kind_of(self.device.name, self._login.where, probe)

    async def configure(self, lines: Sequence[str]) -> None:
        start = self._extras.vtysh if self._kind == "shell" else ""
        async with self._login.bounded("vtysh", ANSWER) as connection:
            vtysh = await connection.create_process(start, errors="replace")
            await vtysh.stdout.readuntil(_PROMPT)
        try:
            if locked(answer := await self._type(vtysh, "configure terminal")):
                raise ConfigLocked(self.device.name, answer)
            for line in lines:
                if refused(answer := await self._type(vtysh, line)):
                    raise ConfigRejected(self.device.name, line, answer)
            await self._type(vtysh, "end")
        finally:
            vtysh.close()

    async def _type(self, vtysh: asyncssh.SSHClientProcess[str], line: str) -> str:
        """Type a line into a vtysh that waits for one; its answer without echo and prompt."""
        async with self._login.bounded(line.strip(), ANSWER):
            vtysh.stdin.write(f"{line}\n")
            said = await vtysh.stdout.readuntil(_PROMPT)
        return said.partition("\n")[2].rpartition("\n")[0]

    async def _run(self, start: str, text: str, what: str) -> Answer:
        """Start something on a channel of its own, give it its input, and wait for its end."""
        source = asyncssh.PIPE if text else asyncssh.DEVNULL  # asyncssh 2.24 ends no empty input
        async with self._login.bounded(what, ANSWER) as connection:
            done = await connection.run(start, stdin=source, input=text or None, errors="replace")
        if done.exit_status is None:
            self._login.drop()
            raise self._login.lost(repr(what), "the channel closed without an exit status")
        return Answer(stdout=str(done.stdout or ""), stderr=str(done.stderr or ""), status=done.exit_status)

    def _no_neighbors(self, reason: str) -> CapabilityMissing:
        told = Considered(plugin="frr", reason=f"it asks lldpd in a shell: {reason}")
        return CapabilityMissing(self.device.name, self.platform, ["ReadsNeighbors"], [told])
