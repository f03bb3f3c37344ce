"""A login on a device of which nobody knows the platform. Importing this module imports scrapli and asyncssh.

It waits for whatever the device shows, answers pagers, and types nothing but returns and the commands it is given. A
device that asks a question is left alone: whatever is typed there could be an answer.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from functools import partial
from typing import Final

from scrapli.channel import AsyncChannel
from scrapli.driver import AsyncGenericDriver

from neops.devices import ConnectionOptions
from neops.devices.detection import Greeting, GreetsAtLogin
from neops.devices.ssh import HostKeyClient
from neops.entities import Device
from neops_scrapli.arguments import driver_arguments
from neops_scrapli.asking import end_of_echo
from neops_scrapli.session import ScrapliSession

QUIET_S: Final = 0.3
"""How long a device has to be silent for what it said to be complete."""

PATIENCE_S: Final = 3.0
"""How long it may be silent before it is sent a return."""

RETURNS: Final = 4
"""Returns after which a device that shows no prompt is not waited for any longer."""

PROMPT: Final = re.compile(r"\S.{0,119}[>#$%\]]|[>#$%]")
QUESTION: Final = re.compile(r"\?|:$|y/n|yes/no|\[(?:y|n|yes|no)\]", re.IGNORECASE)
MORE: Final = re.compile(
    r"-+ ?\(?more\b|<-+ ?more|^more: |press (?:any key|<?space)|^\(END\)$|^lines \d+-\d+", re.IGNORECASE
)
PAGES: Final = 50
"""Pages of one answer that are turned; what names a system is on the first."""

MOST_BYTES: Final = 200_000
"""What a device may say at a time before it is given up: it shares the loop with others."""

_TAIL: Final = 512
"""Bytes at the end in which a prompt is looked for."""

CONNECTION_EXTRAS: Final = frozenset(
    {"auth_private_key", "auth_private_key_passphrase", "auth_telnet_login_pattern", "auth_password_pattern"}
    | {"channel_log", "port", "ssh_config_file", "transport", "transport_options"}
)
"""Extras that are about the way to the device; the others are for the driver of a platform."""


class UnknownShell(ScrapliSession, GreetsAtLogin):
    """One shell, whatever it is."""

    def __init__(self, *, device: Device, platform: str, options: ConnectionOptions) -> None:
        extras = {name: value for name, value in options.extras.items() if name in CONNECTION_EXTRAS}
        super().__init__(device=device, platform=platform, options=replace(options, extras=extras))
        self._client = self._listener = _BannerClient(device.name, self._options)
        self._greeting: Greeting | None = None

    async def get_greeting(self) -> Greeting:
        if self._greeting is None:
            text, _, prompt = (await self._typed("the login", self._greeted)).rpartition("\n")
            connection = self._client.connection
            version = connection.get_extra_info("server_version") if connection else None
            banner = self._listener.banner
            self._greeting = Greeting(ssh_version=version or "", banner=banner, text=text, prompt=prompt)
        return self._greeting

    async def exchange(self, command: str) -> str:
        prompt = (await self.get_greeting()).prompt
        return await self._typed(command, partial(answer_to, command=command, prompt=prompt))

    async def _greeted(self, channel: AsyncChannel) -> tuple[bytes, bytes]:
        text, prompt = await greeting_on(channel)
        return prompt.encode(), f"{text}\n{prompt}".encode()

    def _build(self) -> AsyncGenericDriver:
        return AsyncGenericDriver(**driver_arguments(self._options, self._client) | {"on_open": _at_once})


class _BannerClient(HostKeyClient):
    """Keeps what the device sends before the login (RFC 4252 §5.4)."""

    banner = ""

    def auth_banner_received(self, msg: str, lang: str) -> None:  # noqa: ARG002
        self.banner += msg


async def greeting_on(channel: AsyncChannel) -> tuple[str, str]:
    """What a device says until it waits, and its prompt: the line that comes back when a return is sent.

    The prompt is empty when there is none of a form that commands are typed at.
    """
    said, before = "", ""
    for _ in range(RETURNS):
        chunk = await _until_quiet(channel, ended_by=before)
        said, last = said + chunk, _last_line(chunk)
        if before and last == before:
            return _without(said, before), before
        if QUESTION.search(last) and not MORE.search(last):
            break
        before = last if PROMPT.fullmatch(last) else ""
        channel.write(" ") if MORE.search(last) else channel.send_return()
    return said.strip(), ""


async def answer_to(channel: AsyncChannel, *, command: str, prompt: str) -> tuple[bytes, bytes]:
    """Type a command and read on to the prompt after its echo, page by page: the prompt, and the answer."""
    ending, start = _ending(prompt), None
    channel.write(command + channel._base_channel_args.comms_return_char)
    seen, turned, pages = bytearray(), 0, 0
    while len(seen) < MOST_BYTES:
        seen += await channel.read()
        start = end_of_echo(seen, command.encode()) if start is None else start
        if start is None:
            continue
        tail = seen[max(start, turned, len(seen) - _TAIL) :].decode(errors="replace")
        if match := ending.search(tail):
            answer = seen[start:].decode(errors="replace")
            return match[0].encode(), answer.removesuffix(match[0]).encode()
        if pages < PAGES and MORE.search(_last_line(tail)):
            turned, pages = len(seen), pages + 1
            channel.write(" ")
    raise ConnectionAbortedError(f"{MOST_BYTES:,} bytes and no prompt")


async def _until_quiet(channel: AsyncChannel, *, ended_by: str) -> str:
    """Read until the device is silent, or shows `ended_by` as its last line; empty when it says nothing at all."""
    seen = b""
    try:
        while len(seen) < MOST_BYTES and not (ended_by and _last_line(seen.decode(errors="replace")) == ended_by):
            async with asyncio.timeout(QUIET_S if seen else PATIENCE_S):
                seen += await channel.read()
    except TimeoutError:
        pass
    return seen.decode(errors="replace")


def _ending(prompt: str) -> re.Pattern[str]:
    """The prompt at the end of what was read; numbers in it (a clock, a command count) may change."""
    shape = re.sub(r"\d+", lambda _: r"\d+", re.escape(prompt))
    return re.compile(rf"(?:\A|\n)[ \t]*{shape}[ \t]*\Z")


def _last_line(text: str) -> str:
    """What stands in the line where the device waits, without what is not printed."""
    last = text.rstrip(" \t").rpartition("\n")[2]
    return "".join(letter for letter in last if letter.isprintable()).strip()


def _without(said: str, prompt: str) -> str:
    """What was said before the prompts at the end."""
    lines = said.strip().splitlines()
    while lines and lines[-1].strip() in (prompt, ""):
        lines.pop()
    return "\n".join(lines)


async def _at_once(driver: AsyncGenericDriver) -> None:
    """Nothing is known that could be prepared."""
