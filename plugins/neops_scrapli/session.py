"""A login through AsyncScrapli over asyncssh. Importing this module imports both libraries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from functools import partial
from typing import Self

from scrapli.channel import AsyncChannel
from scrapli.driver import AsyncGenericDriver, AsyncNetworkDriver
from scrapli.exceptions import ScrapliException
from scrapli.transport.base import AsyncTransport
from scrapli.transport.plugins.asyncssh.transport import AsyncsshTransport

from neops.devices import Answer, ConnectionOptions
from neops.devices.aborting import AbortableLogin
from neops.devices.acting import FileWire, WiredSession
from neops.devices.acting.ssh_wires import ssh_wire
from neops.devices.changes import TextSession
from neops.devices.failures import no_prompt
from neops.devices.keys import ready
from neops.devices.ssh import HostKeyClient
from neops.entities import Device
from neops.errors import ConnectFailed, SessionLost
from neops_scrapli.arguments import driver_arguments, with_scrapli_host_keys
from neops_scrapli.asking import ask, feed
from neops_scrapli.drivers import network_driver
from neops_scrapli.failures import opening_failure
from neops_scrapli.login import SETUP, last_line, prepare, shell_arguments
from neops_scrapli.opening import open_with_asyncssh

GOODBYE_S = 1.0
"""How long a device may take to hear that we leave."""


class ScrapliSession(TextSession, WiredSession):
    """One login; commands go through scrapli's channel, in the privilege level that the login reached."""

    asks_before_login = True
    knows_jump_hosts = True

    def __init__(self, *, device: Device, platform: str, options: ConnectionOptions) -> None:
        super().__init__(device=device, platform=platform)
        self._options = options = with_scrapli_host_keys(options)
        self._where = f"{options.place} with scrapli"
        self._client = HostKeyClient(device.name, options)
        self._driver: AsyncGenericDriver | None = None
        self._login = AbortableLogin(device.name, self._where, self._drop)

    async def open(self) -> None:
        await ready(self.device.name, self._options.credentials)
        self._driver = self._build()
        if self._driver.transport_name != "asyncssh":
            if self._options.tunnel:
                raise ConnectFailed(self.device.name, f"{self._where}: telnet does not go through jump hosts")
            await self._options.before_login()
        failure = partial(opening_failure, self.device.name, self._where, self._options, self._client)
        await self._login.complete(self._log_in(self._driver), self._options.connect_timeout_s, failure)

    async def _log_in(self, driver: AsyncGenericDriver) -> None:
        if isinstance(driver.transport, AsyncsshTransport):
            await open_with_asyncssh(driver, driver.transport)
        else:
            await driver.open()
        if self._home is None and isinstance(driver, AsyncNetworkDriver):  # a community driver prepared it by itself
            self.settled_at((await driver.get_prompt()).rpartition("\n")[2])

    async def close(self) -> None:
        if self._driver is not None:
            with suppress(Exception):  # nobody can do anything about a socket that does not close
                self._driver.transport.close()
                self._driver.channel.close()
                await self._closed()

    async def _closed(self) -> None:
        """asyncssh says goodbye to the device; when it does not listen, the socket is closed all the same."""
        connection = self._client.connection
        if connection is not None:
            try:
                async with asyncio.timeout(GOODBYE_S):
                    await connection.wait_closed()
            finally:
                connection.abort()

    def abort(self) -> None:
        self._login.abort()

    async def alive(self) -> bool:
        transport = None if self._driver is None or self._login.aborted else self._driver.transport
        return transport is not None and transport.isalive() and not _at_eof(transport)

    async def exchange(self, command: str) -> str:
        return await self._typed(command, lambda channel: ask(channel, command))

    @property
    def commit_timeout_s(self) -> float:
        return self._options.commit_timeout_s

    async def exchange_slowly(self, command: str, answers: Sequence[Answer] = ()) -> str:
        if answers:
            return await super().exchange_slowly(command, answers)
        return await self._typed(command, lambda channel: ask(channel, command), self.commit_timeout_s)

    async def feed(self, command: str, ready: str, text: str) -> str:
        return await self._typed(command, lambda channel: feed(channel, command, ready, text), self.commit_timeout_s)

    def again(self) -> Self:
        return type(self)(device=self.device, platform=self.platform, options=self._options)

    def file_wire(self, protocol: str) -> AbstractAsyncContextManager[FileWire]:
        asked = self._options.extras.get("transport_options", {}).get("asyncssh", {})
        return ssh_wire(self.device.name, self._options, protocol, **asked)

    async def type_line(self, text: str, *, hidden: bool = False) -> None:
        with self._talking("an answer") as driver:
            driver.channel.write(text, redacted=hidden)
            driver.channel.send_return()

    async def read_text(self, within_s: float) -> str:
        with self._talking("a dialogue") as driver:
            try:
                async with asyncio.timeout(within_s):
                    return _text(await driver.channel.read())
            except TimeoutError:
                return ""

    @property
    def patience_s(self) -> float:
        return self._options.command_timeout_s

    @contextmanager
    def _talking(self, what: str) -> Iterator[AsyncGenericDriver]:
        """The driver; a connection that breaks is dropped."""
        if self._driver is None:
            raise SessionLost(self.device.name, f"the session on {self._where} is not open")
        try:
            yield self._driver
        except (ScrapliException, OSError) as error:
            self._drop()
            reason = "aborted" if self._login.aborted else str(error) or type(error).__name__
            raise SessionLost(self.device.name, f"{what} on {self._where}: {reason}") from error

    async def _typed(
        self,
        command: str,
        typing: Callable[[AsyncChannel], Awaitable[tuple[bytes, bytes]]],
        within_s: float = 0.0,
    ) -> str:
        if self._driver is None:
            raise SessionLost(self.device.name, f"the session on {self._where} is not open")
        limit_s = max(within_s, self._options.command_timeout_s)
        try:
            async with asyncio.timeout(limit_s):
                raw, answer = await typing(self._driver.channel)
        except TimeoutError as error:
            self._drop()
            raise no_prompt(self.device.name, self._where, command, limit_s) from error
        except (ScrapliException, OSError) as error:
            self._drop()
            reason = "aborted" if self._login.aborted else str(error) or type(error).__name__
            raise SessionLost(self.device.name, f"{command!r} on {self._where}: {reason}") from error
        self.now_at(last_line(raw))
        return _text(answer)

    def _drop(self) -> None:
        """Close the connection without a word; on the loop's thread only."""
        if self._client.connection is not None:
            self._client.connection.abort()
        elif not self._login.cancel() and self._driver is not None:
            self._driver.transport.close()  # telnet

    def _build(self) -> AsyncGenericDriver:
        arguments = driver_arguments(self._options, self._client)
        if self._options.platform == "generic":
            return AsyncGenericDriver(**shell_arguments(self.settled_at) | arguments)
        if self._options.platform in SETUP:
            on_open = partial(prepare, platform=self._options.platform, settled_at=self.settled_at)
            arguments.setdefault("on_open", on_open)
        secret = self._options.credentials.enable_secret
        arguments.setdefault("auth_secondary", secret.reveal() if secret else "")
        return network_driver(self._options.platform, arguments)


def _at_eof(transport: AsyncTransport) -> bool:
    """The device closed the shell and left the connection open; both transports call their reader `stdout`."""
    reader = getattr(transport, "stdout", None)
    return reader is not None and bool(reader.at_eof())


def _text(answer: bytes) -> str:
    try:
        return answer.decode()
    except UnicodeDecodeError:
        return answer.decode("latin-1")  # what scrapli does: some platforms print Latin-1 in descriptions
