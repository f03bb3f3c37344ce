"""A guess from the first words of a server, without a login."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from neops.devices.detection import guess
from neops.errors import Unreachable


@asynccontextmanager
async def server(text: bytes, heard: list[bytes] | None = None) -> AsyncIterator[int]:
    """Says its text to whoever connects, and keeps what it hears until they leave."""
    visits: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        with suppress(ConnectionError):
            rest = await reader.read()
            if heard is not None:
                heard.append(rest)
        writer.close()

    async with await asyncio.start_server(
        lambda reader, writer: visits.append(asyncio.create_task(serve(reader, writer))), "127.0.0.1", 0
    ) as listening:
        yield listening.sockets[0].getsockname()[1]
        await asyncio.gather(*visits)


async def test_the_ssh_version_can_be_enough_and_nothing_is_sent() -> None:
    heard: list[bytes] = []
    async with server(b"SSH-2.0-ROSSSH\r\n", heard) as port:
        found = await guess("r1", "127.0.0.1", port)

    assert (found.device, found.platform) == ("r1", "mikrotik_routeros")
    assert heard == [b""]


async def test_lines_before_the_version_count_too() -> None:
    async with server(b"Welcome to VyOS\r\nkeep out\r\nSSH-2.0-OpenSSH_9.2p1 Debian-2\r\n") as port:
        found = await guess("r1", "127.0.0.1", port)

    assert {one.source: one.text for one in found.evidence} == {
        "ssh version": "SSH-2.0-OpenSSH_9.2p1 Debian-2",
        "banner": "Welcome to VyOS\nkeep out",
    }
    assert (found.platform, found.candidates[0].platform) == (None, "vyos")


async def test_a_server_that_never_ends_its_line_is_cut_off() -> None:
    async with server(b"x" * 100_000) as port:
        with pytest.raises(Unreachable, match="without a word"):
            await guess("r1", "127.0.0.1", port)


async def test_a_silent_server_is_unreachable_at_the_deadline() -> None:
    async with server(b"") as port:
        with pytest.raises(Unreachable, match=r"said nothing within 0\.05 s"):
            await guess("r1", "127.0.0.1", port, within_s=0.05)


async def test_a_closed_port_is_unreachable_and_says_why() -> None:
    async with server(b"") as port:
        pass

    with pytest.raises(Unreachable, match="Connection refused"):
        await guess("r1", "127.0.0.1", port)
