from __future__ import annotations

import asyncio
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from neops.concurrency import Cork

TURN = None
"""Between two writes: the loop turns."""


class Wire:
    """A transport that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.asked.append(data)

    def is_closing(self) -> bool:
        return "close" in self.asked or "abort" in self.asked

    def close(self) -> None:
        self.asked.append("close")

    def abort(self) -> None:
        self.asked.append("abort")

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


def corked(wire: Wire) -> Cork:
    return Cork(cast("asyncio.Transport", wire), asyncio.get_running_loop())


@given(st.lists(st.one_of(st.binary(max_size=3), st.none()), max_size=20))
def test_all_that_is_written_arrives_in_order_and_once_a_turn(steps: list[bytes | None]) -> None:
    wire = Wire()

    async def write() -> None:
        cork = corked(wire)
        for step in steps:
            if step is TURN:
                await asyncio.sleep(0)
            else:
                cork.write(step)
        await asyncio.sleep(0)

    asyncio.run(write())

    assert b"".join(part for part in wire.asked if isinstance(part, bytes)) == b"".join(step for step in steps if step)
    assert len(wire.asked) <= steps.count(TURN) + 1


async def test_who_closes_or_aborts_has_written_before() -> None:
    for end in ("close", "abort"):
        wire = Wire()
        cork = corked(wire)
        cork.write(b"good")
        cork.write(b"bye")
        getattr(cork, end)()
        await asyncio.sleep(0)

        assert wire.asked == [b"goodbye", end]


async def test_nothing_is_written_to_a_transport_that_closed_meanwhile() -> None:
    wire = Wire()
    cork = corked(wire)
    cork.write(b"late")
    wire.close()
    await asyncio.sleep(0)

    assert wire.asked == ["close"]


async def test_what_is_written_may_change_afterwards() -> None:
    wire, data = Wire(), bytearray(b"before")
    cork = corked(wire)
    cork.write(data)
    data[:] = b"behind"
    await asyncio.sleep(0)

    assert wire.asked == [b"before"]


async def test_the_rest_is_asked_of_the_transport() -> None:
    cork = corked(Wire())

    assert (cork.get_extra_info("socket"), cork.is_closing()) == ("the socket", False)
