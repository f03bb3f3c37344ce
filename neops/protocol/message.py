"""What all messages have in common: names, strictness, and how they become bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, Strict
from pydantic.alias_generators import to_camel

from neops.entities import REVEAL

T = TypeVar("T")


def _is_absent(value: object) -> bool:
    return value is None


Int = Annotated[int, Strict()]
"""A number: `"7"` and `true` are refused, as by every peer of this contract."""

Count = Annotated[int, Strict(), Field(ge=0)]
EntityId = Annotated[int, Strict(), Field(ge=1)]
Bool = Annotated[bool, Strict()]
Timestamp = AwareDatetime
JsonObject = dict[str, JsonValue]

Maybe = Annotated[T | None, Field(exclude_if=_is_absent)]
"""A key that is left out when there is nothing to say: `Maybe[str] = None`.

A key that must be present but may be null is written `str | None`, without a default.
"""


class Message(BaseModel):
    """Base of all messages: snake_case attributes, camelCase keys, unknown keys ignored, immutable."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        serialize_by_alias=True,
        extra="ignore",
        frozen=True,
    )


def dump(message: Message) -> bytes:
    """The JSON bytes of one message, secrets masked."""
    return message.__pydantic_serializer__.to_json(message, by_alias=True)


def dump_all(messages: Sequence[Message], *, reveal_secrets: bool = False) -> bytes:
    """The JSON array of some messages.

    `reveal_secrets` writes the devices' credentials out: only for the jobs a worker is given.
    """
    body = b",".join(
        message.__pydantic_serializer__.to_json(message, by_alias=True, context=REVEAL if reveal_secrets else None)
        for message in messages
    )
    return b"[" + body + b"]"
