"""What a device says to anybody who connects, without a login."""

from __future__ import annotations

import asyncio
from typing import Final

from neops.devices.detection.evidence import BANNER, SSH, TEXT_KEPT, Detection, Evidence
from neops.devices.detection.scoring import judge
from neops.devices.failures import not_reached
from neops.errors import Unreachable

WITHIN_S: Final = 5.0


async def guess(device: str, host: str, port: int = 22, *, within_s: float = WITHIN_S) -> Detection:
    """Guess what a device is from the first bytes it sends; nothing is sent, nobody logs in.

    The connection is made from here: jump hosts and plugins have no part in it. Few systems give themselves away so
    early, so the candidates are often all that there is.

    Raises:
        Unreachable: nothing answers, or only with silence.
    """
    where = f"{host}:{port}"
    try:
        async with asyncio.timeout(within_s):
            said = await _first_words(host, port)
    except TimeoutError:
        raise Unreachable(device, f"{where}: said nothing within {within_s:g} s") from None
    except OSError as error:
        raise Unreachable(device, f"{where}: {not_reached(error)}") from error
    if not said:
        raise Unreachable(device, f"{where}: closed the connection without a word")
    return judge(device, said)


async def _first_words(host: str, port: int) -> list[Evidence]:
    """The SSH version, and what stands before it (RFC 4253 §4.2 lets servers send other lines first)."""
    reader, writer = await asyncio.open_connection(host, port, limit=TEXT_KEPT)
    before: list[str] = []
    size = 0
    try:
        while (line := await reader.readline()) and size < TEXT_KEPT:
            text = line.decode(errors="replace").strip()
            if text.startswith("SSH-"):
                return [Evidence(source=SSH, text=text), *_banner(before)]
            before.append(text)
            size += len(line)
    except ValueError:  # no line break in what may be kept
        pass
    finally:
        writer.close()
    return _banner(before)


def _banner(lines: list[str]) -> list[Evidence]:
    text = "\n".join(lines).strip()
    return [Evidence(source=BANNER, text=text)] if text else []
