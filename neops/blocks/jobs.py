"""One call of a block: what the worker hands to `execute_block`."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from pydantic import JsonValue

from neops.concurrency import Deadline
from neops.entities import TEMPORARY_ID_MAX, TEMPORARY_ID_MIN, Device, DeviceGroup, EntityType, Interface

if TYPE_CHECKING:
    from neops.blocks.block import BlockClass
    from neops.devices import Connector


class JobKind(StrEnum):
    """Which method of the block a job calls."""

    ACQUIRE = "acquire"
    EXECUTE = "execute"
    ROLLBACK = "rollback"


@dataclass(frozen=True, kw_only=True)
class JobInfo:
    """Who is running, for logs and for authors: `context.job`.

    `attempt` counts from 1. `step` is the step's label in the workflow, `workflow_execution_id` the run's id; both
    are None where the engine does not say. `deadline.remaining()` is the time left in seconds.
    """

    id: str
    attempt: int = 1
    step: str | None = None
    workflow_execution_id: str | None = None
    deadline: Deadline = Deadline.never


@dataclass(frozen=True, kw_only=True)
class BlockJob:
    """One job, decoded. `entity_id` names the entity at hand among the entities of kind `run_on`.

    `forward_result` is what the forward job answered (`success`, `message`, `data`); ROLLBACK only, and only where
    the engine sends it.
    """

    info: JobInfo
    block: BlockClass
    kind: JobKind = JobKind.EXECUTE
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    run_on: EntityType = EntityType.GLOBAL
    entity_id: int | None = None
    devices: Sequence[Device] = ()
    device_groups: Sequence[DeviceGroup] = ()
    interfaces: Sequence[Interface] = ()
    forward_result: Mapping[str, JsonValue] | None = None


class ProgressSink(Protocol):
    """Takes progress of a job; called from the job's loop or from any of its threads, must not block."""

    def __call__(self, done: int, total: int | None, message: str | None) -> None: ...


def no_progress(done: int, total: int | None, message: str | None) -> None:
    """Show nobody."""


def temporary_ids(job_id: str) -> Iterator[int]:
    """Ids for the entities that a job creates: the same at every run of one job, other ones in another job."""
    span = TEMPORARY_ID_MAX - TEMPORARY_ID_MIN + 1
    start = int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:8])
    return (TEMPORARY_ID_MIN + (start + step) % span for step in itertools.count())


@dataclass(frozen=True, kw_only=True)
class JobPorts:
    """What a job reaches of the outside world.

    `blocking_threshold_s` is how long the job's loop may be blocked before the line that blocks it is reported; 0
    switches that off.
    """

    connector: Connector
    progress: ProgressSink = no_progress
    blocking_threshold_s: float = 0.5
