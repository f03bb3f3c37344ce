"""What a running job says while it runs, and what it leaves behind: additions of ours."""

from __future__ import annotations

import base64
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer

from neops.protocol.message import Count, Maybe, Message, Timestamp


class JobEventKind(StrEnum):
    """Whether a job wrote a log line or told how far it is."""

    LOG = "log"
    PROGRESS = "progress"


class JobEvent(Message):
    """One log line (`level`, `message`) or one progress report (`done`, `total` when known, `message`)."""

    job_id: str
    kind: JobEventKind
    timestamp: Timestamp
    lease_token: Maybe[str] = None
    level: Maybe[str] = None
    message: Maybe[str] = None
    done: Maybe[Count] = None
    total: Maybe[Count] = None


class JobEvents(Message):
    """Body of `POST /blackboard/job/events` (201): what the jobs of one worker said, in order.

    Only for an engine that announced the extension `jobLog`.
    """

    worker_id: str
    events: list[JobEvent] = Field(default_factory=list)


def _decoded(value: object) -> object:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


Base64 = Annotated[bytes, BeforeValidator(_decoded), PlainSerializer(_encoded, return_type=str, when_used="json")]
"""Bytes, base64 (RFC 4648 §4) in JSON."""


class JobArtifact(Message):
    """A file that a job left. `name` is a relative path with forward slashes, unique within the job."""

    name: str
    media_type: str
    content: Base64
