"""A NETCONF session that asks and reads. Importing this module imports asyncssh and lxml.

asyncssh carries it and lxml reads it. The framing between them is ours: of the NETCONF libraries for Python, ncclient
0.7 has a thread for each session, and scrapli-netconf 2026.1 takes a line `##` in a configuration for the end of the
answer and repairs what is then left of it, so that a configuration could be restored from half of itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final, Literal

import asyncssh

from neops.concurrency import in_thread
from neops.devices import Configs, ConnectionOptions, ReadsConfig, Session, SpeaksNetconf
from neops.devices.ssh_login import SshLogin
from neops.entities import Device
from neops.errors import ConnectFailed, ParseFailed, UsageError
from neops_netconf import messages
from neops_netconf.failures import RpcRejected
from neops_netconf.framing import Framing, FramingLost
from neops_netconf.messages import Element, Malformed, Server, operation
from neops_netconf.plugin import NETCONF_PORT

logger = logging.getLogger(__name__)

READ_SIZE: Final = 256 * 1024

OF_A_SESSION: Final = ("lock", "unlock", "partial-lock", "partial-unlock", "create-subscription", "close-session")
"""Operations whose effect ends with the session, or ends it."""


class NetconfTalk(Session, ReadsConfig, SpeaksNetconf):
    """One session: requests, one after the other, and what is read with them."""

    asks_before_login = True
    knows_jump_hosts = True

    def __init__(self, *, device: Device, options: ConnectionOptions) -> None:
        self.device = device
        options = replace(options, port=options.port or NETCONF_PORT)
        self._login = SshLogin(device.name, options, plugin="netconf", arguments=options.extras)
        self._framing = Framing()
        self._sent = 0
        self._input: asyncssh.SSHWriter[bytes]
        self._output: asyncssh.SSHReader[bytes]
        self.server = Server(session_id="", capabilities=())

    async def open(self) -> None:
        await self._login.open(self._greet)

    async def _greet(self, connection: asyncssh.SSHClientConnection) -> None:
        """Exchange hellos. Ours goes first: RFC 6241 §8.1 lets both sides send at once.

        Sent after the server's it would arrive together with the first request, and the server of yuma123 2.13 never
        answers what it reads in one piece with a hello. That is also why scrapli-netconf over asyncssh times out there.
        """
        try:
            self._input, self._output, _ = await connection.open_session(subsystem="netconf", encoding=None)
        except asyncssh.ChannelOpenError as error:
            advice = "is NETCONF switched on, and is this its port?"
            raise ConnectFailed(
                self.device.name, f"{self._login.where}: no NETCONF: {error.reason}; {advice}"
            ) from error
        try:
            self._input.write(self._framing.frame(messages.hello()))
            self.server = messages.read_hello(await self._next())
        except (Malformed, FramingLost, OSError, EOFError) as error:
            said = str(error) or "the server hung up"
            raise ConnectFailed(self.device.name, f"{self._login.where}: no NETCONF hello: {said}") from error
        self._framing.chunked = self.server.chunks

    async def close(self) -> None:
        await self._login.close()

    def abort(self) -> None:
        self._login.abort()

    async def alive(self) -> bool:
        return self._login.alive and not self._output.at_eof()

    async def request(self, asked: Element, *, within_s: float = 0.0) -> Element:
        """Send an operation and wait for its reply; `within_s` where it may take longer than the command deadline.

        Raises:
            RpcRejected: the server answered with an error.
            SessionLost, OperationTimedOut: no answer came; the session is closed, and its locks with it.
        """
        what, self._sent = messages.name_of(asked), self._sent + 1
        async with self._login.bounded(what, "reply", within_s=within_s):
            self._input.write(self._framing.frame(messages.request(str(self._sent), asked)))
            reply = await self._reply(what)
        errors = messages.errors_of(reply)
        if refusals := tuple(error for error in errors if error.severity != "warning"):
            raise RpcRejected(self.device.name, what, refusals)
        for warning in errors:
            logger.warning("a NETCONF server warns", extra={"device": self.device.name, "problem": str(warning)})
        return reply

    async def _reply(self, what: str) -> Element:
        """The answer to the last request; notifications between are nobody's."""
        while True:
            try:
                raw = await self._next()
                reply = await in_thread(partial(messages.parse, raw)) if len(raw) > READ_SIZE else messages.parse(raw)
            except (Malformed, FramingLost) as error:
                self._login.drop()
                raise self._login.lost(repr(what), str(error)) from error
            if messages.name_of(reply) == "rpc-reply" and reply.get("message-id", str(self._sent)) == str(self._sent):
                return reply

    async def _next(self) -> bytes:
        """The next message of the server.

        Raises:
            EOFError: it hung up.
        """
        while (message := self._framing.next_message()) is None:
            if not (data := await self._output.read(READ_SIZE)):
                raise EOFError("the server closed the session")
            self._framing.feed(data)
        return message

    async def get_config(self, retrieve: Literal["running", "startup", "candidate", "all"] = "running") -> Configs:
        """Configurations as a `<config>` in XML; a datastore that the server does not have is empty."""
        asked = [name for name in self.server.datastores if retrieve in (name, "all")]
        return Configs(**{name: await self._printed(name) for name in asked})

    async def _printed(self, name: str, *filters: Element) -> str:
        datastore = await self._datastore(name, *filters)
        return await in_thread(partial(messages.printed, datastore))

    async def _datastore(self, name: str, *filters: Element) -> Element:
        """A datastore, or what a filter leaves of it."""
        reply = await self.request(operation("get-config", operation("source", name), *filters))
        try:
            return await in_thread(partial(messages.data_of, reply))
        except Malformed as error:
            raise ParseFailed(self.device.name, "get-config", str(error)) from error

    async def netconf_capabilities(self) -> tuple[str, ...]:
        return self.server.capabilities

    async def get(self, subtree: str = "") -> str:
        asked = self._read(messages.filter_of, subtree)
        return messages.answer_of(await self.request(operation("get", *asked)))

    async def get_datastore(self, source: str = "running", subtree: str = "") -> str:
        asked = self._read(messages.filter_of, subtree)
        return await self._printed(source, *asked)

    async def rpc(self, request: str) -> str:
        asked = self._read(messages.elements_of, request)
        if len(asked) != 1:
            raise UsageError(f"{self.device.name}: rpc() takes one operation, not {len(asked)}")
        if (name := messages.name_of(asked[0])) in OF_A_SESSION:
            raise UsageError(
                f"{self.device.name}: {name} belongs to one session, and sessions are shared: use change()"
            )
        return messages.answer_of(await self.request(asked[0]))

    def _read(self, reading: Callable[[str], list[Element]], text: str) -> list[Element]:
        try:
            return reading(text)
        except Malformed as error:
            raise UsageError(f"{self.device.name}: {error}") from error
