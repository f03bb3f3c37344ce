"""What a run or a job means for one device."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, JsonValue

from neops.entities.jsonable import to_json
from neops.errors import BlockFailed, ConnectFailed, NotStarted


class Outcome(StrEnum):
    """How it ended for a device. FAILED: the network is wrong. ERRORED: code broke or a device misbehaved."""

    OK = "ok"
    CHANGED = "changed"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"

    @property
    def good(self) -> bool:
        """Whether nobody has to look."""
        return self in (Outcome.OK, Outcome.CHANGED)


class DeviceOutcome(BaseModel):
    """One device's part in a job that works on many: how it ended, what to say about it, and what was read."""

    model_config = ConfigDict(frozen=True)

    status: Outcome
    message: str = ""
    data: JsonValue = None

    @classmethod
    def of(cls, answer: object) -> Self:
        """What a call for one device returned, or the exception that it raised.

        Raises:
            NotJson: the answer has no JSON form.
        """
        if isinstance(answer, cls):
            return answer
        if isinstance(answer, BaseException):
            return cls(status=_status(answer), message=str(answer) or type(answer).__name__)
        return cls(status=Outcome.OK, data=to_json(answer))


def _status(error: BaseException) -> Outcome:
    match error:
        case NotStarted():
            return Outcome.SKIPPED
        case ConnectFailed():
            return Outcome.UNREACHABLE
        case BlockFailed():
            return Outcome.FAILED
        case _:
            return Outcome.ERRORED
