"""Jobs: asking for them, getting them, logging from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue, TypeAdapter, ValidationError, model_validator

from neops.entities import EntityType
from neops.protocol.blocks import Versionable
from neops.protocol.context import JobExecutionContext
from neops.protocol.message import EntityId, Int, JsonObject, Maybe, Message, Timestamp, dump_all
from neops.protocol.patterns import Label, SemverRefText
from neops.protocol.results import JobExecutionResult


class JobType(StrEnum):
    """Which method of the block a job calls."""

    ACQUIRE = "acquire"
    EXECUTE = "execute"
    ROLLBACK = "rollback"


class JobPoll(Message):
    """Body of `POST /blackboard/job`: work for exactly these block versions, please."""

    function_block_ids: list[Versionable]
    worker_id: str
    limit: Maybe[Annotated[Int, Field(ge=1)]] = None
    wait_seconds: Maybe[Annotated[float, Field(ge=0)]] = None
    """How long the answer may take when there is no work; a client that times out after 30 s asks for less."""


class JobDefinition(Message):
    """One job as a worker gets it.

    `entity_id` names the entity of kind `run_on` in `context`; it is None for `global` only (and for ACQUIRE).
    """

    function_block_id: str
    job_id: str
    step_label: Maybe[Label] = None
    parameters: JsonObject
    context: JobExecutionContext
    type: JobType
    run_on: EntityType
    entity_id: EntityId | None
    lease_token: Maybe[str] = None
    attempt: Maybe[Annotated[Int, Field(ge=1)]] = None
    deadline: Maybe[Timestamp] = None
    remaining_seconds: Maybe[float] = None
    """From the engine's answer to the deadline, so that the two clocks need not agree."""
    workflow_execution_id: Maybe[str] = None
    forward_result: Maybe[JobExecutionResult] = None

    @model_validator(mode="before")
    @classmethod
    def _missing_entity_id_is_null(cls, data: object) -> object:
        # Engines may leave a nullable key out.
        if isinstance(data, dict) and not data.keys() & {"entityId", "entity_id"}:
            return {**data, "entity_id": None}
        return data


class JobLog(Message):
    """Body of `POST /blackboard/job/log`: one line that a job wrote."""

    workflow_id: SemverRefText
    job_id: str
    function_block_id: SemverRefText
    log_entry: str
    log_level: str
    timestamp: Timestamp


class UndecodableJob(Message):
    """A job that was leased to us and cannot be understood: report it as failed, or it stays leased."""

    job_id: str | None
    lease_token: str | None
    problem: str


_ITEMS: TypeAdapter[list[JsonValue]] = TypeAdapter(list[JsonValue])
_JOBS: TypeAdapter[list[JobDefinition]] = TypeAdapter(list[JobDefinition])


def dump_jobs(jobs: Sequence[JobDefinition]) -> bytes:
    """The body of an answer to a poll, with the devices' credentials in it."""
    return dump_all(jobs, reveal_secrets=True)


def load_jobs(body: bytes) -> list[JobDefinition | UndecodableJob]:
    """The jobs of an answer to a poll. One that is malformed does not spoil the others.

    Raises:
        ValueError: the body is not a JSON array; there is no job to report.
    """
    if not body.strip():
        return []
    try:
        return [*_JOBS.validate_json(body)]
    except ValidationError:
        return [*_one_by_one(_ITEMS.validate_json(body))]


def _one_by_one(items: Sequence[JsonValue]) -> Iterator[JobDefinition | UndecodableJob]:
    for item in items:
        try:
            yield JobDefinition.model_validate(item)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            yield UndecodableJob(
                job_id=_text(item, "jobId"),
                lease_token=_text(item, "leaseToken"),
                problem=f"{place}: {first['msg']}",
            )


def _text(item: JsonValue, key: str) -> str | None:
    value = item.get(key) if isinstance(item, dict) else None
    return value if isinstance(value, str) else None
