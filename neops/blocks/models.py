"""What goes into a function block and what comes out of it."""

from __future__ import annotations

from typing import Annotated, Generic, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SerializeAsAny
from pydantic.alias_generators import to_camel
from typing_extensions import TypeVar

from neops.entities import EntityType


class FunctionBlockParams(BaseModel):
    """Base of a block's parameters. A key it does not declare is ignored, with a warning in the job's log."""

    model_config = ConfigDict(extra="ignore")

    _unresolved: tuple[str, ...] = PrivateAttr(default=())

    @property
    def unresolved(self) -> tuple[str, ...]:
        """Names of the parameters that are not known yet; only at ACQUIRE, where those attributes are None."""
        return self._unresolved


class FunctionBlockResultData(BaseModel):
    """Base of a block's result data: later steps read it under the step's label. Keys not declared are refused."""

    model_config = ConfigDict(extra="forbid")


D = TypeVar("D", bound=FunctionBlockResultData, default=FunctionBlockResultData)


class FunctionBlockResult(BaseModel, Generic[D]):
    """What `run` gives back.

    `success=False` is a *failure*: the network is not as it should be. Code that cannot go on raises instead.
    `retryable` is a hint to the engine: False says that trying again gives the same, None leaves it to the step.
    """

    model_config = ConfigDict(extra="forbid")

    success: bool
    message: str | None = None
    data: SerializeAsAny[D] | None = None
    retryable: bool | None = None


class _AcquireClause(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    entity: EntityType
    description: str | None = None
    assert_not_empty: bool | None = None


class AcquireByQuery(_AcquireClause):
    """Entities that a query string finds in the CMS; `limit` bounds how many."""

    type: Literal["elastic"] = "elastic"
    query: str
    limit: int | str | None = None


class AcquireFromContext(_AcquireClause):
    """Entities of the job's context, narrowed by a JMESPath `filter` over each of them."""

    type: Literal["context"] = "context"
    filter: str | None = None


AcquireClause = Annotated[AcquireByQuery | AcquireFromContext, Field(discriminator="type")]


class FunctionBlockAcquireResult(BaseModel):
    """What `acquire` gives back: the entities that the block needs besides the one at hand."""

    model_config = ConfigDict(extra="forbid")

    success: bool = True
    message: str | None = None
    acquires: list[AcquireClause] = Field(default_factory=list)


class FunctionBlockRollbackResult(BaseModel):
    """What `rollback` gives back."""

    model_config = ConfigDict(extra="forbid")

    success: bool
    message: str | None = None
