"""A NETCONF server in memory: leaves under `<system>`, and as many of RFC 6241's capabilities as a test asks for."""

from __future__ import annotations

import asyncio
import re
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
import pytest

from neops.devices import DeviceRuntime, PluginCatalogue
from neops.entities import Device, Platform, Secret
from neops.settings import DeviceSettings
from neops_netconf import NetconfPlugin

NC = "urn:ietf:params:xml:ns:netconf:base:1.0"
MODEL = "urn:example:system"
CAPABILITY = "urn:ietf:params:netconf:capability:"
PASSWORD = "s3cret"


class Refused(Exception):
    """An rpc-error: its tag, and what goes into it."""


@dataclass
class NetconfServer:
    """What its sessions share. `hangs` names an operation that is never answered, `cut` one that ends the session."""

    capabilities: tuple[str, ...] = ("candidate:1.0", "confirmed-commit:1.1", "validate:1.1")
    chunked: bool = True
    running: dict[str, str] = field(default_factory=lambda: {"hostname": "r1", "contact": "noc"})
    startup: dict[str, str] = field(default_factory=dict)
    candidate: dict[str, str] | None = None
    locks: dict[str, int] = field(default_factory=dict)
    waiting: tuple[dict[str, str], str | None, int] | None = None
    """What comes back unless a commit is confirmed, its persist id, and the session that committed."""
    asked: list[str] = field(default_factory=list)
    hangs: str | None = None
    cut: str | None = None
    sessions: int = 0
    open: dict[int, asyncssh.SSHServerProcess[bytes]] = field(default_factory=dict)
    password: str = PASSWORD
    port: int = 0

    def answer(self, session: int, request: ET.Element) -> str:
        operation = request[0]
        name = operation.tag.rpartition("}")[2]
        self.asked.append(name)
        result = getattr(self, name.replace("-", "_"), self.unknown)(session, operation)
        return result or "<ok/>"

    def unknown(self, session: int, asked: ET.Element) -> str:
        raise Refused("operation-not-supported", "what is that?")

    def get_config(self, session: int, asked: ET.Element) -> str:
        return f"<data>{self.written(self.store(asked, 'source'))}</data>"

    def get(self, session: int, asked: ET.Element) -> str:
        wanted = asked.find(f"{{{NC}}}filter")
        return f"<data><by xmlns='{MODEL}'>{'all' if wanted is None else wanted.get('type')}</by></data>"

    def lock(self, session: int, asked: ET.Element) -> None:
        name = self.named(asked, "target")
        if (holder := self.locks.get(name)) is not None:
            raise Refused("lock-denied", "locked", f"<error-info><session-id>{holder}</session-id></error-info>")
        if name == "running" and self.waiting is not None:
            raise Refused("in-use", "a commit waits")
        self.locks[name] = session

    def unlock(self, session: int, asked: ET.Element) -> None:
        if self.locks.get(name := self.named(asked, "target")) != session:
            raise Refused("operation-failed", "not yours")
        del self.locks[name]

    def edit_config(self, session: int, asked: ET.Element) -> None:
        store = self.store(asked, "target")
        kept = {} if self.text(asked, "default-operation") == "replace" else dict(store)
        for leaf in asked.iterfind(f"{{{NC}}}config/{{{MODEL}}}system/*"):
            name, value = leaf.tag.rpartition("}")[2], leaf.text or ""
            if name == "bad":
                path = "<error-path>/rpc/edit-config/config/system/bad</error-path>"
                raise Refused("unknown-element", "no such leaf", path)
            kept[name] = value
        if self.text(asked, "test-option") != "test-only":
            store.clear()
            store.update(kept)

    def validate(self, session: int, asked: ET.Element) -> None:
        if self.store(asked, "source").get("hostname") == "invalid":
            raise Refused("invalid-value", "not a host name", "<error-path>/system/hostname</error-path>")

    def discard_changes(self, session: int, asked: ET.Element) -> None:
        self.candidate = None

    def commit(self, session: int, asked: ET.Element) -> None:
        persist = self.text(asked, "persist-id")
        if self.waiting is not None and (persist, session) != (
            self.waiting[1],
            self.waiting[2] if not persist else session,
        ):
            raise Refused("in-use", "a commit waits to be confirmed")
        if persist and self.waiting is None:
            raise Refused("invalid-value", "no commit waits")
        before, self.waiting = dict(self.running), None
        self.running = dict(self.candidate or self.running)
        self.candidate = None
        if asked.find(f"{{{NC}}}confirmed") is not None:
            self.waiting = before, self.text(asked, "persist"), session
            seconds = float(self.text(asked, "confirm-timeout") or 600)
            asyncio.get_running_loop().call_later(seconds, self.expire, self.waiting)

    def cancel_commit(self, session: int, asked: ET.Element) -> None:
        if self.waiting is None or self.text(asked, "persist-id") != self.waiting[1]:
            raise Refused("invalid-value", "no such commit")
        self.expire(self.waiting)

    def copy_config(self, session: int, asked: ET.Element) -> None:
        self.startup = dict(self.running)

    def expire(self, commit: object) -> None:
        if self.waiting is not None and self.waiting is commit:
            self.running, self.waiting = self.waiting[0], None

    def left(self, session: int) -> None:
        """RFC 6241 §7.5 and §8.4.1: locks go with their session, and so does a commit that is not persistent."""
        self.open.pop(session, None)
        if session in self.locks.values():
            self.locks = {name: holder for name, holder in self.locks.items() if holder != session}
            self.candidate = None
        if self.waiting is not None and self.waiting[1:] == (None, session):
            self.expire(self.waiting)

    def hang_up(self) -> None:
        """End all sessions."""
        for process in self.open.values():
            process.channel.abort()

    def store(self, asked: ET.Element, place: str) -> dict[str, str]:
        if (name := self.named(asked, place)) == "candidate":
            self.candidate = dict(self.running) if self.candidate is None else self.candidate
            return self.candidate
        return self.running if name == "running" else self.startup

    @staticmethod
    def named(asked: ET.Element, place: str) -> str:
        return asked.find(f"{{{NC}}}{place}")[0].tag.rpartition("}")[2]  # type: ignore[index]

    @staticmethod
    def text(asked: ET.Element, name: str) -> str | None:
        return asked.findtext(f"{{{NC}}}{name}")

    @staticmethod
    def written(leaves: dict[str, str]) -> str:
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in leaves.items())
        return f'<system xmlns="{MODEL}">{inner}</system>' if leaves else ""

    def hello(self, session: int) -> str:
        uris = [f"urn:ietf:params:netconf:base:1.{minor}" for minor in ((0, 1) if self.chunked else (0,))]
        uris += [f"{CAPABILITY}{name}" for name in self.capabilities]
        said = "".join(f"<capability>{uri}</capability>" for uri in uris)
        return f'<hello xmlns="{NC}"><capabilities>{said}</capabilities><session-id>{session}</session-id></hello>'

    async def serve(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        self.sessions += 1
        session = self.sessions
        self.open[session] = process
        try:
            with suppress(asyncssh.Error, OSError, asyncio.IncompleteReadError):
                await self.converse(process, session)
        finally:
            self.left(session)

    async def converse(self, process: asyncssh.SSHServerProcess[bytes], session: int) -> None:
        process.stdout.write(self.hello(session).encode() + b"]]>]]>")
        await process.stdin.readuntil(b"]]>]]>")
        while True:
            raw = await process.stdin.readuntil(b"\n##\n" if self.chunked else b"]]>]]>")
            request = ET.fromstring(re.sub(rb"(?:\n#\d+\n|\n##\n|\]\]>\]\]>)", b"", raw))
            try:
                reply = self.answer(session, request)
            except Refused as refusal:
                tag, message, *more = refusal.args
                inner = f"<error-tag>{tag}</error-tag>{''.join(more)}<error-message>{message}</error-message>"
                reply = f"<nc:rpc-error xmlns:nc='{NC}'>{inner}</nc:rpc-error>"
            if self.asked[-1] == self.cut:
                process.channel.abort()
                return
            if self.asked[-1] == self.hangs:
                await process.stdin.read()
                return
            message = f'<rpc-reply xmlns="{NC}" message-id="{request.get("message-id")}">{reply}</rpc-reply>'.encode()
            process.stdout.write(b"\n#%d\n%b\n##\n" % (len(message), message) if self.chunked else message + b"]]>]]>")


class _Door(asyncssh.SSHServer):
    def __init__(self, netconf: NetconfServer, connections: set[asyncssh.SSHServerConnection]) -> None:
        self._netconf, self._connections = netconf, connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connections.add(conn)

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return password == self._netconf.password


@pytest.fixture
async def server() -> AsyncIterator[NetconfServer]:
    """Listens; `capabilities` and what it holds may be set before the first session."""
    netconf = NetconfServer()
    key = asyncssh.generate_private_key("ssh-ed25519")
    connections: set[asyncssh.SSHServerConnection] = set()

    async def serve(process: asyncssh.SSHServerProcess[bytes]) -> None:
        if process.subsystem == "netconf":
            await netconf.serve(process)
        else:
            process.exit(1)

    listener = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=lambda: _Door(netconf, connections),
        server_host_keys=[key],
        process_factory=serve,
        encoding=None,
    )
    netconf.port = listener.get_port()
    yield netconf
    listener.close()
    for connection in connections:
        connection.abort()
        await connection.wait_closed()
    await listener.wait_closed()  # from Python 3.12 on, for the connections too


@pytest.fixture
def device(server: NetconfServer) -> Device:
    return Device(
        id=1,
        hostname="r1",
        ip="127.0.0.1",
        port=server.port,
        username="ops",
        password=Secret(PASSWORD),
        platform=Platform(short_name="netconf"),
    )


@pytest.fixture
async def runtime(tmp_path: Path) -> AsyncIterator[DeviceRuntime]:
    settings = DeviceSettings(known_hosts=tmp_path / "known_hosts", command_timeout_s=5, connect_timeout_s=5)
    running = DeviceRuntime(settings, catalogue=PluginCatalogue.of(NetconfPlugin()))
    running.start()
    yield running
    await asyncio.to_thread(running.stop)  # the server lives in this loop
