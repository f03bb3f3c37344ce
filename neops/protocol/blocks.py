"""Function blocks as the engine knows them: names, versions and schemas."""

from __future__ import annotations

from enum import StrEnum

from neops.protocol.message import Bool, Count, JsonObject, Maybe, Message, Timestamp
from neops.protocol.patterns import NamePart
from neops.protocol.workers import WorkerRegistration


class FunctionBlockType(StrEnum):
    """What a block is for."""

    CONFIGURE = "configure"
    FACTS = "facts"
    CHECK = "check"
    EXECUTE = "execute"
    NONE = "none"


class Versionable(Message):
    """One exact version of something that has a package and a name."""

    package: NamePart
    name: NamePart
    major_version: Count
    minor_version: Count
    patch_version: Count

    @property
    def id(self) -> str:
        """`package/name:major.minor.patch`, the form jobs refer to blocks by."""
        return f"{self.package}/{self.name}:{self.version}"

    @property
    def version(self) -> str:
        """`major.minor.patch`."""
        return f"{self.major_version}.{self.minor_version}.{self.patch_version}"


class RegisterFunctionBlock(Versionable):
    """Body of `POST /function-blocks/register`: 201 with an empty body, 409 when known already."""

    worker_id: Maybe[str] = None
    description: str
    run_on: Maybe[str] = None
    fb_type: FunctionBlockType
    markdown_help_text: str = ""
    deprecated: Bool = False
    parameter_json_schema: JsonObject
    result_data_json_schema: JsonObject
    is_idempotent: Bool = False
    is_pure: Bool = False
    reversible: Bool = False
    own_acquire: Maybe[Bool] = None
    """Whether the block has an acquire of its own; absent means that it may have one."""


class FunctionBlock(Message):
    """Answer to `GET /function-blocks/{pkg}/{name}/{version}`."""

    id: str
    package: str
    name: str
    major_version: Count
    minor_version: Count
    patch_version: Count
    run_on: str
    fb_type: FunctionBlockType
    description: str
    markdown_help_text: str
    deprecated: Bool
    parameter_json_schema: JsonObject
    result_data_json_schema: JsonObject
    is_idempotent: Bool
    is_pure: Bool
    reversible: Bool
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None


class FunctionBlockRegistration(Message):
    """Answer to `GET /function-blocks/registrations/…`: a block and, when asked for, who offers it."""

    function_block: FunctionBlock
    workers: Maybe[list[WorkerRegistration]] = None
    created_at: Timestamp
    updated_at: Timestamp
