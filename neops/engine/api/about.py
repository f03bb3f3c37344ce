"""The engine about itself: greeting, health, version, schema, caller, licence."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import JSONResponse, Response

from neops.engine.api.answers import answer
from neops.engine.api.services import Parts
from neops.engine.workflows.definition import RootWorkflow
from neops.protocol import (
    AuthzMode,
    EngineVersion,
    Extension,
    Health,
    License,
    LicenseFeatures,
    LicenseLimits,
    Me,
    VersionCompatibility,
    VersionCompatibilityRequest,
)

router = APIRouter(tags=["engine"])

EXTENSIONS = tuple(Extension)
"""What this engine knows beyond the published contract: all of it."""

_UNLIMITED = "unlimited"


@router.get("/")
async def greet() -> str:
    return "This is the neops engine. Its interface is described at /docs."


@router.get("/health", response_model=Health)
async def health(parts: Parts) -> Response:
    """Healthy is an engine whose store answers, and that could keep what was last to be kept."""
    if trouble := parts.store.trouble or parts.files.trouble:
        raise trouble
    await parts.store.read(lambda connection: connection.scalar(select(1)))
    return answer(Health(healthy=True))


@router.get("/version", response_model=EngineVersion)
async def version(parts: Parts) -> Response:
    return answer(EngineVersion(version=parts.version))


@router.post("/version/compatibility", status_code=HTTPStatus.CREATED, response_model=VersionCompatibility)
async def compatibility(asked: VersionCompatibilityRequest, parts: Parts) -> Response:
    """Every client of the contract is welcome: what it does not know is not sent to it."""
    return answer(
        VersionCompatibility(
            compatible=True,
            deprecated=False,
            version=parts.version,
            checked_library=asked.library,
            checked_version=asked.version,
            extensions=list(EXTENSIONS),
        ),
        HTTPStatus.CREATED,
    )


@router.get("/schema")
async def schema() -> JSONResponse:
    """The JSON Schema of workflow documents, for editors."""
    return JSONResponse(RootWorkflow.model_json_schema())


@router.get("/me", response_model=Me)
async def me() -> Response:
    return answer(Me(mode=AuthzMode.DISABLED, anonymous=True))


@router.get("/license", response_model=License)
async def license_() -> Response:
    """Nothing is limited; the route exists because clients ask."""
    return answer(
        License(
            flavor="enterprise",
            display_name="neops (Apache-2.0)",
            production_use=True,
            branding_badge=None,
            limits=LicenseLimits(
                max_workflow_definitions=_UNLIMITED,
                max_lifetime_executions=_UNLIMITED,
                max_executions_per_24h=_UNLIMITED,
                max_concurrent_executions=_UNLIMITED,
                max_workers=_UNLIMITED,
                max_function_blocks=_UNLIMITED,
            ),
            usage={},
            quotas=[],
            features=LicenseFeatures(scheduling=True, bulk_import_export=True),
            counting_rules={},
        )
    )
