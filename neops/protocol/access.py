"""Who the caller is, what the edition allows, and how a request is refused."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from neops.protocol.message import Bool, Count, Int, Maybe, Message


class ErrorBody(Message):
    """Body of any error answer that has no richer one."""

    status_code: Int
    message: str
    error: Maybe[str] = None


class AuthzMode(StrEnum):
    """Whether permissions are checked."""

    ENFORCE = "enforce"
    PERMISSIVE = "permissive"
    DISABLED = "disabled"


class AuthzDenyReason(StrEnum):
    """Why a request was refused."""

    PERMISSION_DENIED = "PERMISSION_DENIED"
    AUTHZ_NOT_ENFORCED = "AUTHZ_NOT_ENFORCED"


class AuthzError(Message):
    """403: the caller may not."""

    status_code: Literal[403] = 403
    code: AuthzDenyReason
    required_permission: Maybe[str] = None
    message: str


class Me(Message):
    """Answer to `GET /me`; without authorization it is only `anonymous` and `mode`."""

    mode: AuthzMode
    sub: Maybe[str] = None
    username: Maybe[str] = None
    roles: Maybe[list[str]] = None
    permissions: Maybe[list[str]] = None
    authz_enforced: Maybe[Bool] = Field(default=None, alias="authz_enforced")
    anonymous: Maybe[Bool] = None


LicenseFlavor = Literal["enterprise", "developer-preview"]
LicenseQuotaName = Literal[
    "workflowDefinitions",
    "lifetimeExecutions",
    "executionsPer24h",
    "concurrentExecutions",
    "workers",
    "functionBlocks",
]
Limit = Int | str
"""A number, or the word `unlimited`."""


class LicenseLimits(Message):
    """How many of each there may be."""

    max_workflow_definitions: Limit
    max_lifetime_executions: Limit
    max_executions_per_24h: Limit = Field(alias="maxExecutionsPer24h")
    max_concurrent_executions: Limit
    max_workers: Limit
    max_function_blocks: Limit


class LicenseFeatures(Message):
    """What may be used."""

    scheduling: Bool
    bulk_import_export: Bool


class QuotaReport(Message):
    """One limit and how far it is used up."""

    name: LicenseQuotaName
    label: str
    limit: Limit
    usage: Count | None
    remaining: Limit | None
    counting_rule: str | None
    hint: str
    refusal_status: Literal[403, 429]


class License(Message):
    """Answer to `GET /license`."""

    flavor: LicenseFlavor
    display_name: str
    production_use: Bool
    branding_badge: str | None
    limits: LicenseLimits
    usage: dict[str, Int]
    quotas: list[QuotaReport]
    features: LicenseFeatures
    counting_rules: dict[str, str]


class LicenseLimit(Message):
    """The limit that was hit."""

    name: LicenseQuotaName
    label: str
    max: Int
    current: Int
    counting_rule: Maybe[str] = None


class LicenseLimitExceeded(Message):
    """403, or 429 when waiting clears it."""

    status_code: Literal[403, 429]
    error: Literal["LicenseLimitExceeded"] = "LicenseLimitExceeded"
    message: str
    limit: LicenseLimit
    hint: str
    edition: LicenseFlavor
    retry_after_seconds: Maybe[Int] = None
