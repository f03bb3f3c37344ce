"""A client that knows nothing of network devices: asyncssh, bytes and a prompt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import asyncssh
import pytest

from neops.testing.simulator import RunningDevice

WAIT_S = 5.0


@dataclass
class Console:
    """An interactive session; `ask` types a line and reads up to the prompt."""

    writer: asyncssh.SSHWriter[bytes]
    reader: asyncssh.SSHReader[bytes]
    prompt: str

    async def ask(self, line: str, *, wait_s: float = WAIT_S) -> str:
        self.writer.write(f"{line}\n".encode())
        return await self.read(wait_s=wait_s)

    async def read(self, *, wait_s: float = WAIT_S) -> str:
        """Everything up to the next prompt, the prompt left out."""
        async with asyncio.timeout(wait_s):
            data = await self.reader.readuntil(self.prompt.encode())
        return data.decode("utf-8", "replace").removesuffix(self.prompt)


OpenConsole = Callable[[RunningDevice], AbstractAsyncContextManager[Console]]


async def connect(device: RunningDevice, *, password: str = "") -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        "127.0.0.1",
        device.port,
        username=device.spec.username,
        password=password or device.spec.password,
        known_hosts=None,
        client_keys=None,
        agent_path=None,
        config=None,
    )


@pytest.fixture
def login() -> Callable[..., object]:
    """`await login(device)`: an SSH connection."""
    return connect


@pytest.fixture
def console() -> OpenConsole:
    """`async with console(device) as session`: a logged-in terminal at its first prompt."""

    @asynccontextmanager
    async def open_console(device: RunningDevice) -> AsyncIterator[Console]:
        async with await connect(device) as connection:
            writer, reader, _ = await connection.open_session(term_type="xterm", encoding=None)
            session = Console(writer, reader, prompt=f"{device.spec.name}#")
            yield session

    return open_console
