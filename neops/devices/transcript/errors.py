"""What can be wrong with a transcript, or with what is compared to it.

NeopsError
├── UsageError
│   └── TranscriptInvalid     the file is none, or a newer neops wrote it
├── DeviceError
│   └── TranscriptMismatch    a block asks something else than was recorded, or less
└── RecordedFailure           an error whose class is not neops' or Python's own, told by its name
"""

from __future__ import annotations

from neops.errors import DeviceError, NeopsError, UsageError


class TranscriptInvalid(UsageError):
    """A file is no transcript that this neops can read; the message names the file and the line."""


class TranscriptMismatch(DeviceError):
    """What a device is asked is not what was recorded of it, or not all of it.

    A block may cope with it as with any device that fails: who replays looks at `ReplayPlugin.mismatches`.
    """

    retryable = False


class RecordedFailure(NeopsError):
    """Something failed while it was recorded with an error that only its plugin knows; `type` is its class's name."""

    def __init__(self, type: str, message: str) -> None:  # noqa: A002  # what it is called
        super().__init__(f"{type}: {message}")
        self.type = type
