"""Finds out what a device is: one login, and as few questions as the evidence needs."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from neops.concurrency import Deadline, deadline
from neops.devices.detection.evidence import (
    AUTODETECT,
    BANNER,
    GREETING,
    PROMPT,
    SSH,
    TEXT_KEPT,
    Detection,
    Evidence,
    Greeting,
    UnknownDevice,
)
from neops.devices.detection.scoring import judge, next_command
from neops.entities import Device, Platform, Secret
from neops.errors import DeviceError, OperationTimedOut, Unreachable

logger = logging.getLogger(__name__)

WITHIN_S: Final = 60.0
"""How long all of it may take, login included."""


Connect = Callable[[Device], UnknownDevice]
"""Gives a device as one that is unknown: `partial(context.connect, UnknownDevice)` in a block."""


async def detect(device: Device, connect: Connect, *, within_s: float = WITHIN_S) -> Detection:
    """Find out what a device is, whatever platform the inventory names for it.

    Logs in once, through the credentials, host keys and limits of any other login, and asks commands that only read
    until the evidence is enough. Nothing is written anywhere: the caller keeps `platform`. A device that breaks off or
    falls silent after the login is judged by what it said until then, and `problem` says so.

    Raises:
        ConnectFailed: there was no login.
        CapabilityMissing: the library for unknown devices is not installed.
    """
    seen: list[Evidence] = []
    problem: str | None = None
    limit = Deadline.after(within_s)
    with deadline(limit):
        try:
            await _ask(connect(_unknown(device)), seen)
        except DeviceError as error:
            if not seen and isinstance(error, OperationTimedOut) and limit.expired:
                raise Unreachable(device.name, f"no login within {within_s:g} s") from error
            if not seen:
                raise
            problem = f"not done within {within_s:g} s" if limit.expired else error.message
    detection = judge(device.name, seen, problem)
    logger.info(
        "a platform was looked for",
        extra={"device": device.name, "platform": detection.platform, "score": detection.score, "problem": problem},
    )
    return detection


async def _ask(shell: UnknownDevice, seen: list[Evidence]) -> None:
    greeting = await shell.get_greeting()
    seen += _said(greeting)
    while greeting.prompt and (command := next_command(seen)) is not None:
        answer = await shell.send_command(command)
        seen.append(Evidence(source=command, text=answer.output[:TEXT_KEPT]))


def _said(greeting: Greeting) -> list[Evidence]:
    texts = {SSH: greeting.ssh_version, BANNER: greeting.banner, GREETING: greeting.text, PROMPT: greeting.prompt}
    return [Evidence(source=source, text=text[:TEXT_KEPT]) for source, text in texts.items() if text.strip()]


def _unknown(device: Device) -> Device:
    """The device as one of which nobody says the platform."""
    options = device.connection_options
    return device.model_copy(
        update={
            "platform": Platform(short_name=AUTODETECT),
            "connection_options": _without_platforms(options) if options else None,
        }
    )


def _without_platforms(options: Secret) -> Secret:
    """Connection options without the platform that each plugin would take from them."""
    try:
        entries: Mapping[str, Any] = json.loads(options)
        kept = {name: {key: entry[key] for key in entry if key != "platform"} for name, entry in entries.items()}
    except (ValueError, AttributeError, TypeError):
        return options  # whoever reads it says what is wrong with it
    return Secret(json.dumps(kept))
