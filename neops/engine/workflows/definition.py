"""The schema of a workflow document. Unknown keys are refused, so that a typo cannot pass as a wish."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, Strict
from pydantic.alias_generators import to_camel
from pydantic.json_schema import GenerateJsonSchema

from neops.entities import EntityType
from neops.protocol import JsonObject
from neops.protocol.patterns import Label, NamePart, SemverRefText

Bool = Annotated[bool, Strict()]
Int = Annotated[int, Strict()]
Seconds = Annotated[float, Strict(), Field(ge=0)]
Delay = Annotated[float, Strict(), Field(ge=0, le=600)]
Times = Annotated[int, Strict(), Field(ge=1, le=100)]
VersionNumber = Annotated[int, Strict(), Field(ge=0)]
Description = Annotated[str, Field(max_length=1000)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
BatchSize = Annotated[int, Strict(), Field(ge=1)] | Annotated[str, Field(pattern="^(100|[1-9][0-9]?)%$")]


class Node(BaseModel):
    """Base of every part of a document: camelCase keys only, nothing unknown, immutable."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, serialize_by_alias=True)


class JmesCondition(Node):
    """A JMESPath expression that must hold, with or without `{{ }}` around it."""

    type: Literal["jmes"]
    description: str | None = None
    jmes: str


class RetryConfiguration(Node):
    """How often a failed job is tried again. Delays are seconds."""

    condition: JmesCondition | None = None
    max_retries: Times
    delay: Delay | None = None
    backoff: Literal["exponential", "constant"] = "exponential"
    max_delay: Seconds = 60
    jitter: Bool = True


class RepeatConfiguration(Node):
    """How often a step is repeated while the condition holds; `delay` is seconds."""

    condition: JmesCondition | None = None
    repeats: Times | None = None
    delay: Delay | None = None


class Batches(Node):
    """Entities in growing groups, each finished before the next starts: a number of entities or `10%` of them.

    The last size is used again until all had their turn. `pause` is seconds between groups.
    """

    sizes: Annotated[list[BatchSize], Field(min_length=1)]
    pause: Seconds = 0
    stop_on_failure_percent: Annotated[float, Strict(), Field(ge=0, le=100)] = 0


class _Acquire(Node):
    assert_not_empty: Bool = False
    entity: EntityType
    description: str | None = None


class AcquireByQuery(_Acquire):
    """Entities that a query of the CMS finds, at most `limit` (a number or a template)."""

    type: Literal["elastic"]
    query: str
    limit: Annotated[int, Strict(), Field(ge=0)] | str | None = None


class AcquireByExpansion(_Acquire):
    """Entities related to the seed, or to what is in the context."""

    type: Literal["expansion"]
    expand_from_seed_entity: Bool


class AcquireFromContext(_Acquire):
    """Entities of the context for which the JMESPath `filter` holds; the entity is the filter's root."""

    type: Literal["context"]
    filter: str | None = None


class AcquireByReference(_Acquire):
    """Entities of another step's result."""

    type: Literal["reference"]
    label: Label


Acquire = Annotated[
    AcquireByQuery | AcquireByExpansion | AcquireFromContext | AcquireByReference, Field(discriminator="type")
]


class _StepFields(Node):
    label: Label
    description: Description | None = None
    condition: JmesCondition | None = None
    assert_: list[JmesCondition] | None = Field(default=None, alias="assert")
    acquire: list[Acquire] = Field(default_factory=list)
    run_on: EntityType | None = None
    parameters: JsonObject = Field(default_factory=dict)
    raw_parameters: JsonObject = Field(default_factory=dict)
    delay: Delay | None = None
    retry_config: RetryConfiguration | None = None
    repeat_config: RepeatConfiguration | None = None
    continue_on_error: Bool = False
    timeout: Annotated[float, Strict(), Field(gt=0)] | None = None
    """Seconds that a job of the step, or the whole run at the root, may take."""
    max_concurrency: Annotated[int, Strict(), Field(ge=1)] | None = None
    """How many jobs of the step, or of the run, are leased at once."""
    batches: Batches | None = None


class FunctionBlockStep(_StepFields):
    """Runs a function block, by default for each entity of the kind that the block runs on."""

    type: Literal["functionBlock"]
    function_block: SemverRefText


class WorkflowExecutionStrategy(Node):
    """`parallel`: the steps of this level run side by side."""

    parallel: Bool = False


class WorkflowConfig(Node):
    """How the steps of one level are run."""

    execution_strategy: WorkflowExecutionStrategy = Field(default_factory=WorkflowExecutionStrategy)


class WorkflowStep(_StepFields):
    """A group of steps."""

    type: Literal["workflow"]
    name: Name
    config: WorkflowConfig = Field(default_factory=WorkflowConfig)
    steps: Annotated[list[Step], Field(min_length=1)]


class WorkflowReferenceStep(_StepFields):
    """Another workflow: its steps in this run (`embed`), or a run of its own that is waited for (`dispatch`)."""

    type: Literal["workflowReference"]
    workflow: SemverRefText
    strategy: Literal["dispatch", "embed"]


Step = Annotated[FunctionBlockStep | WorkflowStep | WorkflowReferenceStep, Field(discriminator="type")]
WorkflowStep.model_rebuild()


class CrontabConfiguration(Node):
    """Six fields and an IANA time zone."""

    second: str
    minute: str
    hour: str
    day_of_month: str
    month: str
    day_of_week: str
    timezone: str


class CronConfiguration(Node):
    """Starts the workflow by the clock, on the entities that `query` finds.

    Without `concurrency` a tick is skipped while an earlier run of this entry is active.
    """

    condition: JmesCondition | None = None
    title: Name
    description: Annotated[str, Field(min_length=1, max_length=500)]
    query: str
    parameters: JsonObject = Field(default_factory=dict)
    crontab: CrontabConfiguration
    concurrency: Bool
    enabled: Bool


class RootWorkflow(_StepFields):
    """A workflow document. `id` is its exact version, `package/name:major.minor.patch`."""

    schema_: str | None = Field(default=None, alias="$schema")
    type: Literal["workflow"]
    package: NamePart
    name: Annotated[NamePart, Field(min_length=1, max_length=100)]
    major_version: VersionNumber
    minor_version: VersionNumber
    patch_version: VersionNumber
    seed_entity: EntityType
    hide_for_execution: Bool = False
    config: WorkflowConfig = Field(default_factory=WorkflowConfig)
    parameter_schema: JsonObject | None = None
    steps: Annotated[list[Step], Field(min_length=1)]
    cron: list[CronConfiguration] = Field(default_factory=list)

    @property
    def version(self) -> str:
        return f"{self.major_version}.{self.minor_version}.{self.patch_version}"

    @property
    def id(self) -> str:
        return f"{self.package}/{self.name}:{self.version}"

    def all_steps(self) -> Iterator[Step]:
        """Every step of every level, depth first, a group before its members."""
        yield from _all_steps(self.steps)

    def document(self) -> JsonObject:
        """The document in canonical form: defaults spelled out, nothing null."""
        return self.model_dump(mode="json", exclude_none=True)


def _all_steps(steps: list[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        if isinstance(step, WorkflowStep):
            yield from _all_steps(step.steps)


class _WithoutTitles(GenerateJsonSchema):
    """Titles would only say the keys' names again."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - the base class's signature
        return False


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 7) of a workflow document, for editors and for `GET /schema`."""
    schema = RootWorkflow.model_json_schema(ref_template="#/definitions/{model}", schema_generator=_WithoutTitles)
    definitions: JsonValue = schema.pop("$defs")
    return {"$schema": "http://json-schema.org/draft-07/schema#", **schema, "definitions": definitions}
