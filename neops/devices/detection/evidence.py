"""What was seen of an unknown device, and what it says: values, JSON through `model_dump(mode="json")`."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final, Protocol, runtime_checkable

from neops.devices.capabilities import RunsCommands
from neops.devices.results import DeviceResult

AUTODETECT: Final = "autodetect"
"""Name of the platform that is none: a plugin that serves it takes whatever shell a device shows. netmiko's word."""

SSH: Final = "ssh version"
BANNER: Final = "banner"
GREETING: Final = "greeting"
PROMPT: Final = "prompt"
"""Sources of evidence besides commands, whose source is the command."""

TEXT_KEPT: Final = 8_000
"""Characters of one answer that count and are kept: systems name themselves at the top."""


class Evidence(DeviceResult):
    """One thing that was seen: `source` is `ssh version`, `banner`, `greeting`, `prompt`, or the command."""

    source: str
    text: str


class Candidate(DeviceResult):
    """A platform, how likely it is (0 to 1), and for each source the line that speaks for it."""

    platform: str
    score: float
    reasons: tuple[str, ...]


class Detection(DeviceResult):
    """What a device seems to be. `platform` is netmiko's device type, None when the evidence is not enough.

    `candidates` are there in either case, the most likely first. `problem` says what cut the questions short.
    """

    device: str
    platform: str | None
    candidates: tuple[Candidate, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    problem: str | None = None

    @property
    def score(self) -> float:
        """Of the first candidate; 0.0 when nothing speaks for any platform."""
        return self.candidates[0].score if self.candidates else 0.0


class Greeting(DeviceResult):
    """What a device says by itself: `ssh_version` and `banner` before the login, the others after it.

    `text` ends before the prompt. `prompt` is empty when the device shows none that a command can be typed at: it asks
    a question, or says nothing.
    """

    ssh_version: str = ""
    banner: str = ""
    text: str = ""
    prompt: str = ""


@runtime_checkable
class GreetsAtLogin(Protocol):
    """Tells what the device said at the login, whatever it is."""

    def get_greeting(self) -> Awaitable[Greeting]:
        """What the device said until it waits for a command; sends returns where it needs them, nothing else."""
        ...


class UnknownDevice(GreetsAtLogin, RunsCommands, Protocol):
    """What detection asks of a session."""
