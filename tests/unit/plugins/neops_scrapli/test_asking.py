from __future__ import annotations

from collections.abc import Iterable

import pytest
from scrapli.channel import AsyncChannel
from scrapli.channel.base_channel import BaseChannelArgs
from scrapli.transport.base import AsyncTransport, BaseTransportArgs

from neops_scrapli.asking import ask, feed

PROMPT = r"^[a-z0-9]{1,20}(?:\([a-z]+\))?[#>]\s?$"


class Wire(AsyncTransport):
    """Says what it was made to say, chunk by chunk, and keeps what was typed."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        super().__init__(
            BaseTransportArgs(
                transport_options={}, host="r1", port=22, timeout_socket=1, timeout_transport=0, logging_uid=""
            )
        )
        self.chunks, self.typed = list(chunks), b""

    async def read(self) -> bytes:
        return self.chunks.pop(0)

    def write(self, channel_input: bytes) -> None:
        self.typed += channel_input

    async def open(self) -> None:
        return None

    def close(self) -> None:
        return None

    def isalive(self) -> bool:
        return True


def channel(*chunks: bytes) -> tuple[AsyncChannel, Wire]:
    wire = Wire(chunks)
    return AsyncChannel(wire, BaseChannelArgs(comms_prompt_pattern=PROMPT, comms_prompt_search_depth=200)), wire


async def test_a_command_and_its_return_are_typed_at_once() -> None:
    talk, wire = channel(b"show clock\r\n12:00\r\nr1#")

    assert await ask(talk, "show clock") == (b"\n12:00\nr1#", b"12:00")
    assert wire.typed == b"show clock\n"


async def test_a_prompt_before_the_echo_ends_nothing() -> None:
    talk, _ = channel(b"r1#", b"show clock\n", b"12:00\nr1#")

    assert (await ask(talk, "show clock"))[1] == b"12:00"


async def test_a_line_of_output_that_looks_like_a_prompt_stays() -> None:
    talk, _ = channel(b"show users\nalice#\nbob#\nr1#")

    assert (await ask(talk, "show users"))[1] == b"alice#\nbob#"


async def test_a_log_line_behind_the_prompt_does_not_hide_it() -> None:
    talk, _ = channel(b"show clock\n12:00\nr1#\n%LINK-3-UPDOWN: Interface up")

    assert (await ask(talk, "show clock"))[1] == b"12:00\n\n%LINK-3-UPDOWN: Interface up"


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_it_does_not_matter_how_an_answer_is_cut_into_packets(size: int) -> None:
    said = b"show run\nhostname r1\n!\nend\n\nr1#"
    talk, _ = channel(*(said[at : at + size] for at in range(0, len(said), size)))

    assert (await ask(talk, "show run"))[1] == b"hostname r1\n!\nend"


async def test_of_several_commands_the_last_one_is_answered() -> None:
    talk, wire = channel(b"terminal length 0\nr1#terminal width 512\nr1#")

    assert (await ask(talk, "terminal length 0", "terminal width 512"))[1] == b""
    assert wire.typed == b"terminal length 0\nterminal width 512\n"


async def test_an_answer_longer_than_the_search_depth_is_whole() -> None:
    lines = b"\n".join(b"line %d" % number for number in range(200))
    talk, _ = channel(b"show run\n" + lines, b"\nr1#")

    assert (await ask(talk, "show run"))[1] == lines


async def test_text_is_fed_once_the_device_is_ready() -> None:
    talk, wire = channel(b"load terminal\n[Type ^D", b" at a new line to end input]\n", b"load complete\nr1#")

    assert (await feed(talk, "load terminal", "[Type ^D at a new line to end input]", "a\nb"))[1] == b"load complete"
    assert wire.typed == b"load terminal\na\nb\n\x04"
