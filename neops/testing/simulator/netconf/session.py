"""One NETCONF session: hellos, framing, requests and replies, under the device's latency and faults."""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ET
from collections import ChainMap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

import asyncssh

from neops.testing.simulator.device import DeviceState
from neops.testing.simulator.faults import Dropped, suffer
from neops.testing.simulator.netconf.errors import RpcRefused
from neops.testing.simulator.netconf.framing import Framing, FramingBroken
from neops.testing.simulator.netconf.junos import JunosOperations
from neops.testing.simulator.netconf.operations import Operations
from neops.testing.simulator.spec import FaultKind
from neops.testing.simulator.template import Scope, render
from neops.testing.simulator.variables import narrowed

if TYPE_CHECKING:
    from asyncssh import SSHServerChannel, SSHServerConnection

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
BASE_1_1 = "urn:ietf:params:netconf:base:1.1"
CAPABILITIES = (
    "urn:ietf:params:netconf:base:1.0",
    BASE_1_1,
    "urn:ietf:params:netconf:capability:candidate:1.0",
    "urn:ietf:params:netconf:capability:confirmed-commit:1.1",
    "urn:ietf:params:netconf:capability:rollback-on-error:1.0",
    "urn:ietf:params:netconf:capability:validate:1.1",
)
LINGER_S = 0.1
"""Seconds between the last reply and the end of the channel: paramiko and ssh2 lose a reply that comes with the end."""


class NetconfSession(asyncssh.SSHServerSession[bytes]):
    """The channel of a `netconf` subsystem."""

    def __init__(self, device: DeviceState, conn: SSHServerConnection) -> None:
        self._device, self._conn = device, conn
        self._id = next(device.netconf_ids)
        data = device.platform.data.netconf
        operations = JunosOperations if data is not None and data.operations == "junos" else Operations
        self._operations = operations(device, self._id)
        self._framing = Framing()
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, chan: SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def session_started(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._converse())

    def data_received(self, data: bytes, datatype: int | None) -> None:  # noqa: ARG002 - asyncssh's signature
        self._framing.receive(data)
        self._arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncssh's signature
        if self._task:
            self._task.cancel()
        self._operations.close()

    async def _converse(self) -> None:
        if self._device.struck_by(FaultKind.HANG_AFTER_LOGIN):
            return
        self._send(self._hello())
        try:
            hello = _parsed(await self._message())
            self._framing.chunked = any((one.text or "").strip() == BASE_1_1 for one in hello.iter("capability"))
            while await self._answered(await self._message()):
                pass
        except (FramingBroken, ET.ParseError, UnicodeDecodeError):
            self._conn.abort()  # RFC 6242 section 4.2; a malformed message has no message-id to answer to
            return
        except Dropped as dropped:
            self._channel.write(self._framing.framed(dropped.half))
            self._conn.abort()
            return
        await asyncio.sleep(LINGER_S)
        self._channel.exit(0)

    async def _message(self) -> str:
        while (message := self._framing.next_message()) is None:
            self._arrived.clear()
            await self._arrived.wait()
        return message

    def _hello(self) -> str:
        data = self._device.platform.data.netconf
        assert data is not None
        capabilities = "".join(f"<capability>{escape(one)}</capability>" for one in (*CAPABILITIES, *data.capabilities))
        return (
            f'<hello xmlns="{BASE}"><capabilities>{capabilities}</capabilities>'
            f"<session-id>{self._id}</session-id></hello>"
        )

    async def _answered(self, message: str) -> bool:
        """Answer one request; False: it was the last."""
        rpc = _parsed(message)
        request = rpc[0] if len(rpc) else Element("nothing")
        reply = await suffer(self._device, _told(request), lambda: self._content(request))
        if reply is None:
            await asyncio.Event().wait()
            return False
        attributes = "".join(f" {name}={quoteattr(value)}" for name, value in rpc.attrib.items())
        self._send(
            f'<rpc-reply xmlns="{BASE}" xmlns:junos="http://xml.juniper.net/junos/*/junos"{attributes}>\n{reply}\n</rpc-reply>'
        )
        return request.tag != "close-session"

    def _content(self, request: Element) -> str:
        self._device.evidence.commands.append(_told(request))
        operation = self._operations.known().get(request.tag)
        try:
            return operation(request) if operation is not None else self._printed(request)
        except RpcRefused as refused:
            return refused.xml()

    def _printed(self, request: Element) -> str:
        """The content of a reply that is data of the platform."""
        data = self._device.platform.data.netconf
        assert data is not None
        template = data.rpcs.get(request.tag)
        if template is None or request.find("routing-instance") is not None:
            raise RpcRefused("operation-not-supported", f"syntax error: {request.tag}", bad_element=request.tag)
        scope: Scope = self._device.scope()
        interface = (request.findtext("interface-name") or "").strip()
        if interface and not interface.startswith("["):
            scope = ChainMap(narrowed(interface, scope), scope)  # type: ignore[arg-type]  # read only
        return render(template, _Escaped(scope))

    def _send(self, message: str) -> None:
        if not self._channel.is_closing():
            self._channel.write(self._framing.framed(message))


class _Escaped(Mapping[str, Any]):
    """A scope whose texts can stand in XML."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __getitem__(self, name: str) -> Any:
        value = self._scope[name]
        if isinstance(value, str):
            return escape(value)
        if isinstance(value, list):
            return [_Escaped(item) for item in value]
        return value

    def __iter__(self) -> Any:
        return iter(self._scope)

    def __len__(self) -> int:
        return len(self._scope)


def _parsed(message: str) -> Element:
    """A message without its namespaces: clients and platforms disagree about which element has which."""
    root = ET.fromstring(message)  # noqa: S314 - from tests on loopback; expat limits entities itself
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
    return root


def _told(request: Element) -> str:
    """A request in a few words, for the evidence and for the patterns of faults."""
    if request.tag == "command":
        return (request.text or "").strip()
    attributes = [word for item in request.attrib.items() for word in item]
    details = [child.tag if not len(child) else f"{child.tag} {child[0].tag}" for child in request]
    return " ".join((request.tag, *attributes, *details))
