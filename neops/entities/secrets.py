"""A password that every library can use and no output shows."""

from __future__ import annotations

from typing import Any, Self

from pydantic import GetCoreSchemaHandler, SerializationInfo
from pydantic_core import CoreSchema, core_schema

MASK = "********"

REVEAL = {"reveal_secrets": True}
"""Serialization context under which secrets are written out: `device.model_dump_json(context=REVEAL)`.

Only the wire between engine and worker and the CMS's own store use it.
"""


class Secret(str):
    """A string whose repr, str and format are masked, and its form in the JSON of a model.

    It is a `str`, so SSH libraries take it as it is: encoding, comparing, slicing and concatenating work on the real
    text, and so do `json.dumps` and `yaml.dump`. A library that *formats* its password (`f"{password}"`) gets the mask:
    give it `secret.reveal()`.
    """

    __slots__ = ()

    def __new__(cls, text: str = "") -> Self:
        return super().__new__(cls, str.__str__(text))  # str(secret) would be the mask

    def reveal(self) -> str:
        """The plain text, as an ordinary `str`."""
        return str.__str__(self)

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self.reveal(),)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(
                _serialize, info_arg=True, return_schema=core_schema.str_schema()
            ),
        )


def _serialize(secret: str, info: SerializationInfo) -> str:
    context = info.context
    revealed = isinstance(context, dict) and bool(context.get("reveal_secrets"))
    return str.__str__(secret) if revealed else MASK
