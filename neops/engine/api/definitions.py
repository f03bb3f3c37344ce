"""Workflow definitions: looking them up, deleting and restoring them."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.responses import Response

from neops.engine.api.answers import answer, answer_all, empty, not_found
from neops.engine.api.messages import definition_message
from neops.engine.api.paths import decoded
from neops.engine.api.services import Parts
from neops.engine.store.records import DefinitionId
from neops.engine.workflows.versions import SemverRef, resolve
from neops.protocol import WorkflowDefinition

router = APIRouter(prefix="/workflow-definition", tags=["workflows"])


@router.get("", response_model=list[WorkflowDefinition])
async def find(parts: Parts, findDeleted: bool = False) -> Response:  # noqa: N803 - the name in the contract
    found = await parts.store.definitions.find(deleted=findDeleted)
    return answer_all([definition_message(definition) for definition in found])


@router.get("/find-by-semver/{semver}", response_model=WorkflowDefinition)
async def find_by_semver(semver: str, parts: Parts) -> Response:
    """The newest version that `package/name:major[.minor[.patch]]` covers."""
    wanted = SemverRef.parse(decoded(semver))
    known = {one.id: one for one in await parts.store.definitions.find(package=wanted.package, name=wanted.name)}
    id_ = resolve(wanted, known)
    if id_ is None:
        raise not_found(f"no workflow {decoded(semver)} is published")
    return answer(definition_message(known[DefinitionId(id_)]))


@router.get("/{id}", response_model=WorkflowDefinition)
async def get(id: str, parts: Parts, findDeleted: bool = False) -> Response:  # noqa: A002, N803
    found = await parts.store.definitions.get(DefinitionId(decoded(id)), deleted=findDeleted)
    if found is None:
        raise not_found(f"there is no workflow {decoded(id)}")
    return answer(definition_message(found))


@router.delete("/{id}")
async def delete(id: str, parts: Parts) -> Response:  # noqa: A002
    """Hide a version; runs of it go on, and its number is not given again."""
    if not await parts.store.definitions.delete(DefinitionId(decoded(id))):
        raise not_found(f"there is no workflow {decoded(id)}")
    return empty(HTTPStatus.OK)


@router.post("/{id}/restore")
async def restore(id: str, parts: Parts) -> Response:  # noqa: A002
    if not await parts.store.definitions.restore(DefinitionId(decoded(id))):
        raise not_found(f"there is no deleted workflow {decoded(id)}")
    return empty(HTTPStatus.OK)
