"""A login through AsyncScrapli over asyncssh. Importing this module imports both libraries."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from scrapli import AsyncScrapli
from scrapli.driver import AsyncGenericDriver, AsyncNetworkDriver
from scrapli.exceptions import ScrapliException, ScrapliTimeout

from neops.devices import ConnectionOptions
from neops.devices.parsing import CommandSession
from neops.entities import Device
from neops.errors import OperationTimedOut, SessionLost
from neops_scrapli.failures import opening_failure
from neops_scrapli.ssh import HostKeyClient, ssh_options

SETUP: Mapping[str, tuple[str, ...]] = {
    "arista_eos": ("terminal length 0", "terminal width 32767"),
    "cisco_iosxe": ("terminal length 0", "terminal width 512"),
    "cisco_iosxr": ("terminal length 0", "terminal width 512"),
    "cisco_nxos": ("terminal length 0", "terminal width 511"),
    "juniper_junos": ("set cli complete-on-space off", "set cli screen-length 0", "set cli screen-width 511"),
    "nokia_srlinux": ("environment cli-engine type basic", "environment complete-on-space false"),
}
"""What the drivers of scrapli 2025.1.30 send after a login, by scrapli's platform: paging off, long lines whole."""

ENABLES_WITHOUT_SECRET = frozenset({"arista_eos"})
"""`enable` asks for no password unless one is set (EOS User Manual 4.31, "Enable Command Authorization")."""

SHELL_PROMPT = r"^[^\s#$>%]\S{0,63}(?:[ \t]\S{1,63})?[#$>%]\s?$"
"""`user@host:~$`, `[user@host ~]$`, `host#`: scrapli's own generic prompt also takes a line that ends with a colon."""


class ScrapliSession(CommandSession):
    """One login; commands go through scrapli's channel, in the privilege level that the login reached."""

    def __init__(self, *, device: Device, platform: str, options: ConnectionOptions) -> None:
        super().__init__(device=device, platform=platform)
        self._options = options
        self._where = f"{options.host}:{options.port or 22} with scrapli"
        self._client = HostKeyClient(device.name, options)
        self._driver: AsyncGenericDriver | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening: asyncio.Task[None] | None = None
        self._aborted = False

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._driver = self._build()
        self._opening = asyncio.create_task(self._driver.open())
        try:
            async with asyncio.timeout(self._options.connect_timeout_s):
                await self._opening
        except asyncio.CancelledError:
            self._drop()
            if not self._aborted:
                raise
            raise SessionLost(self.device.name, f"the login on {self._where} was aborted") from None
        except Exception as error:
            self._drop()
            raise opening_failure(self.device.name, self._where, self._options, self._client, error) from error

    async def close(self) -> None:
        if self._driver is not None:
            with suppress(Exception):  # nobody can do anything about a socket that does not close
                self._driver.transport.close()
                self._driver.channel.close()

    def abort(self) -> None:
        self._aborted = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed, and with it the socket
                self._loop.call_soon_threadsafe(self._drop)

    async def alive(self) -> bool:
        transport = None if self._driver is None or self._aborted else self._driver.transport
        return transport is not None and transport.isalive() and not transport.stdout.at_eof()

    async def exchange(self, command: str) -> str:
        if self._driver is None:
            raise SessionLost(self.device.name, f"the session on {self._where} is not open")
        try:
            _, answer = await self._driver.channel.send_input(channel_input=command)
        except ScrapliTimeout as error:
            self._drop()
            raise OperationTimedOut(
                self.device.name,
                f"no prompt within {self._options.command_timeout_s:g} s after {command!r} on {self._where}",
            ) from error
        except (ScrapliException, OSError) as error:
            self._drop()
            reason = "aborted" if self._aborted else str(error) or type(error).__name__
            raise SessionLost(self.device.name, f"{command!r} on {self._where}: {reason}") from error
        return _text(answer)

    def _drop(self) -> None:
        """Close the connection without a word; on the loop's thread only."""
        if self._client.connection is not None:
            self._client.connection.abort()
        elif self._opening is not None:
            self._opening.cancel()

    def _build(self) -> AsyncGenericDriver:
        options, credentials = self._options, self._options.credentials
        arguments: dict[str, Any] = {
            "host": options.host,
            "port": options.port or 22,
            "auth_username": credentials.username or "",
            "auth_password": credentials.password.reveal() if credentials.password else "",
            "auth_private_key": str(credentials.private_key or ""),
            "auth_strict_key": False,  # scrapli would look after the password is gone: HostKeyClient does it before
            "timeout_socket": options.connect_timeout_s,
            "timeout_transport": 0,  # scrapli would start a timer for every read; timeout_ops bounds the whole
            "timeout_ops": options.command_timeout_s,
            "transport": "asyncssh",
            **options.extras,
        }
        asked = options.extras.get("transport_options", {})
        ssh = ssh_options(options, self._client) | asked.get("asyncssh", {})
        arguments["transport_options"] = {**asked, "asyncssh": ssh}
        if options.platform == "generic":
            return AsyncGenericDriver(**{"comms_prompt_pattern": SHELL_PROMPT} | arguments)
        arguments.setdefault("auth_secondary", credentials.enable_secret.reveal() if credentials.enable_secret else "")
        if options.platform in SETUP:
            arguments.setdefault("on_open", self._prepare)
        driver: AsyncGenericDriver = AsyncScrapli(platform=options.platform, **arguments)
        return driver

    async def _prepare(self, driver: AsyncNetworkDriver) -> None:
        """Reach the most privileged level that the credentials give, then switch paging off."""
        await self._enable(driver)
        for command in SETUP[self._options.platform]:
            await driver.channel.send_input(channel_input=command)

    async def _enable(self, driver: AsyncNetworkDriver) -> None:
        prompt = await driver.get_prompt()
        levels = driver.privilege_levels
        exec_level = levels.get("exec")
        if exec_level is None or "privilege_exec" not in levels or not _fits(exec_level.pattern, prompt):
            return
        if driver.auth_secondary or self._options.platform in ENABLES_WITHOUT_SECRET:
            await driver.acquire_priv("privilege_exec")


def _fits(pattern: str, prompt: str) -> bool:
    return re.search(pattern, prompt, re.IGNORECASE | re.MULTILINE) is not None


def _text(answer: bytes) -> str:
    try:
        return answer.decode()
    except UnicodeDecodeError:
        return answer.decode("latin-1")  # what scrapli does: some platforms print Latin-1 in descriptions
