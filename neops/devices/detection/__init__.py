"""Which platform an unknown device has: evidence, a score, and "not known" where it is not enough.

See docs/how-to/detect-platforms.md.
"""

from neops.devices.detection.asking import detect
from neops.devices.detection.evidence import (
    AUTODETECT,
    Candidate,
    Detection,
    Evidence,
    Greeting,
    GreetsAtLogin,
    UnknownDevice,
)
from neops.devices.detection.listening import guess
from neops.devices.detection.scoring import BELIEVED, judge, next_command

__all__ = [
    "AUTODETECT",
    "BELIEVED",
    "Candidate",
    "Detection",
    "Evidence",
    "Greeting",
    "GreetsAtLogin",
    "UnknownDevice",
    "detect",
    "guess",
    "judge",
    "next_command",
]
