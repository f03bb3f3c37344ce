"""What became of one call of a block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from neops.blocks.artifacts import Artifact
from neops.blocks.models import AcquireClause
from neops.entities import EntityUpdate


@dataclass(frozen=True, kw_only=True)
class BlockError:
    """What was raised. `traceback` is there when code broke, None when the message says it all.

    `retryable=False` means that doing the same again gives the same; None leaves it to the step.
    """

    type: str
    message: str
    traceback: str | None = None
    retryable: bool | None = None


@dataclass(frozen=True, kw_only=True)
class BlockOutcome:
    """A finished job, all of it JSON-safe.

    Not successful without an `error` is a *failure*: the block says that the network is wrong. With an `error` the
    code broke, or a device did not do what was asked. `updates` are there after a successful EXECUTE only; artifacts
    are kept in any case. `duration_s` is seconds.
    """

    success: bool
    message: str | None = None
    data: dict[str, JsonValue] | None = None
    retryable: bool | None = None
    error: BlockError | None = None
    updates: tuple[EntityUpdate, ...] = ()
    acquires: tuple[AcquireClause, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    duration_s: float = 0.0

    @property
    def status(self) -> Literal["success", "failed"]:
        """The job's status as it travels to the engine."""
        return "success" if self.success else "failed"
