"""The lines of a transcript. What may change and what not: docs/reference/transcripts.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

FORMAT: Final = 1
"""Of the files that are written. A reader of this format ignores fields that it does not know."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Header(_Part):
    """The first line: who wrote it, and when offsets count from. `about` is free: what was recorded."""

    kind: Literal["transcript"] = "transcript"
    format: int = FORMAT
    neops: str
    recorded_at: AwareDatetime
    about: Mapping[str, str] = {}


class DeviceLine(_Part):
    """Stands before the first line of a device and plugin: what the plugin can do there."""

    kind: Literal["device"] = "device"
    device: str
    platform: str | None
    plugin: str
    capabilities: tuple[str, ...]


class Failure(_Part):
    """An error: its class, what it says, and its attributes."""

    type: str
    message: str
    attributes: Mapping[str, JsonValue] = {}


class _Event(_Part):
    """`at_s` is when it began, in seconds from `recorded_at`; `took_s` how long it took. `job` is who asked."""

    device: str
    plugin: str
    job: str | None = None
    at_s: float
    took_s: float
    error: Failure | None = None


class LoginLine(_Event):
    """A login as it ended, whatever credentials were tried."""

    kind: Literal["login"] = "login"


class Exchange(_Part):
    """What was typed and what came back: `command` and the answer, or a command that then took `text`.

    `output` is None when no answer came.
    """

    command: str
    ready: str | None = None
    text: str | None = None
    output: str | None = None
    took_s: float = 0.0
    error: Failure | None = None


class CallLine(_Event):
    """One method of a capability, or one step of a change, with its answer.

    `arguments` are those that were given, by name, defaults left out. `exchanges` are the commands below, where the
    session types commands; `rerun` says that the method is neops' own code over them. `candidate` is the name of the
    change that a step belongs to.
    """

    kind: Literal["call"] = "call"
    method: str
    arguments: Mapping[str, JsonValue] = {}
    candidate: str | None = None
    result: JsonValue = None
    exchanges: tuple[Exchange, ...] = ()
    rerun: bool = False


Line = Annotated[DeviceLine | LoginLine | CallLine, Field(discriminator="kind")]

LINES: TypeAdapter[DeviceLine | LoginLine | CallLine] = TypeAdapter(Line)
