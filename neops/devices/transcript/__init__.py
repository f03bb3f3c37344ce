"""What was asked of devices and what they answered, kept in a file and told again without a device."""

from neops.devices.transcript.calls import written
from neops.devices.transcript.errors import RecordedFailure, TranscriptInvalid, TranscriptMismatch
from neops.devices.transcript.files import SUFFIX, Transcript, TranscriptWriter
from neops.devices.transcript.lines import FORMAT, CallLine, DeviceLine, Exchange, Failure, Header, LoginLine
from neops.devices.transcript.recorder import Recorder
from neops.devices.transcript.replay import Level, ReplayPlugin, ReplaySession
from neops.devices.transcript.runtime import ReplayRuntime
from neops.devices.transcript.script import Order

__all__ = [
    "FORMAT",
    "SUFFIX",
    "CallLine",
    "DeviceLine",
    "Exchange",
    "Failure",
    "Header",
    "Level",
    "LoginLine",
    "Order",
    "RecordedFailure",
    "Recorder",
    "ReplayPlugin",
    "ReplayRuntime",
    "ReplaySession",
    "Transcript",
    "TranscriptInvalid",
    "TranscriptMismatch",
    "TranscriptWriter",
    "written",
]
