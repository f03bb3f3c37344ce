"""A login on a host that runs FRRouting. Importing this module imports asyncssh."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
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
from neops.devices.keys import ready
from neops.devices.parsing import Answers, ParsedConfig, Read
from neops.devices.parsing.platforms import linux
from neops.devices.plugin import SSH_PORT
from neops.devices.ssh import HostKeyClient, connect_failure, ssh_options
from neops.entities import Device
from neops.errors import (
    CapabilityMissing,
    CommandRejected,
    ConfigLocked,
    ConfigRejected,
    ConnectFailed,
    Considered,
    DeviceError,
    OperationTimedOut,
    SessionLost,
    Unreachable,
)
from neops_frr import reads
from neops_frr.changes import FrrChanges, locked, refused
from neops_frr.login import PROBE, Answer, LoginKind, extras_of, kind_of, read, request

R = TypeVar("R")

GOODBYE_S = 1.0
"""How long a device may take to hear that we leave."""


_PROMPT = re.compile(r"(?:^|\n)[\w.()-]+# ")
"""`r1# ` and `r1(config-router)# `; the echo of a line ends with a line break before the next one."""


class FrrSession(
    ParsedConfig,
    FrrChanges,
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
        self._where = f"{options.place} with frr"
        self._client = HostKeyClient(device.name, options)
        self._connection: asyncssh.SSHClientConnection | None = None
        self._kind: LoginKind = "shell"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening: asyncio.Task[None] | None = None
        self._aborted = False

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._opening = asyncio.create_task(self._log_in())
        try:
            async with asyncio.timeout(self._options.connect_timeout_s):
                await self._opening
        except asyncio.CancelledError:
            self._drop()
            if not self._aborted:
                raise
            raise self._lost("the login") from None
        except Exception as error:
            self._drop()
            if self._aborted:
                raise self._lost("the login") from error
            if isinstance(error, ConnectFailed):
                raise
            if isinstance(error, DeviceError):
                raise Unreachable(self.device.name, error.message) from error
            raise connect_failure(self.device.name, self._where, self._options, self._client, error) from error

    async def close(self) -> None:
        connection, self._connection = self._client.connection, None
        if connection is not None:
            with suppress(Exception):  # nobody can do anything about a connection that does not close
                connection.close()
                async with asyncio.timeout(GOODBYE_S):
                    await connection.wait_closed()
            connection.abort()

    def abort(self) -> None:
        self._aborted = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed, and with it the socket
                self._loop.call_soon_threadsafe(self._drop)

    async def alive(self) -> bool:
        return self._connection is not None and not self._connection.is_closed()

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

    async def _uptime(self) -> float:
        """Of the host, as other platforms' uptime is; vtysh does not know it."""
        answer = await self._run("cat /proc/uptime", "", "cat /proc/uptime") if self._kind == "shell" else None
        return float(answer.stdout.split()[0]) if answer and answer.status == 0 else -1.0

    async def _log_in(self) -> None:
        credentials = self._options.credentials
        await ready(self.device.name, credentials)
        arguments = ssh_options(self._options, self._client)
        self._connection = await asyncssh.connect(
            self._options.host,
            self._options.port or SSH_PORT,
            username=credentials.username or "",
            **arguments | self._extras.ssh,
        )
        probe = await self._run(*request("shell", self._extras.vtysh, PROBE), PROBE)
        self._kind = kind_of(self.device.name, self._where, probe)

    async def configure(self, lines: Sequence[str]) -> None:
        start = self._extras.vtysh if self._kind == "shell" else ""
        async with self._bounded("vtysh") as connection:
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
        async with self._bounded(line.strip()):
            vtysh.stdin.write(f"{line}\n")
            said = await vtysh.stdout.readuntil(_PROMPT)
        return said.partition("\n")[2].rpartition("\n")[0]

    async def _run(self, start: str, text: str, what: str) -> Answer:
        """Start something on a channel of its own, give it its input, and wait for its end."""
        source = asyncssh.PIPE if text else asyncssh.DEVNULL  # asyncssh 2.24 ends no empty input
        async with self._bounded(what) as connection:
            done = await connection.run(start, stdin=source, input=text or None, errors="replace")
        if done.exit_status is None:
            self._drop()
            raise self._lost(repr(what), "the channel closed without an exit status")
        return Answer(stdout=str(done.stdout or ""), stderr=str(done.stderr or ""), status=done.exit_status)

    @asynccontextmanager
    async def _bounded(self, what: str) -> AsyncIterator[asyncssh.SSHClientConnection]:
        """The connection, for one operation; what breaks or takes too long ends it."""
        if self._connection is None:
            raise SessionLost(self.device.name, f"the session on {self._where} is not open")
        try:
            async with asyncio.timeout(self._options.command_timeout_s):
                yield self._connection
        except TimeoutError as error:
            self._drop()
            seconds = self._options.command_timeout_s
            message = f"no end of the answer within {seconds:g} s after {what!r} on {self._where}"
            raise OperationTimedOut(self.device.name, message) from error
        except (asyncssh.Error, OSError, EOFError) as error:
            self._drop()
            raise self._lost(repr(what), str(error)) from error

    def _lost(self, what: str, reason: str = "") -> SessionLost:
        why = "aborted" if self._aborted else reason or "the connection broke"
        return SessionLost(self.device.name, f"{what} on {self._where}: {why}")

    def _no_neighbors(self, reason: str) -> CapabilityMissing:
        told = Considered(plugin="frr", reason=f"it asks lldpd in a shell: {reason}")
        return CapabilityMissing(self.device.name, self.platform, ["ReadsNeighbors"], [told])

    def _drop(self) -> None:
        """Close the connection without a word; on the loop's thread only."""
        self._connection = None
        if self._client.connection is not None:
            self._client.connection.abort()
        elif self._opening is not None and not self._opening.done():
            self._opening.cancel()
