"""An Acme OS device to test against."""

import asyncio
from collections.abc import Mapping
from typing import Self

ANSWERS: Mapping[str, str] = {
    "show version": "Acme OS 4.2\n.build 1077",
    "show version | json": '{"version": "4.2", "build": 1077}',
}


class AcmeDevice:
    """Serves any number of connections on a free loopback port: `async with AcmeDevice() as device: device.port`."""

    def __init__(self, password: str = "secret") -> None:
        self._password = password
        self.logins = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := (await reader.readline()).decode().rstrip("\n"):
            if line == "hang":
                continue
            writer.write(self._answer(line).encode())
            await writer.drain()
        writer.close()

    def _answer(self, line: str) -> str:
        if line.startswith("LOGIN "):
            self.logins += 1
            return "+OK\n.\n" if line.endswith(f" {self._password}") else "-ERR access denied\n"
        if line not in ANSWERS:
            return f"-ERR unknown command: {line}\n"
        stuffed = ("." + text if text.startswith(".") else text for text in ANSWERS[line].splitlines())
        return "\n".join(["+OK", *stuffed, ".", ""])
