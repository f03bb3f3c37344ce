"""What a job or a step asks for before it runs: the entities it will work on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from neops.entities import EntityType
from neops.protocol.message import Bool, Maybe, Message


class _Acquire(Message):
    assert_not_empty: Maybe[Bool] = None
    entity: EntityType
    description: Maybe[str] = None


class AcquireByQuery(_Acquire):
    """Entities that a query of the CMS finds."""

    type: Literal["elastic"] = "elastic"
    query: str
    limit: Maybe[int | str] = None


class AcquireFromContext(_Acquire):
    """Entities of the context, narrowed by a JMESPath filter over each of them."""

    type: Literal["context"] = "context"
    filter: Maybe[str] = None


JobAcquire = Annotated[AcquireByQuery | AcquireFromContext, Field(discriminator="type")]
"""What an ACQUIRE job may answer; expansion and reference exist in workflow documents only."""
