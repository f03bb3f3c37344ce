"""One login on an Acme OS device.

Acme's line protocol, after POP3's (RFC 1939 §3): the client sends a line; the device answers `-ERR` and a reason, or
`+OK` and lines up to a single `.`, with one more `.` in front of a line that begins with one.
"""

import asyncio
import json
import socket
import time
from collections.abc import Sequence
from typing import Any

from neops.devices import CommandOutput, ConnectionOptions, Parse, RunsCommands, Session
from neops.errors import AuthenticationFailed, ParseFailed, SessionLost, Unreachable

DEFAULT_PORT = 4242


class AcmeSession(Session, RunsCommands):
    """Commands on an Acme OS device; a command that ends in `| json` can be parsed."""

    def __init__(self, device: str, options: ConnectionOptions) -> None:
        self._device, self._options = device, options
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        try:
            async with asyncio.timeout(self._options.connect_timeout_s):
                await self._log_in(self._options.host, self._options.port or DEFAULT_PORT)
        except (OSError, TimeoutError, SessionLost) as error:
            await self.close()
            raise Unreachable(self._device, f"no Acme OS answers at {self._options.host}: {error}") from error
        except AuthenticationFailed:
            await self.close()
            raise

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def abort(self) -> None:
        if self._writer is not None:
            connection: socket.socket | None = self._writer.get_extra_info("socket")
            if connection is not None and connection.fileno() != -1:
                # shutdown, unlike close, may come from another thread: the reader sees the end of the stream
                connection.shutdown(socket.SHUT_RDWR)

    async def alive(self) -> bool:
        return self._reader is not None and not self._reader.at_eof()

    async def send_command(self, command: str, *, parse: Parse | None = None) -> CommandOutput:
        started = time.perf_counter()
        accepted, output = await self._ask(command)
        return CommandOutput(
            device=self._device,
            command=command,
            output=output,
            elapsed_s=time.perf_counter() - started,
            rejected=not accepted,
            parsed=self._parse(command, output, parse) if accepted and parse else None,
        )

    async def send_commands(self, commands: Sequence[str], *, parse: Parse | None = None) -> tuple[CommandOutput, ...]:
        return tuple([await self.send_command(command, parse=parse) for command in commands])

    async def _log_in(self, host: str, port: int) -> None:
        self._reader, self._writer = await asyncio.open_connection(host, port)
        credentials = self._options.credentials
        # a Secret that is formatted shows its mask: reveal() gives the text
        password = credentials.password.reveal() if credentials.password else ""
        accepted, reason = await self._ask(f"LOGIN {credentials.username} {password}")
        if not accepted:
            raise AuthenticationFailed(self._device, f"refused the login of {credentials.username}: {reason}")

    def _parse(self, command: str, output: str, parse: Parse) -> Any:
        if parse != "json":
            raise ParseFailed(self._device, command, f"Acme OS has no {parse} templates; end the command in '| json'")
        try:
            return json.loads(output)
        except ValueError as error:
            raise ParseFailed(self._device, command, f"not JSON: {error}") from error

    async def _ask(self, line: str) -> tuple[bool, str]:
        if self._reader is None or self._writer is None:
            raise SessionLost(self._device, "the session is not open")
        try:
            self._writer.write(line.encode() + b"\n")
            await self._writer.drain()
            return await _answer(self._reader)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise SessionLost(self._device, "the connection broke while waiting for an answer") from error


async def _answer(reader: asyncio.StreamReader) -> tuple[bool, str]:
    """Whether the device accepted, and what it said."""
    status = await _line(reader)
    if not status.startswith("+OK"):
        return False, status.removeprefix("-ERR").strip()
    lines = []
    while (line := await _line(reader)) != ".":
        lines.append(line.removeprefix(".") if line.startswith("..") else line)
    return True, "\n".join(lines)


async def _line(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\n")).decode(errors="replace").rstrip("\r\n")
