"""A device's latency and faults around one request, the same for every protocol."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from neops.testing.simulator.device import DeviceState
from neops.testing.simulator.spec import FaultKind


class Dropped(Exception):
    """The connection is to be cut after this half of the answer."""

    def __init__(self, half: str) -> None:
        super().__init__("dropped")
        self.half = half


async def suffer(device: DeviceState, request: str, answer: Callable[[], str]) -> str | None:
    """The answer to a request after the device's latency, as its fault leaves it; None: there will be none.

    The request is carried out whatever happens to its answer.

    Raises:
        Dropped: cut the connection.
    """
    if device.latency_s:
        await asyncio.sleep(device.latency_s)
    text, takes_s = answer(), device.fault.takes_s if device.fault else 0.0
    if device.struck_by(FaultKind.SLOW, command=request):
        await asyncio.sleep(takes_s)
    if device.struck_by(FaultKind.HANG_ON_COMMAND, command=request):
        return None
    if device.struck_by(FaultKind.DROP, command=request):
        raise Dropped(_half(text))
    if device.struck_by(FaultKind.TRUNCATE, command=request):
        return _half(text)
    if device.struck_by(FaultKind.GARBLE, command=request):
        return _garbled(text, device.spec.name)
    return text


def _half(text: str) -> str:
    return text[: len(text) // 2]


def _garbled(text: str, seed: str) -> str:
    """The text with one byte in eight added; the same for the same device and text, so that a test repeats."""
    noise = random.Random(seed)  # noqa: S311 - test data
    data = bytearray(text.encode())
    for _ in range(len(data) // 8 + 1):
        data.insert(noise.randrange(len(data) + 1), noise.choice(_NOISE))
    return data.decode("utf-8", "surrogateescape")


_NOISE = bytes(range(0x80, 0x100))
